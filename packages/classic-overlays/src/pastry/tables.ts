import {
  MAX_CHILDREN,
  MAX_DEFERRED_LOOKUPS,
  MAX_DEPARTED,
  MAX_GROUPS,
  MAX_PENDING_PROBES,
  MAX_PENDING_REQUESTS,
  MAX_POINTERS,
  MAX_PUBLICATIONS,
} from './limits.ts'
import type { PastryMachine } from './machine.ts'

/** One of a machine's tables, with what it may hold at most. */
export interface PastryTable {
  readonly name: string
  readonly size: number
  readonly limit: number
}

/** Everything of a machine that grows with what peers send. */
export function pastryTables(machine: PastryMachine): readonly PastryTable[] {
  const { state, store, scribe } = machine
  const { leafSetSize, neighbourhoodSize } = state.options
  const mostContacts = leafSetSize + neighbourhoodSize + state.table.capacity
  return [
    { name: 'leaf set', size: state.leafSet.members.length, limit: leafSetSize },
    { name: 'routing table', size: state.table.size, limit: state.table.capacity },
    { name: 'neighbourhood', size: state.neighbourhood.members.length, limit: neighbourhoodSize },
    { name: 'contacts', size: state.contactCount, limit: mostContacts },
    { name: 'departed', size: state.departed.size, limit: MAX_DEPARTED },
    { name: 'pointers', size: store.pointers.size, limit: MAX_POINTERS },
    { name: 'deferred lookups', size: store.deferredLookups, limit: MAX_DEFERRED_LOOKUPS },
    { name: 'publications', size: machine.publicationCount, limit: MAX_PUBLICATIONS },
    { name: 'probes', size: machine.pendingProbes, limit: MAX_PENDING_PROBES },
    { name: 'requests', size: machine.pendingRequests, limit: 2 * MAX_PENDING_REQUESTS },
    { name: 'groups', size: scribe.groups.size, limit: MAX_GROUPS },
    { name: 'children', size: scribe.groups.childLinks, limit: MAX_CHILDREN },
  ]
}
