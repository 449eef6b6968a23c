import type { Key, MessagePurpose, PeerEntry, Pointer } from '@onehop/overlay'
import { idFromBytes, type NodeId, nodeIdOf } from './node-id.ts'

/** What a message is routed for. */
export type Errand = 'get' | 'put' | 'join' | 'near' | 'subscribe' | 'multicast'

/** What all routed messages have. Each hop acknowledges to the one before, so that a dead hop is found on the way. */
interface RouteBase {
  readonly type: 'route'
  /** Of this hop: it is acknowledged. */
  readonly request: number
  /** Hops so far, this one included. */
  readonly hops: number
  /** Next hops that were tried in vain on the way. */
  readonly detours: number
  /** 0 at the first try from end to end; later ones choose among good next hops at random. */
  readonly attempt: number
  /** Who asked, and where the answer goes. */
  readonly origin: PeerEntry
  /** Of the answer; 0: none is wanted. */
  readonly number: number
}

/** Asks the node closest to the key for its pointers. */
export interface Get extends RouteBase {
  readonly errand: 'get'
  readonly key: Key
  readonly limit: number
}

/** Leaves a pointer with the node closest to its key, which passes it on to the other holders. */
export interface Put extends RouteBase {
  readonly errand: 'put'
  readonly pointers: readonly Pointer[]
}

/** Goes to the node closest to the newcomer's id; every node on the way tells it of its tables. */
export interface Join extends RouteBase {
  readonly errand: 'join'
  /** The newcomer has been told of the rows before this one. */
  readonly row: number
}

/** Asks who is closest to the asker's own id: itself, unless there are two rings. */
export interface Near extends RouteBase {
  readonly errand: 'near'
}

/** Scribe: who sends it wants a group's multicasts from its next hop. Stops where the tree is reached. */
export interface Subscribe extends RouteBase {
  readonly errand: 'subscribe'
  readonly key: Key
}

/** Scribe: goes to the root of the group's tree. */
export interface Multicast extends RouteBase {
  readonly errand: 'multicast'
  readonly key: Key
  readonly id: Uint8Array
  readonly payload: Uint8Array
}

export type Route = Get | Put | Join | Near | Subscribe | Multicast

/** The message has come to the next hop. */
export interface Ack {
  readonly type: 'ack'
  readonly request: number
  readonly errand: Errand
}

/** Pointers under the key, or none and the other nodes that hold the key's. */
export interface Found {
  readonly type: 'found'
  readonly request: number
  readonly hops: number
  readonly detours: number
  readonly pointers: readonly Pointer[]
  readonly members: readonly PeerEntry[]
}

/** How many nodes besides the publisher hold the pointer now. */
export interface Stored {
  readonly type: 'stored'
  readonly request: number
  readonly hops: number
  readonly detours: number
  readonly held: number
}

/** Rows of a routing table for a newcomer, from a node on its join's way. */
export interface Rows {
  readonly type: 'rows'
  readonly request: number
  readonly members: readonly PeerEntry[]
}

/** A leaf set, and whose it is: answers `hello`, `exchange`, and joins. */
export interface Leaves {
  readonly type: 'leaves'
  readonly request: number
  readonly joining: boolean
  readonly hops: number
  readonly sender: PeerEntry
  readonly members: readonly PeerEntry[]
}

/** "I should be in your leaf set": answered with `leaves`. */
export interface Hello {
  readonly type: 'hello'
  readonly request: number
  /** The sender has just come, and fetches what it is to hold by itself. */
  readonly joining: boolean
  /** The receiver need not tell its leaf set. */
  readonly brief: boolean
  readonly sender: PeerEntry
}

/** Leaf sets of neighbours, compared. */
export interface Exchange {
  readonly type: 'exchange'
  readonly request: number
  readonly sender: PeerEntry
  readonly members: readonly PeerEntry[]
}

/** Are you there, and how far? With a sender: "I could be in your routing table". */
export interface Ping {
  readonly type: 'ping'
  readonly request: number
  readonly joining: boolean
  readonly sender?: PeerEntry
}

export interface Pong {
  readonly type: 'pong'
  readonly request: number
  readonly joining: boolean
}

