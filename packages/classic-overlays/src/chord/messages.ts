import type { Key, MessagePurpose, PeerAddress, Pointer } from '@onehop/overlay'
import type { Identifier } from './identifiers.ts'
import type { RingEntry } from './ring-entry.ts'

/** What a message is for where that is not told by its type. */
export type Why = Exclude<MessagePurpose, 'delivery'>

interface Numbered {
  readonly request: number
}

interface Reasoned extends Numbered {
  readonly why: Why
}

/** Who is the successor of this point? */
export interface Find extends Reasoned {
  readonly type: 'find'
  readonly target: Identifier
  /** Only the point's direct predecessor may tell. */
  readonly strict: boolean
  /** Successors wanted. */
  readonly limit: number
}

/** Done: the point's successors, the nearest first. Otherwise peers that precede it more closely. */
export interface Found extends Reasoned {
  readonly type: 'found'
  readonly isDone: boolean
  /** Which of the answering peer's virtual nodes tells. */
  readonly index: number
  readonly entries: readonly RingEntry[]
}

/** A virtual node's predecessor and successor list are wanted. */
export interface Neighbours extends Numbered {
  readonly type: 'neighbours'
  readonly index: number
  /** Digest of the successor list that the asking node has had already; 0: none. */
  readonly known: number
}

export interface Neighbourhood extends Numbered {
  readonly type: 'neighbourhood'
  /** Whether that virtual node is on the ring at all. */
  readonly isMember: boolean
  readonly digest: number
  readonly predecessor?: RingEntry
  /** Absent when the asking node knows them. */
  readonly successors?: readonly RingEntry[]
}

/** "I may be your predecessor." */
export interface Notify {
  readonly type: 'notify'
  /** The virtual node that is meant. */
  readonly index: number
  /** The virtual node that speaks. */
  readonly from: number
  readonly addresses: readonly PeerAddress[]
  /** Identifiers of the predecessors of who speaks, the nearest first: how far back replicas are held. */
  readonly chain: readonly Identifier[]
}

export interface Ping extends Numbered {
  readonly type: 'ping'
  readonly index: number
}

export interface Pong extends Numbered {
  readonly type: 'pong'
  readonly isMember: boolean
  readonly predecessor?: RingEntry
}

/** "One of these may be your successor, or that of somebody whom you know." */
export interface Hint {
  readonly type: 'hint'
  readonly index: number
  /** How often it was handed on. */
  readonly hops: number
  readonly entries: readonly RingEntry[]
}

/** The virtual node leaves the ring. */
export interface Leaving {
  readonly type: 'leaving'
  readonly index: number
}

export interface Store extends Reasoned {
  readonly type: 'store'
  readonly pointers: readonly Pointer[]
}

export interface Stored extends Reasoned {
  readonly type: 'stored'
  readonly accepted: number
}

export interface Get extends Numbered {
  readonly type: 'get'
  readonly key: Key
  readonly limit: number
}

export interface Got extends Numbered {
  readonly type: 'got'
  readonly pointers: readonly Pointer[]
  /** Whether the silence of this node about a key means something. */
  readonly isSettled: boolean
}

/** Do you hold the same pointers with identifiers in (after, upTo]? */
export interface Compare extends Reasoned {
  readonly type: 'compare'
  readonly after: Identifier
  readonly upTo: Identifier
  readonly count: number
  readonly digest: number
}

export interface Compared extends Reasoned {
  readonly type: 'compared'
  readonly isSame: boolean
}

/** A page of the pointers with identifiers in (after, upTo] is wanted. */
export interface Pull extends Reasoned {
  readonly type: 'pull'
  readonly after: Identifier
  readonly upTo: Identifier
  readonly skip: number
}

export interface Share extends Reasoned {
  readonly type: 'share'
  readonly pointers: readonly Pointer[]
  readonly more: boolean
}

/** A question that each node hands on to the next. */
export interface Route extends Reasoned {
  readonly type: 'route'
  readonly target: Identifier
  readonly limit: number
  readonly hops: number
}

/** The route's message has arrived; its answer follows. */
export interface Accepted extends Reasoned {
  readonly type: 'accepted'
}

/** The answer, on the way back: the point's successors; nobody when the route ended. */
export interface Routed extends Reasoned {
  readonly type: 'routed'
  readonly hops: number
  readonly entries: readonly RingEntry[]
}

export type ChordReply = Found | Neighbourhood | Pong | Stored | Got | Compared | Share | Accepted

export type ChordRequest = Find | Neighbours | Ping | Store | Get | Compare | Pull | Route

export type ChordMessage = ChordRequest | ChordReply | Routed | Notify | Hint | Leaving

const PURPOSES = {
  neighbours: 'maintenance',
  neighbourhood: 'maintenance',
  notify: 'maintenance',
  ping: 'maintenance',
  pong: 'maintenance',
  hint: 'maintenance',
  leaving: 'join',
  get: 'lookup',
  got: 'lookup',
} as const

/** What a message is counted as. */
export function chordPurpose(message: ChordMessage): MessagePurpose {
  return 'why' in message ? message.why : PURPOSES[message.type]
}
