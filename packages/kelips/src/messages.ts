import type { Key, PeerId, Pointer } from '@onehop/overlay'
import type { MemberEntry } from './member-record.ts'
import type { Census } from './population.ts'

/**
 * A round's ration of what the sender knows. `groups` is the sender's k: two networks of different k do not mix; 0: it
 * tunes itself.
 */
export interface Gossip {
  readonly type: 'gossip'
  readonly groups: number
  readonly sender: MemberEntry
  /** The sender would like a ration in return. */
  readonly wantsReply: boolean
  /** How large the network looks from the sender's own tables, where they are full. */
  readonly census?: Census
  readonly members: readonly MemberEntry[]
  readonly pointers: readonly Pointer[]
}

/** New filetuples, passed on at once. */
export interface News {
  readonly type: 'news'
  readonly groups: number
  readonly pointers: readonly Pointer[]
}

/** Asks for a share of the tables: members, and the filetuples of a range of hashes, a page at a time. */
export interface Pull {
  readonly type: 'pull'
  readonly request: number
  readonly groups: number
  readonly sender: MemberEntry
  /** Member entries wanted at most. */
  readonly limit: number
  /** Rows of the receiver's tables to pass over: those that earlier pages had. */
  readonly skip: number
  /** Whether filetuples are wanted: those whose key's hash is from `low` to `high`, wrapping past 2^32. */
  readonly filetuples: boolean
  readonly low: number
  readonly high: number
  /** Only keys after this one; absent on the first page. */
  readonly key?: Key
}

/** Answers {@link Pull}. */
export interface Share {
  readonly type: 'share'
  readonly request: number
  readonly groups: number
  readonly sender: MemberEntry
  /** How large the network looks from the sender's own tables, where they are full. */
  readonly census?: Census
  readonly members: readonly MemberEntry[]
  /** Rows to pass over to come to the members after these; 0: there are no more. */
  readonly skip: number
  readonly pointers: readonly Pointer[]
  /** There are further filetuples after the last one here. */
  readonly more: boolean
  /** The sender's own tables are full. */
  readonly settled: boolean
  /** The sender has served enough for now: it only names others. */
  readonly busy: boolean
}

/** A provider hands its pointers to a member of their keys' group. */
export interface Store {
  readonly type: 'store'
  readonly request: number
  readonly pointers: readonly Pointer[]
}

/** Answers {@link Store}: how many are held now, and who should hold them where the receiver should not. */
export interface Stored {
  readonly type: 'stored'
  readonly request: number
  readonly limit: number
  readonly members: readonly MemberEntry[]
}

/** Who has it? */
export interface Find {
  readonly type: 'find'
  readonly request: number
  readonly key: Key
  /** Pointers wanted at most. */
  readonly limit: number
  /** Asked to publish something, and not to look it up: for who measures. Not a part of the message. */
  readonly forPublication?: true
}

/** Where is this peer? Answered like {@link Find}: with its record when it is known, else with whom to ask next. */
export interface Locate {
  readonly type: 'locate'
  readonly request: number
  readonly target: PeerId
}

/** Answers {@link Find} and {@link Locate}. */
export interface Found {
  readonly type: 'found'
  readonly request: number
  readonly pointers: readonly Pointer[]
  /** Whom to ask next. */
  readonly members: readonly MemberEntry[]
  /** The sender is responsible for the key and its tables are full: if it knows none, there is likely none. */
  readonly settled: boolean
  /** As the question says: for who measures. Not a part of the message. */
  readonly forPublication?: true
}

/** Are you there? With a target: is that peer there, as you see it (SWIM's ping-req)? */
export interface Ping {
  readonly type: 'ping'
  readonly request: number
  readonly target?: PeerId
}

/** Answers {@link Ping} with a fresh record of the peer asked about. */
export interface Pong {
  readonly type: 'pong'
  readonly request: number
  readonly sender: MemberEntry
}

/** What Kelips nodes say to each other. Messages are never changed once they are made. */
export type KelipsMessage =
  | Gossip
  | News
  | Pull
  | Share
  | Store
  | Stored
  | Find
  | Found
  | Ping
  | Pong
  | Locate

/** Messages that answer a request. */
export type Reply = Share | Stored | Found | Pong

/** Messages that ask for a {@link Reply}. */
export type Request = Pull | Store | Find | Ping | Locate
