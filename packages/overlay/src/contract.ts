import type { Verdict } from '@onehop/primitives'
import type { Key } from './keys.ts'
import type { Pointer, PointerKind } from './pointer.ts'

/** A peer inside one machine: a small integer that indexes its tables. Never leaves the process. */
export type PeerHandle = number & { readonly __brand: 'PeerHandle' }

/** A peer on the wire: the bytes of its libp2p peer id (38 bytes for an Ed25519 key). */
export type PeerId = Uint8Array

/** A peer's dialable address: the bytes of a multiaddr. Opaque to machines. */
export type PeerAddress = Uint8Array

/** Something signed, as messages carry it: immutable, but for the note that its signature has been found right. */
export interface Signed {
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array
  /**
   * The object itself, set by a driver that found the signature right, so that nobody checks the same object twice.
   * Not a part of the message; a copy of the object with other fields does not pass for checked.
   */
  genuine?: Signed
  /**
   * The handle of who signed it, set with {@link genuine} by a driver whose handles are the same for all its machines
   * and stand for ever: whoever gets the object need not look for the handle by the id. Not a part of the message
   * either, and not enumerable, for a copy may name another signer.
   */
  readonly signer?: PeerHandle
}

/** Stops what it was returned for; calling it again does nothing. */
export type Cancel = () => void

/**
 * Everything that a machine knows of the world. Live it is libp2p and the clock, in the simulator virtual time and
 * a virtual network; the machine cannot tell which.
 */
export interface Environment<Message> {
  /** This node. */
  readonly self: PeerHandle
  /** Milliseconds since the Unix epoch; never runs backwards. */
  now(): number
  /** Uniform in [0, 1). */
  random(): number
  /**
   * Sends, and forgets: the message may be lost, delayed, reordered or duplicated. It may need a dial; a dial that
   * fails is reported to {@link OverlayMachine.onUnreachable}.
   */
  send(to: PeerHandle, message: Message): void
  /** Calls back once, `delayMs` from now. */
  setTimer(delayMs: number, callback: () => void): Cancel
  /** Whether a message to this peer would need no dial now. */
  isConnected(peer: PeerHandle): boolean
  /** The handle of a peer; the same for the same id until it is released. */
  intern(id: PeerId): PeerHandle
  idOf(peer: PeerHandle): PeerId
  /** First 4 bytes, big endian, of SHA-256 of the peer id's bytes. */
  hash32(peer: PeerHandle): number
  /**
   * The machine no longer holds this handle: neither its tables nor anything it waits for. Also called for the
   * sender of a message that left no trace. The driver keeps the handle for as long as it has a use for it itself
   * (an open connection), and may afterwards give the number to another peer.
   */
  release(peer: PeerHandle): void
  /** Handles stand for ever: {@link release} does nothing, and need not be called. */
  readonly keepsHandles?: boolean
  /** Where this node can be dialled, for its own records and pointers. */
  addresses(): readonly PeerAddress[]
  /** Tells the driver where a peer can be dialled. */
  learnAddresses(peer: PeerHandle, addresses: readonly PeerAddress[]): void
  /** This node's signature (64 bytes, Ed25519) of the payload. */
  sign(payload: Uint8Array): Uint8Array
  /**
   * Whether the peer signed it. The answer may come later, and the driver may batch; an object whose `genuine` is
   * the object itself is not verified again, and its payload is not asked for.
   */
  verify(signer: PeerId, signed: Signed, payload: () => Uint8Array, done: (valid: boolean) => void): void
  /** Reports what a peer is to blame for. The driver decides what it costs the peer. */
  penalise(peer: PeerHandle, verdict: Verdict): void
}

/** What a node says that it has. The machine makes, signs and refreshes the pointer until it is withdrawn. */
export interface Publication {
  readonly kind: PointerKind
  readonly key: Key
  /** Multihash of the content that a name or a word leads to. Absent for content itself. */
  readonly target?: Uint8Array
  /** At most 255 bytes of UTF-8. */
  readonly displayName?: string
  /** Words to be found by, where the overlay searches by keywords. */
  readonly words?: readonly string[]
  /** Size of the content in bytes, where it is known. */
  readonly bytes?: number
}

/** When a lookup ends, and who hears of what it finds on the way. */
export interface LookupOptions {
  /** Stop after this many pointers of different providers. */
  readonly limit: number
  /** Give up this many milliseconds from now. */
  readonly deadlineMs: number
  /** Called for every valid pointer as it arrives. */
  readonly onPointer?: (pointer: Pointer) => void
}

/** Why an operation did not reach its goal. */
export type Failure =
  | 'not found'
  | 'timed out'
  | 'no peers'
  | 'not acknowledged'
  | 'cancelled'
  | 'unreachable'

/**
 * Who a lookup's answer came from: the own table; the first peer asked; another of those asked together with it; or
 * somebody asked only after one of them had said nothing, or nothing useful.
 */
