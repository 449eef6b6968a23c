/** What the methods on content return. Rates are bytes a second; times are in ms. */

/** One of `content.publish`. */
export interface PublishedContent {
  /** CID. */
  readonly key: string
  /** 40 hexadecimal digits. */
  readonly infohash: string
  /** 64 hexadecimal digits, of a v2 or hybrid torrent. */
  readonly infohashV2?: string
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly pieces: number
  readonly files: number
  readonly magnet: string
  /** The words that it is found by. */
  readonly words: readonly string[]
  /** Nodes that confirmed to hold the pointer. */
  readonly acknowledgements: number
}

/** One of `content.hashing`: what is being hashed for publication. */
export interface HashingProgress {
  readonly path: string
  readonly bytes: number
  readonly bytesDone: number
}

/** `content.torrent` */
export interface TorrentFileOf {
  readonly key: string
  readonly name: string
  /** The .torrent file, in Base64. */
  readonly torrent: string
}

/** `content.fetch`; with `detach` only what is known at the beginning. */
export interface FetchedContent {
  readonly key: string
  readonly infohash: string
  /** Empty as long as that is not known. */
  readonly name: string
  readonly path: string
  readonly bytes: number
  readonly pieces: number
  /** Peers that pieces came from: peer ids, or addresses of other clients. */
  readonly providers: readonly string[]
  /** Numbers of the files that were asked for; absent when that is all of them. */
  readonly chosen?: readonly number[]
  /** What came from them during this call; the rest was here already. */
  readonly fetchedBytes: number
  readonly elapsedMs: number
}

/** One of `content.fetches`: a call of `content.fetch` that waits. */
export interface FetchStatus {
  /** The key, magnet link or name as it was given; of a .torrent file its SHA-1 in hex. */
  readonly asked: string
  readonly key: string
  /** Empty as long as that is not known. */
  readonly name: string
  readonly state: ContentState
  /** Numbers of the files that were asked for, as soon as they are known; absent when that is all of them. */
  readonly chosen?: readonly number[]
  /** 0 as long as only the id is known. */
  readonly pieces: number
  readonly piecesDone: number
  /** Of the files that are wanted. */
  readonly bytes: number
  readonly bytesDone: number
  readonly peers: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  /** Copies of the rarest missing piece among the peers and here. */
  readonly availability?: number
  readonly etaMs?: number
}

/**
 * - `fetching`: looks for what is missing, and offers what is there.
 * - `seeding`: all that is wanted is here, verified, and offered.
 * - `checking`: what is on the disk is being verified.
 * - `paused`: nothing goes in or out; `problem` or `reason` says why, if it was not by hand.
 */
export type ContentState = 'fetching' | 'seeding' | 'checking' | 'paused'

/** One of `content.list`. */
export interface ContentSummary {
  readonly key: string
  readonly infohash: string
  readonly infohashV2?: string
  /** Empty as long as that is not known. */
  readonly name: string
  readonly path: string
  /** Of all files, without padding. */
  readonly bytes: number
  /** Of the files that are wanted. */
  readonly bytesWanted: number
  /** Verified. */
  readonly bytesDone: number
  readonly pieces: number
  readonly piecesDone: number
  readonly magnet: string
  readonly state: ContentState
  /** Its peers come from its trackers alone (BEP 27). */
  readonly private: boolean
  /** Connected. */
  readonly peers: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  /** What went wrong, in one sentence. */
  readonly problem?: string
  /** Why it is paused although nothing is wrong, in one sentence. */
  readonly reason?: string
}

/** `content.show` */
export interface ContentDetails extends ContentSummary {
  readonly pieceLengthBytes: number
  readonly limits: ContentLimits
  readonly sequential: boolean
  /** Uploaded for each byte that is here. */
  readonly ratio: number
  readonly seedingMs: number
  /** Until it is complete, at today's rate; absent when that says nothing. */
  readonly etaMs?: number
  /** Copies of the rarest missing piece among the peers and here. */
  readonly availability?: number
  /** Known addresses that are not connected. */
  readonly candidates: number
  readonly files: readonly ContentFileStatus[]
  readonly peerList: readonly ContentPeer[]
  readonly trackers: readonly ContentTracker[]
  /** One bit a piece, the first piece first, in Base64. */
  readonly pieceMap: string
}

/** null: none. */
export interface ContentLimits {
  readonly downloadBytesPerSecond: number | null
  readonly uploadBytesPerSecond: number | null
  /** It is paused when so much was uploaded for each byte of it. */
  readonly seedRatio: number | null
  /** It is paused after so many minutes of seeding. */
  readonly seedMinutes: number | null
}

/** `content.limit` */
export interface LimitedContent {
  /** Absent: the limits of the whole node. */
  readonly key?: string
  readonly limits: ContentLimits
}

/** How much a file is wanted. */
export type ContentPriority = 'skip' | 'low' | 'normal' | 'high'

/** A file of content. */
export interface ContentFileStatus {
  readonly index: number
  /** Below the content's folder, with `/`; the name of a single file. */
  readonly path: string
  readonly bytes: number
  readonly bytesDone: number
  readonly priority: ContentPriority
  /** Where it can be read: a path on the RPC server. */
  readonly url: string
}

/** A connected peer. */
export interface ContentPeer {
  /** Its peer id, or its address. */
  readonly peer: string
  /** The program that it runs, as far as it says. */
  readonly client?: string
  readonly transport: 'libp2p' | 'tcp'
  readonly encrypted: boolean
  /** Whether this node dialled. */
  readonly outbound: boolean
  readonly pieces: number
  readonly amChoking: boolean
  readonly amInterested: boolean
  readonly peerChoking: boolean
  readonly peerInterested: boolean
  /** It keeps us waiting for blocks. */
  readonly snubbing: boolean
  /** As what it may fetch from us, or `choked`. */
  readonly slot: string
  /** Why it is choked or unchoked. */
  readonly reason: string
  readonly requestsOutstanding: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
}

/** A tracker of content. */
export interface ContentTracker {
  readonly url: string
  readonly tier: number
  readonly state: string
  readonly seeders?: number
  readonly leechers?: number
  /** What it said last, or why it cannot be reached. */
  readonly message?: string
  readonly nextAnnounceMs?: number
}
