/** What the node's own methods return: binding for the node, the CLI and later the dashboard. Sats are integers. */

import type {
  ContentDetails,
  ContentSummary,
  FetchedContent,
  FetchStatus,
  HashingProgress,
  LimitedContent,
  PublishedContent,
  TorrentFileOf,
} from './content-results.ts'
import type { OverlayName } from './overlay-names.ts'

/** `node.status` */
export interface NodeStatus {
  readonly name?: string
  readonly network: string
  readonly version: string
  readonly pid: number
  /** Empty when the node has no peer-to-peer network. */
  readonly peerId: string
  /** Multiaddrs that others reach it at, with its peer id. */
  readonly addresses: readonly string[]
  /** Port for other BitTorrent clients; 0 when that side is off. */
  readonly btPort: number
  /** URL of its RPC server. */
  readonly rpc: string
  readonly datadir: string
  readonly height: number
  /** Height of the best header chain. */
  readonly headers: number
  readonly bestBlock: string
  /** Connected peers. */
  readonly peers: number
  /** Transactions in the mempool. */
  readonly mempool: number
  readonly syncing: boolean
  readonly overlay: OverlaySummary
  /** The wallet's receiving address. */
  readonly address: string
  /** Confirmed and spendable. */
  readonly balanceSats: number
  readonly mining?: { readonly intervalMs: number }
  readonly backends: BackendSummary
}

/** What a node computes with. */
export interface BackendSummary {
  /** Name of what verifies signatures. */
  readonly verifier: string
  /** Name of what hashes with SHA-256. */
  readonly hashes: string
  /** Most threads that check the scripts of a block. */
  readonly threads: number
  /** One line for each faster one that does not run there: which, and why. */
  readonly fallbacks: readonly string[]
}

/** A node's overlay: what every one has; and of Kelips' tables, how many of each thing they hold. */
export interface OverlaySummary {
  readonly name: OverlayName
  /** Whether the node has entered it. */
  readonly joined: boolean
  /** Whether its tables are what they are to be, as far as it can tell: lookups that come before may cost more. */
  readonly settled: boolean
  /** Pointers held for others. */
  readonly load: number
  /** What the node does for others, where that differs: `server`, `supernode` and the like. */
  readonly role?: string
  readonly group?: number
  /** Number of affinity groups. */
  readonly k?: number
  readonly view?: number
  readonly contacts?: number
  readonly filetuples?: number
}

/** `wallet.balance` */
export interface WalletBalance {
  readonly confirmedSats: number
  readonly unconfirmedSats: number
  readonly immatureSats: number
}

/** `wallet.send` */
export interface SentPayment {
  readonly txid: string
  readonly feeSats: number
}

/** `wallet.signPayment`: signed, not broadcast. */
export interface SignedPayment {
  readonly hex: string
  readonly txid: string
}

/** `content.lookup` */
export interface LookupResult {
  readonly key: string
  readonly name?: string
  readonly providers: readonly Provider[]
  readonly hops: number
  readonly messages: number
  readonly attempts: number
  readonly elapsedMs: number
}

/** `content.search` */
export interface SearchResult {
  /** As they were searched for: in lower case, without those that are too short or too long. */
  readonly words: readonly string[]
  /** The best first. */
  readonly results: readonly FoundByWords[]
  readonly hops: number
  readonly messages: number
  readonly attempts: number
  readonly elapsedMs: number
}

/** Content that a search found. */
export interface FoundByWords {
  /** CID. */
  readonly key: string
  /** As most of its providers call it. */
  readonly name?: string
  readonly bytes?: number
  /** How many of those that were found offer it. */
  readonly providers: number
  /** The words that pointers were found under. The others stand in the name. */
  readonly words: readonly string[]
}

/** Who has content. */
export interface Provider {
  readonly peerId: string
  readonly addresses: readonly string[]
  /** Unix time in seconds. */
  readonly expiresAt: number
}

/** Results by method name, so that a typed client knows them. */
export interface OnehopResults {
  readonly 'node.status': NodeStatus
  readonly 'wallet.address': string
  readonly 'wallet.balance': WalletBalance
  readonly 'wallet.send': SentPayment
  readonly 'wallet.signPayment': SignedPayment
  readonly 'content.publish': readonly PublishedContent[]
  readonly 'content.lookup': LookupResult
  readonly 'content.search': SearchResult
  readonly 'content.fetch': FetchedContent
  readonly 'content.list': readonly ContentSummary[]
  readonly 'content.show': ContentDetails
  readonly 'content.hashing': readonly HashingProgress[]
  readonly 'content.fetches': readonly FetchStatus[]
  readonly 'content.torrent': TorrentFileOf
  readonly 'content.pause': ContentSummary
  readonly 'content.resume': ContentSummary
  readonly 'content.recheck': ContentSummary
  readonly 'content.move': ContentSummary
  readonly 'content.rename': ContentDetails
  readonly 'content.files': ContentDetails
  readonly 'content.limit': LimitedContent
}