export type AnswerSource = 'own table' | 'first request' | 'first try' | 'later try'

/** What an operation found and what it cost. */
export interface Outcome {
  readonly pointers: readonly Pointer[]
  /** Overlay hops of the answer: 0 from an own table, 1 from a contact. 0 when there was no answer. */
  readonly hops: number
  /** Messages sent by this node for the operation. */
  readonly messages: number
  /** Peers asked, one after the other or side by side. */
  readonly attempts: number
  readonly elapsedMs: number
  /** Peers that confirmed a publication. */
  readonly acknowledgements: number
  /** Of the first pointer that a lookup found. Absent when there is none, and for other operations. */
  readonly answeredBy?: AnswerSource
  /** Peers that let their time pass, or could not be reached, before the operation ended. Absent when none did. */
  readonly timeouts?: number
  /** Absent on success. */
  readonly failure?: Failure
}

/** `exact`: every live pointer is found. `best effort`: flooding and the like promise less. */
export type Guarantee = 'exact' | 'best effort'

/** A plain snapshot of a machine's tables, for people and checkers: JSON values only. */
export type Inspection = { readonly [name: string]: unknown }

/** Turns messages into bytes and back. `encodedLength` does not encode: it is what the simulator charges. */
export interface MessageCodec<Message> {
  encode(message: Message): Uint8Array
  /** @throws {DecodeError} for bytes that are no message. */
  decode(bytes: Uint8Array): Message
  encodedLength(message: Message): number
}

/**
 * THE lookup contract: what every overlay offers. Handlers are synchronous and never throw for what a peer sent.
 * Every `done` is called exactly once, possibly before the method returns, unless the node leaves first.
 */
export interface OverlayMachine<Message> {
  readonly guarantee: Guarantee
  /**
   * Open connections that this node should keep because it serves others, as it stands now: an index server's clients, a
   * supernode's children. Absent or 0: as many as the driver gives to anybody, and it never gives fewer.
   */
  readonly connectionsWanted?: number
  /** Publications of this node at most: one more is an error of who publishes it. Absent: 20,000 at least. */
  readonly mostPublications?: number
  /**
   * Enters the network through these peers; none of them: this node is the first. Called again later, it makes the
   * machine known to a part of the network that it has not met.
   */
  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void
  /** Says goodbye, cancels lookups and stops all timers. The machine is not used afterwards. */
  leave(): void
  receive(from: PeerHandle, message: Message): void
  /** The driver could not deliver to this peer. */
  onUnreachable(peer: PeerHandle): void
  /**
   * Done when somebody confirmed (see `acknowledgements`), or nobody did in time. Refreshed until withdrawn, also
   * after a failure. A node that is the only one responsible holds its own pointer: success without confirmation.
   */
  publish(publication: Publication, done: (outcome: Outcome) => void): void
  /** Takes back this node's own publications under the key; with a target, only the one that leads there. */
  withdraw(key: Key, done: (outcome: Outcome) => void, target?: Uint8Array): void
  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel
  /**
   * Pointers to the contents that carry all the words, where the overlay can: content by content, the best first (see
   * `rankContents`). `limit` counts contents; the words are normalised (see `parseWords`).
   */
  search?(words: readonly string[], options: LookupOptions, done: (outcome: Outcome) => void): Cancel
  /**
   * Where a peer can be dialled, by its own signed word, as members that keep it tell. Without an answer the list is
   * empty and the outcome has a failure, as for a lookup.
   */
  locate?(
    id: PeerId,
    options: { readonly deadlineMs: number },
    done: (outcome: Outcome, addresses: readonly PeerAddress[]) => void,
  ): Cancel
  /** Members known here that are responsible for the key, best first; from the own tables, without a message. */
  closest?(key: Key, limit: number): readonly PeerHandle[]
  /** Asks a provider that cannot be dialled to come to us (Gnutella's Push, Napster's probe). */
  requestDelivery?(pointer: Pointer, done: (outcome: Outcome) => void): void
  /** The provider has delivered what the pointer leads to: where that counts for it (FastTrack's participation level). */
  noteDownload?(pointer: Pointer): void
  inspect(): Inspection
}

/**
 * What a message is for, as who measures wants to know: an answer counts with its question. `join`: all that is sent
 * because somebody came or went, the content that is moved included.
 */
export type MessagePurpose = 'lookup' | 'publication' | 'delivery' | 'join' | 'maintenance'

/** Makes a machine for an environment: what drivers and contract tests are given. */
export interface OverlayFactory<Message> {
  /** Names the wire protocol, e.g. `kelips/1`. */
  readonly protocol: string
  readonly codec: MessageCodec<Message>
  /** For measurements: which of a node's messages a lookup caused, and which it would send anyway. */
  purposeOf?(message: Message): MessagePurpose
  create(environment: Environment<Message>): OverlayMachine<Message>
}
