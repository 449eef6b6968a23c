import type { InfoHash } from '../metainfo/infohash.ts'
import type { PeerAddress } from '../peer-address.ts'

/** What happened since the last announce (BEP 3); none for a regular one. */
export type AnnounceEvent = 'started' | 'completed' | 'stopped'

/** How far a torrent is, as a tracker is told. */
export interface TransferCounters {
  readonly uploadedBytes: number
  readonly downloadedBytes: number
  /** Bytes still to be fetched; what is not known yet counts as something. */
  readonly leftBytes: number
}

/** One announce, whatever carries it. */
export interface AnnounceRequest extends TransferCounters {
  readonly infohash: InfoHash
  /** 20 bytes. */
  readonly peerId: Uint8Array
  /** Where we take connections; it goes with the address that the tracker sees. */
  readonly port: number
  readonly event?: AnnounceEvent
  /** Peers wanted; 0 when leaving. */
  readonly peersWanted: number
  /** 32 bits that stay the same when our address changes (BEP 7, BEP 15). */
  readonly key: number
  /** What this tracker gave us to send back (BEP 3 `tracker id`). */
  readonly trackerId?: Uint8Array
}

/** What a tracker answers to an announce. */
export interface AnnounceAnswer {
  /** Seconds until it wants to hear from us again. */
  readonly intervalSeconds: number
  /** Seconds before which it does not want to. */
  readonly minIntervalSeconds?: number
  readonly peers: readonly PeerAddress[]
  /** Peers that have everything, and peers that do not, where it says so. */
  readonly seeders?: number
  readonly leechers?: number
  readonly trackerId?: Uint8Array
  /** Something for people, though the announce went well. */
  readonly warning?: string
  /** Our address as the tracker sees it (BEP 24). */
  readonly externalHost?: string
}

/** What a tracker knows of one torrent (BEP 48). */
export interface ScrapeEntry {
  readonly infohash: InfoHash
  readonly seeders: number
  readonly leechers: number
  /** How often it was fetched to the end. */
  readonly downloads: number
}

/** A tracker of a torrent, for people. */
export interface TrackerStatus {
  readonly url: string
  /** Which tier of the list it is in (BEP 12), from 0. */
  readonly tier: number
  /**
   * - `idle`: not asked yet, or not needed as long as another one answers.
   * - `announcing`: an answer is awaited. `working`: the last announce went well. `failing`: it did not.
   */
  readonly state: 'idle' | 'announcing' | 'working' | 'failing'
  readonly seeders?: number
  readonly leechers?: number
  /** Peers that its last answer named. */
  readonly peers: number
  /** Why it failed, or what it wants people to know. */
  readonly message?: string
  /** On the session's clock; undefined when no announce is planned. */
  readonly nextAnnounceMs?: number
}