/** Asks for a row of the routing table. */
export interface RowAsk {
  readonly type: 'row-ask'
  readonly request: number
  readonly joining: boolean
  readonly row: number
}

export interface Row {
  readonly type: 'row'
  readonly request: number
  readonly joining: boolean
  readonly members: readonly PeerEntry[]
}

/** A newcomer fetches the pointers that it is to hold from its neighbours. */
export interface Pull {
  readonly type: 'pull'
  readonly request: number
  /** Pointers of this kind that the neighbour has told already. */
  readonly skip: number
}

export interface Share {
  readonly type: 'share'
  readonly request: number
  readonly pointers: readonly Pointer[]
  readonly more: boolean
}

/** Pointers for one of the closest nodes: new ones, or such as it became responsible for. */
export interface Hold {
  readonly type: 'hold'
  readonly request: number
  readonly moves: boolean
  readonly pointers: readonly Pointer[]
}

export interface Held {
  readonly type: 'held'
  readonly request: number
  readonly moves: boolean
  readonly held: number
}

/** Asks a holder directly. */
export interface Fetch {
  readonly type: 'fetch'
  readonly request: number
  readonly key: Key
  readonly limit: number
}

/** The sender leaves. */
export interface Farewell {
  readonly type: 'farewell'
}

/** Scribe: down the tree. */
export interface Deliver {
  readonly type: 'deliver'
  readonly key: Key
  readonly id: Uint8Array
  readonly hops: number
  readonly payload: Uint8Array
}

/** Scribe: a parent tells its child that the tree stands; the child answers whether it still wants to be in it. */
export interface Beat {
  readonly type: 'beat'
  readonly request: number
  /** From the root to the sender: grows without end where parents form a circle. */
  readonly hops: number
  readonly key: Key
}

export interface Beaten {
  readonly type: 'beaten'
  readonly request: number
  readonly wanted: boolean
}

/** Scribe: the sender wants no more of the group's multicasts. */
export interface Prune {
  readonly type: 'prune'
  readonly key: Key
}

export type PastryMessage =
  | Route
  | Ack
  | Found
  | Stored
  | Rows
  | Leaves
  | Hello
  | Exchange
  | Ping
  | Pong
  | RowAsk
  | Row
  | Pull
  | Share
  | Hold
  | Held
  | Fetch
  | Farewell
  | Deliver
  | Beat
  | Beaten
  | Prune

/** Answers to requests, which are recognised by their number. */
export type Reply = Ack | Found | Stored | Leaves | Pong | Row | Share | Held | Beaten

/** Where a routed message goes. */
export function targetOf(message: Route): NodeId {
  switch (message.errand) {
    case 'put':
      return idFromBytes(message.pointers[0]!.key)
    case 'join':
    case 'near':
      return nodeIdOf(message.origin.id)
    default:
      return idFromBytes(message.key)
  }
}

const ERRAND_PURPOSES: Readonly<Record<Errand, MessagePurpose>> = {
  get: 'lookup',
  put: 'publication',
  join: 'join',
  near: 'maintenance',
  subscribe: 'maintenance',
  multicast: 'delivery',
}

const PURPOSES: Readonly<
  Record<Exclude<PastryMessage['type'], 'route' | 'ack' | 'leaves' | 'ping' | 'pong'>, MessagePurpose>
> = {
  found: 'lookup',
  fetch: 'lookup',
  stored: 'publication',
  hold: 'publication',
  held: 'publication',
  rows: 'join',
  hello: 'join',
  pull: 'join',
  share: 'join',
  farewell: 'join',
  exchange: 'maintenance',
  row: 'maintenance',
  'row-ask': 'maintenance',
  deliver: 'delivery',
  beat: 'maintenance',
  beaten: 'maintenance',
  prune: 'maintenance',
}

/** What a message is for: pointers that move because somebody came or went count with the join. */
export function purposeOf(message: PastryMessage): MessagePurpose {
  switch (message.type) {
    case 'route':
    case 'ack':
      return ERRAND_PURPOSES[message.errand]
    case 'hold':
    case 'held':
      return message.moves ? 'join' : 'publication'
    case 'leaves':
    case 'ping':
    case 'pong':
    case 'row':
    case 'row-ask':
      return message.joining ? 'join' : 'maintenance'
    default:
      return PURPOSES[message.type]
  }
}
