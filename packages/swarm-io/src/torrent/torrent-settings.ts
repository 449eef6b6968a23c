import type { FilePriority, PeerAddress } from '@onehop/swarm'
import type { FetchTarget, RateLimits, SeedingGoals } from '../session-types.ts'

/** What users decided about a torrent: kept with the resume data. */
export interface TorrentSettings {
  isPaused: boolean
  isSequential: boolean
  limits: RateLimits & SeedingGoals
  /** One for each file of the info dictionary; undefined: all are wanted. */
  priorities: readonly FilePriority[] | undefined
  /** Where the content is to go, until its path is known. */
  target: FetchTarget | undefined
  /** In tiers (BEP 12). */
  trackers: readonly (readonly string[])[]
  /** Addresses that a magnet link or a user gave. */
  peers: readonly PeerAddress[]
  /** What the source calls it, until the info dictionary is here. */
  displayName: string | undefined
  /** What its publisher wants it to be found by, where he said so. */
  words: readonly string[] | undefined
  /** What its .torrent says besides. */
  comment: string | undefined
}

/** Settings of a torrent about which nobody said anything. */
export function defaultSettings(): TorrentSettings {
  return {
    isPaused: false,
    isSequential: false,
    limits: {},
    priorities: undefined,
    target: undefined,
    trackers: [],
    peers: [],
    displayName: undefined,
    words: undefined,
    comment: undefined,
  }
}

/** Counted over all sessions. */
export interface TorrentCounters {
  uploadedBytes: number
  downloadedBytes: number
  seedingMs: number
}
