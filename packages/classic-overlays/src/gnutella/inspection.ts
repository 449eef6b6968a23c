import type { Inspection } from '@onehop/overlay'
import { encodeBase58 } from '@onehop/primitives'
import type { GnutellaState, Phase } from './state.ts'

/** A neighbour as people read it: its id as libp2p writes it, times in ms. */
export interface InspectedNeighbour {
  readonly peerId: string
  readonly rttMs?: number
  readonly linkedMs: number
  /** Neighbours that it could do without. */
  readonly spare: number
  readonly missedPings: number
}

/** A servent's tables. */
export interface GnutellaInspection extends Inspection {
  readonly protocol: 'gnutella/1'
  readonly role: 'servent'
  readonly phase: Phase
  /** In the network, and with as many neighbours as it seeks, or as there are. */
  readonly settled: boolean
  readonly degree: number
  readonly neighbours: readonly InspectedNeighbour[]
  /** How many others it could connect to. */
  readonly hosts: number
  readonly publications: number
  /** Descriptors seen lately, with the way back of their answers. */
  readonly routes: number
  /** Servents to which a Push would find. */
  readonly serventRoutes: number
  /** Others' pointers that are held: the query-hit cache. */
  readonly load: number
  /** Bytes of memory that the tables take. */
  readonly memoryBytes: number
}

/** What a row for a neighbour takes beside its entry: a handle, a link, times, four buckets of three numbers. */
const NEIGHBOUR_ROW_BYTES = 136

/** A plain snapshot: JSON values only. */
export function inspect(state: GnutellaState, settled: boolean): GnutellaInspection {
  const { neighbours, hosts, files, routes, hitCache, serventRoutes } = state
  return {
    protocol: 'gnutella/1',
    role: 'servent',
    phase: state.phase,
    settled,
    degree: neighbours.size,
    neighbours: inspectedNeighbours(state),
    hosts: hosts.size,
    publications: files.size,
    routes: routes.size,
    serventRoutes: serventRoutes?.size ?? 0,
    load: hitCache?.size ?? 0,
    memoryBytes:
      neighbours.size * NEIGHBOUR_ROW_BYTES +
      hosts.byteLength +
      routes.byteLength +
      (serventRoutes?.byteLength ?? 0) +
      (hitCache?.byteLength ?? 0),
  }
}

function inspectedNeighbours({ environment, neighbours }: GnutellaState): InspectedNeighbour[] {
  const nowMs = environment.now()
  return neighbours.list.map(({ peer, rttMs, sinceMs, spare, missedPings }) => ({
    peerId: encodeBase58(environment.idOf(peer)),
    ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs) }),
    linkedMs: nowMs - sinceMs,
    spare,
    missedPings,
  }))
}
