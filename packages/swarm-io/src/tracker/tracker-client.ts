import type { RandomSource } from '@onehop/primitives'
import type { InfoHash, PeerAddress, TrackerStatus, TransferCounters } from '@onehop/swarm'

/** What a torrent's trackers are told, and whom to tell what they answer. */
export interface TrackerClientOptions {
  readonly infohash: InfoHash
  /** This session's BitTorrent peer id, 20 bytes. */
  readonly peerId: Uint8Array
  /** Where this session takes TCP connections (`btPort`). */
  readonly port: number
  /** As in the .torrent file (BEP 12). Of a magnet link, each `tr` is a tier of its own. */
  readonly tiers: readonly (readonly string[])[]
  /** Asked at each announce. */
  counters(): TransferCounters
  /** Whether more peers are wanted now: decides how many are asked for, and how soon a lonely torrent asks again. */
  wantsPeers(): boolean
  /** Peers that a tracker named; without ourselves, and without addresses that lead nowhere. */
  onPeers(peers: readonly PeerAddress[]): void
  /** Milliseconds; never runs backwards. */
  nowMs(): number
  readonly random: RandomSource
  readonly log?: (message: string, details?: Readonly<Record<string, unknown>>) => void
}

/** Announces one torrent to its trackers over HTTP and UDP, from {@link start} to {@link stop}. */
export interface TrackerClient {
  /** Begins to announce (`started`). After {@link stop} it begins anew. */
  start(): void
  /** The last piece has been verified: tells those who know us as a leecher. Not for what was complete from the start. */
  completed(): void
  /** More trackers, each tier after those that are there; known URLs are left out. */
  addTrackers(tiers: readonly (readonly string[])[]): void
  /** Peers are missing: asks again as soon as the trackers allow. */
  needPeers(): void
  /** All trackers, tier by tier. */
  status(): TrackerStatus[]
  /** Says `stopped` to those who know us, and takes no more than {@link MAX_STOP_MS} for it. Never rejects. */
  stop(): Promise<void>
}
