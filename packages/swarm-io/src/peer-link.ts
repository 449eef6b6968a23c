import { invalid, type Rejection } from '@onehop/primitives'
import {
  type BlockRange,
  encodeHandshake,
  HANDSHAKE_BYTES,
  type Handshake,
  parseHandshake,
  startsLikeHandshake,
  type WireConnection,
  WireDecoder,
  type WireMessage,
  type WireSink,
} from '@onehop/swarm'
import { HANDSHAKE_TIMEOUT_MS, UPLOAD_READ_AHEAD_BLOCKS } from './limits.ts'
import { MessageGatherer } from './message-gatherer.ts'

/** The torrent's side of a link, once the handshake has said which torrent it is. */
export interface LinkHandler extends WireSink {
  /** All that has arrived so far was handed over. */
  afterBatch(): void
  onMalformed(rejection: Rejection): void
  onClosed(): void
  takeUpload(): BlockRange | undefined
  /** A block's bytes, at once when they are in memory. Reading ahead is asking and not waiting. */
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array>
  onReadFailed(error: unknown): void
}

/** One connection, from the handshake to the end: bytes in, messages out, blocks as fast as the peer reads. */
export class PeerLink {
  readonly remotePeer: string
  readonly isOutbound: boolean
  readonly connection: WireConnection
  private readonly gatherer: MessageGatherer
  private readonly handshakeTimer: NodeJS.Timeout
  private onHandshake: ((handshake: Handshake) => void) | undefined
  private readonly onStranger: (rejection: Rejection) => void
  private onGone: () => void = () => {}
  private readonly greeting = new Uint8Array(HANDSHAKE_BYTES)
  private greeted = 0
  private handler: LinkHandler | undefined
  private decoder: WireDecoder | undefined
  private isClosed = false
  private readonly inHand: BlockRange[] = []
  private isUploading = false
  private batchEnds = false

  /**
   * @param onHandshake called once, when the other's handshake is here; it calls {@link attach} or {@link close}.
   * @param onStranger told when what comes is no handshake; the connection is closed then.
   * @param onGone called once, when the connection is closed, whoever closed it.
   */
  constructor(
    connection: WireConnection,
    isOutbound: boolean,
    onHandshake: (handshake: Handshake) => void,
    onStranger: (rejection: Rejection) => void,
    onGone: () => void,
  ) {
    this.connection = connection
    this.remotePeer = connection.remotePeer
    this.isOutbound = isOutbound
    this.onHandshake = onHandshake
    this.onStranger = onStranger
    this.onGone = onGone
    this.gatherer = new MessageGatherer(connection, () => this.close())
    this.handshakeTimer = setTimeout(() => this.close(), HANDSHAKE_TIMEOUT_MS)
    this.handshakeTimer.unref()
    connection.onClose(() => this.onClosed())
    connection.onDrain(() => this.onDrain())
    connection.onData(bytes => this.onData(bytes))
  }

  sendHandshake(handshake: Handshake): void {
    this.gatherer.send(encodeHandshake(handshake))
  }

  /** The handshake is accepted: from now on the handler gets everything. */
  attach(handler: LinkHandler): void {
    clearTimeout(this.handshakeTimer)
    this.handler = handler
    this.decoder = new WireDecoder(handler)
  }

  sendMessage(message: WireMessage): void {
    if (!this.isClosed) this.gatherer.add(message)
  }

  close(): void {
    if (this.isClosed) return
    this.gatherer.flush()
    this.connection.close()
    this.onClosed()
  }

  private onClosed(): void {
    if (this.isClosed) return
    this.isClosed = true
    clearTimeout(this.handshakeTimer)
    this.decoder?.stop()
    this.inHand.length = 0
    this.handler?.onClosed()
    this.onGone()
  }

  private onData(bytes: Uint8Array): void {
    if (this.isClosed) return
    const rest = this.decoder ? bytes : this.readGreeting(bytes)
    if (rest.length === 0 || !this.decoder) return
    const verdict = this.decoder.push(rest)
    if (verdict.ok) this.endBatchSoon()
    else this.handler?.onMalformed(verdict)
  }

  /** What comes in parts in one turn is one batch: the requests for more go out together. */
  private endBatchSoon(): void {
    if (this.batchEnds) return
    this.batchEnds = true
    queueMicrotask(() => {
      this.batchEnds = false
      if (this.isClosed) return
      this.handler?.afterBatch()
      this.gatherer.flush()
    })
  }

  /** Gathers the handshake. @returns what follows it. */
  private readGreeting(bytes: Uint8Array): Uint8Array {
    const taken = Math.min(HANDSHAKE_BYTES - this.greeted, bytes.length)
    this.greeting.set(bytes.subarray(0, taken), this.greeted)
    this.greeted += taken
    if (!startsLikeHandshake(this.greeting.subarray(0, this.greeted))) {
      this.onStranger(invalid('no-swarm-handshake'))
      this.close()
    } else if (this.greeted === HANDSHAKE_BYTES) {
      this.onHandshake?.(parseHandshake(this.greeting))
      this.onHandshake = undefined
    }
    return bytes.subarray(taken)
  }

  private onDrain(): void {
    this.gatherer.onDrain()
    this.uploadsReady()
  }

  /** There are blocks to send. */
  uploadsReady(): void {
    if (this.isUploading || this.isClosed) return
    this.isUploading = true
    this.uploadAll().catch((error: unknown) => {
      this.handler?.onReadFailed(error)
      this.close()
    })
  }

  /** Until nothing is asked for any more, or the connection is full. */
  private async uploadAll(): Promise<void> {
    const handler = this.handler
    while (handler && !this.isClosed && !this.gatherer.isFull) {
      this.takeInHand(handler)
      const range = this.inHand.shift()
      if (!range) break
      const read = handler.readBlock(range)
      if (!(read instanceof Uint8Array)) this.gatherer.flush()
      const block = read instanceof Uint8Array ? read : await read
      this.sendMessage({ type: 'piece', piece: range.piece, begin: range.begin, block })
    }
    this.isUploading = false
  }

  private takeInHand(handler: LinkHandler): void {
    if (this.inHand.length > UPLOAD_READ_AHEAD_BLOCKS / 2) return
    while (this.inHand.length < UPLOAD_READ_AHEAD_BLOCKS) {
      const range = handler.takeUpload()
      if (!range) return
      this.inHand.push(range)
      const read = handler.readBlock(range)
      // Whoever waits for the block sees the failure.
      if (!(read instanceof Uint8Array)) read.catch(() => {})
    }
  }
}
