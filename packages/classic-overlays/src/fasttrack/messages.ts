import type { Key, PeerEntry, PeerId, Pointer } from '@onehop/overlay'

/** A node as host caches and refresh lists have it. Nobody signs it: whoever means to use it asks it first. */
export interface HostEntry {
  readonly peer: PeerEntry
  readonly isSupernode: boolean
  /** Workload: children that it has. */
  readonly children: number
  /** Since somebody heard from it, in ms. */
  readonly ageMs: number
}

/** An ordinary node asks to become a child. */
export interface Hello {
  readonly type: 'hello'
  readonly request: number
  readonly sender: PeerEntry
  /** Children that it could carry as a supernode; a claim. */
  readonly capacity: number
}

/** Answer to a hello: taken or not, with a refresh list of other supernodes. */
export interface Welcome {
  readonly type: 'welcome'
  readonly request: number
  readonly accepted: boolean
  readonly hosts: readonly HostEntry[]
}

/** A child tells its supernode what it has, or has no more. Only its own pointers. */
export interface Register {
  readonly type: 'register'
  readonly request: number
  /** They were with another supernode before: churn, not publication. */
  readonly moved: boolean
  readonly pointers: readonly Pointer[]
}

/** Answer to a registration. Not accepted: the sender is no child here. */
export interface Registered {
  readonly type: 'registered'
  readonly request: number
  readonly accepted: boolean
}

/** Asks a supernode to search: pointers under the key; under several: of contents that have pointers under each. */
export interface Find {
  readonly type: 'find'
  readonly request: number
  readonly keys: readonly Key[]
  readonly limit: number
}

/** What a supernode has found so far. The first comes at once, and may be empty. */
export interface Found {
  readonly type: 'found'
  readonly request: number
  readonly hops: number
  /** The supernode whose children have it. */
  readonly supernode?: PeerEntry
  readonly pointers: readonly Pointer[]
  /** Nothing follows. */
  readonly last: boolean
  /** With the last: pointers told in all, for messages overtake each other and get lost. */
  readonly total: number
}

/** A search on its way among supernodes. */
export interface Query {
  readonly type: 'query'
  /** The 8 bytes of its id, as two numbers. */
  readonly high: number
  readonly low: number
  readonly ttl: number
  readonly hops: number
  readonly keys: readonly Key[]
  readonly limit: number
}

/** What one supernode's children have, on the way back. */
export interface Hits {
  readonly type: 'hits'
  readonly high: number
  readonly low: number
  readonly hops: number
  readonly supernode: PeerEntry
  readonly pointers: readonly Pointer[]
}

export interface Ping {
  readonly type: 'ping'
  readonly request: number
  readonly sender: PeerEntry
}

export interface Pong {
  readonly type: 'pong'
  readonly request: number
  readonly sender: PeerEntry
  readonly isSupernode: boolean
  /** Who pinged is its child, or its neighbour. */
  readonly isKnown: boolean
  /** It has lost its supernode, and looks for one. */
  readonly isOrphan: boolean
  readonly children: number
  /** Children that it would still take. */
  readonly room: number
  readonly hosts: readonly HostEntry[]
}

/** A supernode wants to be another's neighbour. */
export interface Link {
  readonly type: 'link'
  readonly request: number
  readonly sender: PeerEntry
  readonly children: number
}

export interface Linked {
  readonly type: 'linked'
  readonly request: number
  readonly accepted: boolean
  readonly children: number
  readonly hosts: readonly HostEntry[]
}

/** A full supernode asks a child to become one. */
export interface Invite {
  readonly type: 'invite'
  readonly request: number
}

export interface Invited {
  readonly type: 'invited'
  readonly request: number
  readonly accepted: boolean
}

/** A supernode asks a neighbour whether a child can be dialled. */
export interface Check {
  readonly type: 'check'
  readonly request: number
  readonly peer: PeerEntry
}

export interface Checked {
  readonly type: 'checked'
  readonly request: number
  readonly accepted: boolean
}

/**
 * A supernode asks a child to go to another, which has more room; or a child tells its supernode of others, which belong
 * to a part of the network that it may not know.
 */
export interface Redirect {
  readonly type: 'redirect'
  readonly hosts: readonly HostEntry[]
}

/** The sender is no longer the receiver's child, supernode or neighbour. */
export interface Bye {
  readonly type: 'bye'
  readonly hosts: readonly HostEntry[]
}

/** Asks the provider's supernode to have it come to the sender, whom it can dial. */
export interface Push {
  readonly type: 'push'
  readonly request: number
  readonly sender: PeerEntry
  readonly provider: PeerId
  readonly key: Key
}

/** The provider, to who asked for it. */
export interface Giv {
  readonly type: 'giv'
  readonly request: number
}

/** Who has got content tells the provider's supernode so. */
export interface Receipt {
  readonly type: 'receipt'
  readonly provider: PeerId
}

/** Messages that answer a request. */
export type FastTrackReply = Welcome | Registered | Pong | Linked | Invited | Checked | Giv

export type FastTrackMessage =
  | Hello
  | Register
  | Find
  | Found
  | Query
  | Hits
  | Ping
  | Link
  | Invite
  | Check
  | Redirect
  | Bye
  | Push
  | Receipt
  | FastTrackReply
