import type { Key, PeerEntry, PeerId, Pointer } from '@onehop/overlay'

/** A client wants to be served. `session` grows with every new one; the same number takes up the session that was. */
export interface Login {
  readonly type: 'login'
  readonly request: number
  readonly session: number
}

/** A server wants to search together with another; said again now and then, it shows that it is alive. */
export interface Link {
  readonly type: 'link'
  readonly request: number
  readonly self: PeerEntry
  readonly clients: number
}

/** Asks which servers there are. */
export interface Where {
  readonly type: 'where'
  readonly request: number
}

/** Answers {@link Login}, {@link Link} and {@link Where}. Who accepts is a server, and the first of those it names. */
export interface Welcome {
  readonly type: 'welcome'
  readonly request: number
  /** Whether the client is served, or the server linked. */
  readonly accepted: boolean
  /** Whether the client's session, or the link, was there already. */
  readonly isKnown: boolean
  /** Clients of who answers. */
  readonly clients: number
  /** Those with the fewest clients first. */
  readonly servers: readonly PeerEntry[]
}

/** What the client has, or has no more (withdrawn pointers): added to what it said before. */
export interface Upload {
  readonly type: 'upload'
  readonly request: number
  readonly session: number
  /** Said before, to another server or in another session: for who counts messages by what they are for. */
  readonly isMove: boolean
  readonly pointers: readonly Pointer[]
}

/** Answers {@link Upload}. */
export interface Held {
  readonly type: 'held'
  readonly request: number
  readonly isMove: boolean
  /** False: there is no such session; the client must log in first. */
  readonly isKnown: boolean
  /** Too much is being checked: the same again, later. */
  readonly isBusy: boolean
  /** Positions in the upload of those that the directory did not take. */
  readonly refused: readonly number[]
}

/** The client is still there. */
export interface KeepAlive {
  readonly type: 'keepAlive'
  readonly request: number
  readonly session: number
}

/** Answers {@link KeepAlive}, with the other servers. */
export interface Alive {
  readonly type: 'alive'
  readonly request: number
  readonly isKnown: boolean
  readonly servers: readonly PeerEntry[]
}

/** The client goes, with all that it had. */
export interface Logout {
  readonly type: 'logout'
  readonly session: number
}

/** The server goes; its clients and the other servers hear of it. */
export interface Closing {
  readonly type: 'closing'
  readonly servers: readonly PeerEntry[]
}

/** A client tells its server of servers that it has met elsewhere. */
export interface Introduce {
  readonly type: 'introduce'
  readonly servers: readonly PeerEntry[]
}

/** Who has it? */
export interface Find {
  readonly type: 'find'
  readonly request: number
  readonly key: Key
  readonly limit: number
  /** From server to server: only the own list is searched. */
  readonly isForwarded: boolean
}

/** What carries all these words? `limit` counts contents. */
export interface Search {
  readonly type: 'search'
  readonly request: number
  readonly words: readonly string[]
  readonly limit: number
  readonly isForwarded: boolean
}

/** Answers {@link Find} and {@link Search}. */
export interface Found {
  readonly type: 'found'
  readonly request: number
  /** Whether who asked is logged in. */
  readonly isKnown: boolean
  /** Servers that were asked and did not answer: what they have is missing. */
  readonly silent: number
  /** Of the first pointer: whether another server had it. */
  readonly isFromOther: boolean
  readonly pointers: readonly Pointer[]
}

/** Are you there? Also the call of a host that was asked to call: `token` is then what it was given, otherwise 0. */
export interface Ping {
  readonly type: 'ping'
  readonly request: number
  readonly token: number
}

/** Answers {@link Ping}. */
export interface Pong {
  readonly type: 'pong'
  readonly request: number
}

/** A client that cannot dial a host asks its server to have the host call; servers pass it on to the host's. */
export interface Call {
  readonly type: 'call'
  readonly token: number
  readonly host: PeerId
  readonly caller: PeerEntry
}

/** All messages of `napster/1`. */
export type NapsterMessage =
  | Login
  | Link
  | Where
  | Welcome
  | Upload
  | Held
  | KeepAlive
  | Alive
  | Logout
  | Closing
  | Introduce
  | Find
  | Search
  | Found
  | Ping
  | Pong
  | Call

/** Those that answer a request. */
export type NapsterReply = Welcome | Held | Alive | Found | Pong
