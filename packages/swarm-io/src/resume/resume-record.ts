import type { Bitfield, InfoHash, PieceLayers, TorrentInfo } from '@onehop/swarm'
import type { Placement } from '../storage/file-places.ts'
import type { FileStamps } from '../storage/file-stamps.ts'
import type { TorrentCounters, TorrentSettings } from '../torrent/torrent-settings.ts'

/** What of a torrent survives a restart. */
export interface ResumeRecord {
  readonly infohash: InfoHash
  /** 32 bytes, of a v2 or hybrid torrent. */
  readonly infohashV2?: Uint8Array
  /** Absent as long as only the infohash is known. */
  readonly info?: TorrentInfo
  /** Of v2: what its pieces are verified with. */
  readonly layers?: PieceLayers
  readonly settings: Readonly<TorrentSettings>
  readonly counters: Readonly<TorrentCounters>
  /** Why it is paused although nothing is wrong. */
  readonly reason?: string
  /** Absent as long as there are no files. */
  readonly content?: ContentRecord
}

/** What is known of a torrent's files. */
export interface ContentRecord {
  readonly placement: Placement
  /** Where the files still may be: a move was under way. */
  readonly former?: Placement
  /** Whether all that was wanted was complete and in its place. */
  readonly isFinished: boolean
  /** Pieces whose bytes were synced before this was written. */
  readonly have: Bitfield
  /** The files as they were then. */
  readonly stamps: FileStamps
}
