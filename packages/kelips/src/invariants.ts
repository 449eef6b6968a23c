import { assert } from '@onehop/primitives'
import {
  KIN_CONTACTS_PER_BUCKET,
  MAX_DEPARTED,
  MAX_PENDING_REQUESTS,
  MAX_POINTERS,
  MAX_PUBLICATIONS,
  MAX_VIEW_MEMBERS,
} from './limits.ts'
import type { KelipsMachine } from './machine.ts'

/** A table, how full it is, and how full it may be. */
export interface KelipsTable {
  readonly name: string
  readonly size: number
  readonly limit: number
}

/** All tables that peers can make grow. */
export function kelipsTables(machine: KelipsMachine): readonly KelipsTable[] {
  const { state } = machine
  const { roster, filetuples, options } = state
  const contacts = roster.foreignGroups().map(group => roster.inGroup(group).length)
  const contactLimit = Math.max(options.contactsPerGroup, KIN_CONTACTS_PER_BUCKET)
  return [
    { name: 'view', size: roster.view().length, limit: MAX_VIEW_MEMBERS },
    { name: 'contacts of one group', size: Math.max(0, ...contacts), limit: contactLimit },
    { name: 'filetuples', size: filetuples.size, limit: MAX_POINTERS },
    { name: 'departed peers', size: [...roster.departedPeers()].length, limit: MAX_DEPARTED },
    { name: 'requests', size: machine.pendingRequests, limit: MAX_PENDING_REQUESTS },
    { name: 'publications', size: machine.publicationCount, limit: MAX_PUBLICATIONS },
  ]
}

/** What must hold between any two events. @throws {AssertionError} */
export function assertKelipsInvariants(machine: KelipsMachine): void {
  for (const { name, size, limit } of kelipsTables(machine))
    assert(size <= limit, `${name}: ${size} of ${limit}`)
  const { roster, environment, partition } = machine.state
  assert(!roster.has(environment.self), 'a node is in its own view')
  for (const peer of roster.peers()) {
    const group = roster.groupOf(peer)
    assert(group >= 0 && group < partition.buckets, 'a member is in no group')
    assert(roster.inGroup(group).includes(peer), 'a member is missing in its group')
    assert(roster.recordOf(peer)?.left === false, 'a member has left')
    assert(roster.departedRecord(peer) === undefined, 'a member is both there and gone')
  }
}
