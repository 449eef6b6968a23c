import type { Rejection } from '@onehop/primitives'
import type {
  ContentFile,
  FilePriority,
  InfoHash,
  PeerAddress,
  PeerSnapshot,
  TorrentFile,
  TrackerStatus,
  WireConnection,
} from '@onehop/swarm'
import type { EncryptionPolicy } from './tcp/tcp-transport.ts'

/** Someone who may have the content, and how to reach it. */
export interface PeerSource {
  /** The same string as the `remotePeer` of its connections. */
  readonly peerId: string
  /** Dials. Rejects when the peer cannot be reached, or the signal is aborted. */
  connect(signal: AbortSignal): Promise<WireConnection>
}

/** A torrent as someone who looks for its peers must know it. */
export interface WantedTorrent {
  readonly infohash: InfoHash
  /** 32 bytes, where the torrent is v2 or hybrid and that is known. */
  readonly infohashV2: Uint8Array | undefined
  /** Whether everything that is wanted of it is here: peers that have it too are of no use then. */
  readonly isComplete: boolean
}

/**
 * Finds peers of a torrent as long as the signal is not aborted; may name one again to have it retried. Asked once for
 * each torrent that is neither paused nor private.
 */
export type PeerFinder = (torrent: WantedTorrent, signal: AbortSignal) => AsyncIterable<PeerSource>

/** How a session takes part in the world of TCP. */
export interface SwarmTcpOptions {
  /** 0: any that is free. The same port is told to trackers and peers. */
  readonly port: number
  /** Addresses to listen on; none: only dials. Default: `127.0.0.1`. */
  readonly hosts?: readonly string[]
  /** Default: `allow`. */
  readonly encryption?: EncryptionPolicy
}

/** Who is served when many want something; see the chokers of `@onehop/swarm`. */
export type ChokingStrategy = 'tit-for-tat' | 'proportional-share'

/** Most bytes a second. Absent: unlimited. */
export interface RateLimits {
  readonly downloadBytesPerSecond?: number
  readonly uploadBytesPerSecond?: number
}

/** When a complete torrent has done its part, and is paused. Absent: never. */
export interface SeedingGoals {
  /** Bytes uploaded for each byte of the content. */
  readonly seedRatio?: number
  /** Minutes of seeding, since it was complete. */
  readonly seedMinutes?: number
}

/** What may be set for a torrent. `undefined` leaves a value as it is, `null` takes it away. */
export type LimitChanges = {
  readonly [Name in keyof (RateLimits & SeedingGoals)]?: number | null | undefined
}

/** What a session is made with. */
export interface SwarmSessionOptions {
  /** Folder for the files that survive a restart; made when it is missing. One session at a time uses it. */
  readonly resumeDir: string
  /** Opens the TCP side, in and out. Absent: connections come from {@link PeerSource}s and `accept` alone. */
  readonly tcp?: SwarmTcpOptions
  /** The search that every torrent has that is not private: Kelips. */
  readonly findPeers?: PeerFinder
  /** Announces what is not private to the local network, and listens there (BEP 14). Needs `tcp`. Default: off. */
  readonly localDiscovery?: boolean
  /** For all torrents together; each may have its own beside them. */
  readonly limits?: RateLimits
  /** Default: `tit-for-tat`. */
  readonly strategy?: ChokingStrategy
  /** Takes the room on the disk before the content comes. Default: files grow as pieces arrive. */
  readonly preallocate?: boolean
  /** Milliseconds; never runs backwards. Default: the monotonic clock. */
  readonly nowMs?: () => number
  /** One line for the log. */
  readonly log?: (message: string, details?: Readonly<Record<string, unknown>>) => void
  /** A peer is to blame for something (corrupt pieces, absurd messages); it has been disconnected already. */
  readonly onMisbehaviour?: (remotePeer: string, rejection: Rejection) => void
}

/** What is to be fetched: an id with what a magnet link says besides, or a .torrent file. */
export type TorrentSource =
  | {
      /** 20 bytes; of a v2 torrent the first 20 of its 32. */
      readonly infohash: Uint8Array
      /** All 32 bytes, for a v2 torrent. */
      readonly infohashV2?: Uint8Array
      readonly trackers?: readonly string[]
      readonly peers?: readonly PeerAddress[]
      /** Shown until the info dictionary is here. */
      readonly displayName?: string
    }
  | {
      readonly torrent: TorrentFile
      readonly trackers?: readonly string[]
      readonly peers?: readonly PeerAddress[]
    }

/**
 * - `fetching`: looks for what is missing, and offers what is there.
 * - `seeding`: all that is wanted is here, verified, and offered.
 * - `checking`: what is on the disk is being verified.
 * - `paused`: nothing goes in or out; `problem` or `reason` says why, if it was not by hand.
 */
export type TorrentState = 'fetching' | 'seeding' | 'checking' | 'paused'

