import type { Inspection, PeerId } from '@onehop/overlay'
import { encodeBase58 } from '@onehop/primitives'
import { INSPECTED_ENTRIES } from './limits.ts'
import type { FastTrackMachine } from './machine.ts'

/** A plain snapshot: JSON values only. */
export function inspect(machine: FastTrackMachine): Inspection {
  const { state, children, links, session, registrar } = machine
  const { cache } = state
  const { parent } = session
  return {
    protocol: 'fasttrack/1',
    phase: state.phase,
    role: state.role,
    settled: machine.isSettled,
    ...(parent === undefined ? {} : { supernode: idText(state.environment.idOf(parent)) }),
    childCount: children.size,
    children: children
      .all()
      .slice(0, INSPECTED_ENTRIES)
      .map(child => ({
        peerId: idText(child.entry.id),
        level: children.levelOf(child),
        capacity: child.capacity,
        silentMs: Math.floor(state.now() - child.heardMs),
      })),
    neighbours: links.all().map(({ peer }) => {
      const rttMs = state.requests.roundTripMs(peer)
      return {
        peerId: idText(state.environment.idOf(peer)),
        children: cache.childrenOf(peer),
        ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs * 10) / 10 }),
      }
    }),
    knownSupernodes: cache.supernodeCount,
    hostCache: cache.listed(INSPECTED_ENTRIES).map(({ peer, isSupernode, children: workload, ageMs }) => ({
      peerId: idText(peer.id),
      isSupernode,
      children: workload,
      ageMs,
    })),
    publications: state.own.size,
    unregistered: registrar.size,
    load: children.index.size,
    memoryBytes: memoryBytes(machine),
  }
}

/** Of a child's row: capacity and two times; its entry is counted beside. */
const CHILD_BYTES = 20
/** Of a neighbour's row: way, handle, time, tokens. */
const LINK_BYTES = 24
/** Of a query that is remembered: id, way, pointers left. */
const QUERY_BYTES = 14
/** Of a child's entry: an id of 38 bytes, and an address. */
const ENTRY_BYTES = 56

function memoryBytes({ state, children, links, flooding }: FastTrackMachine): number {
  return (
    state.cache.byteLength +
    children.index.byteLength +
    children.size * (CHILD_BYTES + ENTRY_BYTES) +
    links.size * LINK_BYTES +
    flooding.queryCount * QUERY_BYTES
  )
}

/** The id as libp2p writes it: Base58 of its multihash. */
function idText(id: PeerId): string {
  return encodeBase58(id)
}
