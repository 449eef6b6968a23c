import { BoundedMap } from '@onehop/primitives'
import { RateMeter } from '../bandwidth/rate-meter.ts'
import type { Bitfield } from '../bitfield.ts'
import type { ActivePiece } from '../download/active-piece.ts'
import type { ExtensionHandshake } from '../extensions/extension-handshake.ts'
import { DEFAULT_PEER_QUEUE, MAX_QUEUED_REQUESTS, MAX_REQUEST_BYTES } from '../limits.ts'
import type { PeerAddress } from '../peer-address.ts'
import type { BlockRange } from '../wire/wire-messages.ts'

/** A connection to a peer within one torrent's machine. */
export type PeerKey = number & { readonly __brand: 'PeerKey' }

/** A peer whose handshake was exchanged. */
export interface NewPeer {
  /** Chosen by the driver; never used twice in one machine. */
  readonly key: PeerKey
  /** Who it is, for bans: the same again when it comes back. */
  readonly remotePeer: string
  /** Whether its handshake says that it understands BEP 10. */
  readonly extensions: boolean
  /** Whether its handshake says that it understands BEP 6. */
  readonly fast: boolean
  /** Whether its handshake says that it knows version 2 of a hybrid (BEP 52). */
  readonly v2?: boolean
  /** What its handshake says, 20 bytes. */
  readonly peerId: Uint8Array
  /** Whether we opened the connection. */
  readonly isOutbound: boolean
  /**
   * The other end of the connection, where it has an IP address. Port 0 over libp2p, where it says nothing of TCP; of an
   * inbound connection it is not where the peer listens.
   */
  readonly address?: PeerAddress
}

/** A block that is arriving. */
export interface IncomingBlock {
  readonly piece: number
  readonly block: number
  /** The piece that it is for; undefined when that is not being fetched. */
  readonly active: ActivePiece | undefined
  received: number
  /** Where it goes; undefined when it is of no use any more. */
  target: Uint8Array | undefined
  /** Whether `target` is the piece's own buffer, or a place beside it because another peer writes there. */
  readonly direct: boolean
}

/** What a peer says that it has, before the number of pieces is known. */
export interface EarlyPieces {
  bits: Uint8Array | 'all' | undefined
  readonly haves: Set<number>
}

/** All that a torrent's machine knows of one peer. */
export class PeerState {
  readonly key: PeerKey
  readonly remotePeer: string
  /** Whether the peer understands the extension protocol (BEP 10). */
  readonly extensions: boolean
  /** Whether it understands the Fast extension (BEP 6). */
  readonly fast: boolean
  /** Whether it knows version 2 of a hybrid (BEP 52). */
  readonly v2: boolean
  /** 20 bytes. */
  readonly peerId: Uint8Array
  readonly isOutbound: boolean
  readonly address: PeerAddress | undefined

  amChoking = true
  amInterested = false
  interestedSinceMs = 0
  peerChoking = true
  peerInterested = false
  unchokedAtMs = 0

  /** What it has; undefined until the number of pieces is known. */
  have: Bitfield | undefined
  /** What it said before that. */
  early: EarlyPieces | undefined
  /** It said at once that it has everything: the picker counts it as a seed. */
  isKnownSeed = false
  /** Bitfields that it sent within the minute that began at `bitfieldsSinceMs`. */
  bitfields = 0
  bitfieldsSinceMs = 0
  /** Pieces that it has and we want and lack. */
  wanted = 0

  /** Blocks asked for, by number in the torrent, and when. */
  readonly requests = new Map<number, number>()
  /** Cancels that it owes an answer to, a block or a reject (BEP 6), by block; the oldest are forgotten. */
  readonly openCancels = new BoundedMap<number, number>(MAX_QUEUED_REQUESTS)
  /** Bytes that may still come for requests that were taken back. */
  excusedBytes = MAX_REQUEST_BYTES
  incoming: IncomingBlock | undefined
  isSnubbing = false
  /** When requests began after a pause, and the blocks that have come since. */
  askedSinceMs = 0
  blocksSinceAsked = 0
  /** Pieces that we may ask for while it chokes us (BEP 6). */
  readonly allowedFast = new Set<number>()
  /** Pieces that it has and would not send, or was too slow with; for a while only. */
  readonly refused = new Set<number>()
  refusedSinceMs = 0
  /** The picker's `changes` when it had no candidate for this peer. */
  exhaustedAt = -1
  /** There was nothing at all to ask it for; not looked again before. */
  idleUntilMs = 0
  lastBlockBytesMs: number
  /** Least time between a request and its block since requests began: an estimate of the round trip. */
  latencyMs: number | undefined

  /** Blocks that it waits for. */
  readonly uploads: BlockRange[] = []
  /** Each request may be cancelled once: one for each of the last {@link MAX_QUEUED_REQUESTS}. */
  cancelsLeft = MAX_QUEUED_REQUESTS
  /** Requests since it was choked. */
  requestsWhileChoked = 0
  metadataPartsServed = 0
  /** Pieces that it may ask for while we choke it (BEP 6). */
  grantedFast: ReadonlySet<number> | undefined

  extension: ExtensionHandshake = {}
  readonly download: RateMeter
  readonly upload: RateMeter
  lastReceivedMs: number
  /** Messages but blocks within the span that began at `messagesSinceMs`. */
  messages = 0
  messagesSinceMs = 0
  keptAliveMs: number

  constructor(peer: NewPeer, nowMs: number) {
    this.key = peer.key
    this.remotePeer = peer.remotePeer
    this.extensions = peer.extensions
    this.fast = peer.fast
    this.v2 = peer.v2 === true
    this.peerId = peer.peerId
    this.isOutbound = peer.isOutbound
    this.address = peer.address
    this.lastReceivedMs = nowMs
    this.keptAliveMs = nowMs
    this.lastBlockBytesMs = nowMs
    this.download = new RateMeter(nowMs)
    this.upload = new RateMeter(nowMs)
  }

  /** Where it takes TCP connections, as far as is known: where we have reached it, or as it says. */
  get listenAddress(): PeerAddress | undefined {
    const { address, extension } = this
    if (address === undefined || (this.isOutbound && address.port > 0)) return address
    return extension.listenPort === undefined ? undefined : { host: address.host, port: extension.listenPort }
  }

  /** What it would not send may be asked for again. */
  forgetRefusals(): void {
    if (this.refused.size === 0) return
    this.refused.clear()
    this.exhaustedAt = -1
  }

  /** Requests that it says it keeps. */
  get queueLimit(): number {
    return this.extension.requestQueue ?? DEFAULT_PEER_QUEUE
  }

  /**
   * A sample of request-to-block time: the least since requests began counts. It is not forgotten as time goes by: with
   * many requests outstanding all samples are long, and would only make for more.
   */
  observeLatency(sampleMs: number): void {
    this.latencyMs = Math.min(this.latencyMs ?? sampleMs, sampleMs)
  }
}
