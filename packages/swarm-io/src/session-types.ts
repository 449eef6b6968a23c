import type { RandomSource, Rejection } from '@onehop/primitives'
import type { InfoHash, WireConnection } from '@onehop/swarm'

/** Someone who may have the content, and how to reach it. */
export interface PeerSource {
  /** The same string as the `remotePeer` of its connections. */
  readonly peerId: string
  /** Dials. Rejects when the peer cannot be reached, or the signal is aborted. */
  connect(signal: AbortSignal): Promise<WireConnection>
}

/** What a session is made with. */
export interface SwarmSessionOptions {
  /** Folder for the files that survive a restart; made when it is missing. One session at a time uses it. */
  readonly resumeDir: string
  /** Milliseconds; never runs backwards. Default: the monotonic clock. */
  readonly nowMs?: () => number
  /** Uniform in [0, 1). Default: `Math.random`. */
  readonly random?: RandomSource
  /** One line for the log. */
  readonly log?: (message: string, details?: Readonly<Record<string, unknown>>) => void
  /** A peer is to blame for something (corrupt pieces, absurd messages); it has been disconnected already. */
  readonly onMisbehaviour?: (remotePeer: string, rejection: Rejection) => void
}

/**
 * - `seeding`: complete, verified, offered.
 * - `fetching`: a fetch is under way; what is there is offered.
 * - `stopped`: nothing is under way. An unfinished fetch still offers what it has; with `problem` nothing is offered.
 */
export type TorrentState = 'seeding' | 'fetching' | 'stopped'

/** One torrent of a session, as it is now. */
export interface TorrentSummary {
  readonly infohash: InfoHash
  /** Empty as long as only the infohash is known. */
  readonly name: string
  /** Where the content is, or will be when it is complete. Empty as long as that is not known. */
  readonly path: string
  readonly bytes: number
  readonly pieces: number
  readonly piecesDone: number
  readonly state: TorrentState
  /** Connected peers. */
  readonly peers: number
  readonly uploadedBytes: number
  readonly downloadedBytes: number
  readonly magnet: string
  /** What its publisher wants it to be found by, where he said so: see {@link SeedOptions.words}. */
  readonly words?: readonly string[]
  /** Why the content is not offered, in one sentence: the file is missing, has changed, cannot be read. */
  readonly problem?: string
}

/** How a file is published. */
export interface SeedOptions {
  /** Name in the metainfo. Default: the file's own. */
  readonly name?: string
  /** Kept with the resume data for whoever announces the content; those of the last publication count. */
  readonly words?: readonly string[]
  /** Decides the infohash. Default: 256 KiB (more for files above 64 GiB). */
  readonly pieceLengthBytes?: number
  readonly signal?: AbortSignal
  /** Called now and then while the file is hashed. */
  readonly onProgress?: (bytesDone: number, bytes: number) => void
}

/** How far a fetch has come. */
export interface FetchProgress {
  /** 0 until the info dictionary is there. */
  readonly pieces: number
  readonly piecesDone: number
  readonly bytes: number
  readonly bytesDone: number
  readonly peers: number
  readonly downloadBytesPerSecond: number
}

/** Where the content goes: a file, or a folder in which it gets the name from its metainfo. */
export type FetchTarget = { readonly outputPath: string } | { readonly outputDir: string }

/** Where content goes, who has it, and when to give up. */
export type FetchOptions = FetchTarget & {
  /** Providers, as they are found. May go on for as long as it likes, and may name a peer again to have it retried. */
  readonly peers: AsyncIterable<PeerSource>
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: FetchProgress) => void
  /** Give up after so long without a verified piece. Default: {@link FETCH_STALL_TIMEOUT_MS}. */
  readonly stallTimeoutMs?: number
}

/** What a fetch brought. */
export interface FetchResult {
  readonly infohash: InfoHash
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly pieces: number
  /** Peers whose blocks are in the pieces verified by this session. Empty when the content was here already. */
  readonly providers: readonly string[]
  readonly elapsedMs: number
}
