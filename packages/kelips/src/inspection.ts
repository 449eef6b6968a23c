import type { Inspection, PeerHandle, PeerId, Pointer } from '@onehop/overlay'
import { bytesToHex, encodeBase58 } from '@onehop/primitives'
import { INSPECTED_FILETUPLES } from './limits.ts'
import type { Publisher } from './publisher.ts'
import type { KelipsState } from './state.ts'

/** A member as people read it: its id as libp2p writes it, times in ms. */
export interface InspectedMember {
  readonly peerId: string
  readonly group: number
  readonly ageMs: number
  readonly rttMs?: number
  readonly suspect: boolean
}

/** A pointer as people read it: the key in hex, the provider as libp2p writes it. */
export interface InspectedPointer {
  readonly key: string
  readonly kind: Pointer['kind']
  readonly displayName?: string
  readonly provider: string
  readonly sequence: number
  /** Unix time in seconds. */
  readonly expiresAt: number
  readonly withdrawn?: true
}

/** A Kelips node's tables. */
export interface KelipsInspection extends Inspection {
  readonly protocol: 'kelips/1'
  readonly phase: KelipsState['phase']
  /** Whether its tables are full, so that its silence about a key means something. */
  readonly settled: boolean
  /** Number of groups. */
  readonly k: number
  /** The group of this node. */
  readonly group: number
  /** Bits of the hash that name the group, where k tunes itself. */
  readonly depth?: number
  /** How large the network is, by what others tell and the own tables; absent as long as they are not full. */
  readonly estimatedNodes?: number
  readonly estimatedFiles?: number
  /** Affinity group view, this node not in it. */
  readonly view: readonly InspectedMember[]
  /** Contacts, by group. */
  readonly contacts: readonly InspectedMember[]
  /** At most {@link INSPECTED_FILETUPLES} of them. */
  readonly filetuples: readonly InspectedPointer[]
  readonly filetupleCount: number
  readonly publications: number
  /** Peers that are gone and still looked for. */
  readonly departed: number
  /** Bytes of memory that the tables take. */
  readonly memoryBytes: number
  /** Bytes spent in the background since the start. */
  readonly backgroundBytes: number
}

/** A plain snapshot: JSON values only. */
export function inspect(state: KelipsState, publisher: Publisher): KelipsInspection {
  const { roster, filetuples } = state
  const members = [...roster.peers()].map(peer => inspectMember(state, peer))
  members.sort((a, b) => a.group - b.group || (a.peerId < b.peerId ? -1 : 1))
  return {
    protocol: 'kelips/1',
    phase: state.phase,
    settled: state.settled,
    k: state.groupCount,
    group: state.ownGroup,
    ...inspectSize(state),
    view: members.filter(({ group }) => state.partition.isOwnBucket(group)),
    contacts: members.filter(({ group }) => !state.partition.isOwnBucket(group)),
    filetuples: [...filetuples.all()].slice(0, INSPECTED_FILETUPLES).map(inspectPointer),
    filetupleCount: filetuples.size,
    publications: publisher.size,
    departed: [...roster.departedPeers()].length,
    memoryBytes: state.memoryBytes,
    backgroundBytes: state.budget.spent,
  }
}

/** What a k that tunes itself goes by. */
function inspectSize(
  state: KelipsState,
): Pick<KelipsInspection, 'depth' | 'estimatedNodes' | 'estimatedFiles'> {
  const { prefixes, population } = state
  if (prefixes === undefined || population === undefined) return {}
  const depth = prefixes.saidDepth
  const own = state.ownCensus()
  if (own === undefined) return { depth }
  const { nodes, files } = population.estimate(own)
  return { depth, estimatedNodes: nodes, estimatedFiles: files }
}

/** The id as libp2p writes it: Base58 of its multihash. */
function peerIdText(id: PeerId): string {
  return encodeBase58(id)
}

function inspectMember(state: KelipsState, peer: PeerHandle): InspectedMember {
  const { roster, environment } = state
  const rttMs = roster.rttMsOf(peer)
  const common = {
    peerId: peerIdText(environment.idOf(peer)),
    group: roster.groupOf(peer),
    ageMs: Math.max(0, Math.floor(state.now() - roster.signedMsOf(peer))),
    suspect: roster.isSuspect(peer),
  }
  return rttMs === undefined ? common : { ...common, rttMs: Math.round(rttMs * 10) / 10 }
}

function inspectPointer(pointer: Pointer): InspectedPointer {
  return {
    key: bytesToHex(pointer.key),
    kind: pointer.kind,
    ...(pointer.displayName === undefined ? {} : { displayName: pointer.displayName }),
    provider: peerIdText(pointer.provider),
    sequence: pointer.sequence,
    expiresAt: pointer.expiresAt,
    ...(pointer.withdrawn ? { withdrawn: true as const } : {}),
  }
}
