import type { RandomSource, Rejection } from '@onehop/primitives'
import type { BandwidthLimit } from '@onehop/swarm'
import type { SessionConnections } from '../peers/session-connections.ts'
import type { ReadCache } from '../read-cache.ts'
import type { ResumeStore } from '../resume/resume-store.ts'
import type { ChokingStrategy, PeerFinder, SwarmEvents } from '../session-types.ts'
import type { LocalDiscovery } from '../tracker/local-discovery.ts'
import type { TrackerTransport } from '../tracker/tracker-transport.ts'
import type { Torrent } from './torrent.ts'

/** What a torrent does with what is at a path: offers it as it is, or puts it there, takes it away or changes it. */
export type PathUse = 'read' | 'write'

/** What a torrent needs of its session. */
export interface TorrentHost {
  /** This session's BitTorrent peer id, 20 bytes. */
  readonly peerId: Uint8Array
  /** Where TCP connections are taken; 0 when they are not. */
  readonly btPort: number
  readonly cache: ReadCache
  readonly resumeStore: ResumeStore
  readonly random: RandomSource
  readonly strategy: ChokingStrategy
  readonly preallocate: boolean
  /** For all torrents together. */
  readonly uploadLimit: BandwidthLimit
  readonly downloadLimit: BandwidthLimit
  readonly findPeers: PeerFinder | undefined
  readonly connections: SessionConnections
  readonly trackerTransport: TrackerTransport
  /** Undefined where it is off. */
  readonly localDiscovery: LocalDiscovery | undefined
  nowMs(): number
  log(message: string, details?: Readonly<Record<string, unknown>>): void
  onMisbehaviour(remotePeer: string, rejection: Rejection): void
  /** @throws {SwarmError} `in-use` when another torrent's content is at the path. */
  claimPath(path: string, owner: Torrent, use: PathUse): void
  /** @throws {SwarmError} `in-use` when another torrent turns out to be the same. */
  claimNames(owner: Torrent): void
  emit(event: keyof SwarmEvents, torrent: Torrent): void
}