/** One torrent of a session, as it is now. */
export interface TorrentSummary {
  readonly infohash: InfoHash
  /** All that it goes by, {@link infohash} first: of a hybrid the other one too, once that is known. */
  readonly infohashes: readonly InfoHash[]
  /** 32 bytes, of a v2 or hybrid torrent. */
  readonly infohashV2?: Uint8Array
  /** What its source calls it, or empty, as long as only the infohash is known. */
  readonly name: string
  /** Where the content is, or will be when it is complete. Empty as long as that is not known. */
  readonly path: string
  /** Of the files, without padding. */
  readonly bytes: number
  /** Of those, verified. */
  readonly bytesDone: number
  /** Bytes of the files that are wanted. */
  readonly bytesWanted: number
  readonly pieces: number
  readonly piecesDone: number
  readonly state: TorrentState
  readonly isPrivate: boolean
  /** Connected peers. */
  readonly peers: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  readonly uploadedBytes: number
  readonly downloadedBytes: number
  readonly magnet: string
  /** What its publisher wants it to be found by, where he said so: see {@link SeedOptions.words}. */
  readonly words?: readonly string[]
  /** What went wrong, in one sentence: the file is missing, the disk is full. It is paused, and nothing is offered. */
  readonly problem?: string
  /** Why it is paused although nothing is wrong, in one sentence: a seeding goal was reached, a fetch was given up. */
  readonly reason?: string
}

/** One file of a torrent, padding left out. */
export interface FileDetails {
  /** Number that `setFiles`, `renameFile` and `openContent` take: its place among `TorrentInfo.files`. */
  readonly index: number
  /** Below the content's path, with `/`; the name for a torrent of one file. */
  readonly path: string
  readonly bytes: number
  readonly bytesDone: number
  readonly priority: FilePriority
}

/** One peer of a torrent: what the machine knows, and the way to it. */
export interface PeerDetails extends PeerSnapshot {
  readonly transport: 'libp2p' | 'tcp'
  readonly isEncrypted: boolean
}

/** Everything about one torrent, for people to look at. */
export interface TorrentDetails extends TorrentSummary {
  readonly pieceLengthBytes: number
  readonly limits: RateLimits & SeedingGoals
  readonly isSequential: boolean
  /** Uploaded for each byte of what is here. */
  readonly ratio: number
  readonly seedingMs: number
  /** Until it is complete, at today's rate; undefined when that says nothing. */
  readonly etaMs?: number
  /** Copies of the rarest wanted piece, among the peers and here; undefined until pieces are known. */
  readonly availability?: number
  /** Known addresses that are not connected. */
  readonly candidates: number
  readonly files: readonly FileDetails[]
  readonly peerList: readonly PeerDetails[]
  readonly trackers: readonly TrackerStatus[]
  /** One bit a piece, first piece first, as BEP 3's bitfield; empty until pieces are known. */
  readonly pieceMap: Uint8Array
  /** How far the check is, while its state is `checking`. */
  readonly check?: { readonly piecesDone: number; readonly pieces: number }
}

/** How content is published. */
export interface SeedOptions {
  /** Name in the metainfo. Default: the file's or folder's own. */
  readonly name?: string
  /** Kept with the resume data for whoever announces the content; those of the last publication count. */
  readonly words?: readonly string[]
  /** Where it is announced, in tiers (BEP 12); no part of the infohash. */
  readonly trackers?: readonly (readonly string[])[]
  /** Peers come from the trackers alone (BEP 27). Part of the infohash. */
  readonly isPrivate?: boolean
  /** Default: `v1`. */
  readonly version?: 'v1' | 'v2' | 'hybrid'
  readonly comment?: string
  /** Decides the infohash. Default: 256 KiB (more for content above 64 GiB). */
  readonly pieceLengthBytes?: number
  readonly signal?: AbortSignal
  /** Called now and then while the content is hashed. */
  readonly onProgress?: (bytesDone: number, bytes: number) => void
}

/** How far a fetch has come. */
export interface FetchProgress {
  /** 0 until the info dictionary is there. */
  readonly pieces: number
  readonly piecesDone: number
  /** Of the files that are wanted. */
  readonly bytes: number
  readonly bytesDone: number
  readonly peers: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  /** Copies of the rarest wanted piece, among the peers and here. */
  readonly availability?: number
  readonly etaMs?: number
  readonly state: TorrentState
}

/** Where the content goes: its own path, or a folder in which it gets the name from its metainfo. */
export type FetchTarget = { readonly outputPath: string } | { readonly outputDir: string }

/** Says which files are wanted, and how much; called once, when they are known. One answer for each file, in order. */
export type FileChoice = (files: readonly ContentFile[]) => readonly FilePriority[]

/** How a torrent is added. */
export type AddOptions = FetchTarget & {
  /** Default: all files. */
  readonly files?: FileChoice
  /** Fetches the pieces in order, for someone who looks at the content already. */
  readonly sequential?: boolean
  readonly limits?: RateLimits
  readonly goals?: SeedingGoals
}

/** How a torrent is fetched by someone who waits for it. */
export type FetchOptions = AddOptions & {
  /** Providers, as they are found, besides those that the session finds. May name a peer again to have it retried. */
  readonly peers?: AsyncIterable<PeerSource>
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

/** Bytes `start` to `end` (excluded) of a file. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** What a session tells of its torrents as it happens. */
export interface SwarmEvents {
  /** A torrent is there: published, added, or back after a restart. */
  added(torrent: TorrentSummary): void
  /** It is worth telling others of: its first verified piece is here. */
  firstPiece(torrent: TorrentSummary): void
  /** All that is wanted is here. */
  completed(torrent: TorrentSummary): void
  /** It offers nothing any more: by hand, for a goal that was reached, or after an error; it says which. */
  paused(torrent: TorrentSummary): void
  /** It goes on. */
  resumed(torrent: TorrentSummary): void
  removed(torrent: TorrentSummary): void
}
