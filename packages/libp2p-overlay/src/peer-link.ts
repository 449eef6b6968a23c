import type { Connection, Stream } from '@libp2p/interface'
import { DecodeError, TokenBucket } from '@onehop/primitives'
import { FramedStream } from './framed-stream.ts'
import {
  IDLE_STREAM_MS,
  MAX_MESSAGE_BURST,
  MAX_MESSAGE_BYTES_BURST,
  MAX_MESSAGE_BYTES_PER_SECOND,
  MAX_MESSAGES_PER_SECOND,
  MAX_OVERLAY_FRAME_BYTES,
  MAX_QUEUED_BYTES_PER_PEER,
  MAX_QUEUED_MESSAGES_PER_PEER,
  MAX_STREAMS_PER_PEER,
  REDIAL_DELAY_MS,
} from './limits.ts'
import type { LinkUse } from './link-room.ts'

const FRAME_LIMITS = { maxFrameBytes: MAX_OVERLAY_FRAME_BYTES, maxQueuedBytes: MAX_QUEUED_BYTES_PER_PEER }

/** What a link needs of its owner. */
export interface LinkPort {
  now(): number
  /** Dials if needed. Rejects when the peer cannot be reached. */
  openStream(): Promise<{ readonly stream: Stream; readonly connection: Connection }>
  /** The first stream has been opened. */
  onWarm(): void
  /** The last stream has closed. */
  onCold(): void
  onFrame(frame: Uint8Array): void
  onDropped(): void
  /** The peer cannot be reached: what waited is lost. */
  onUnreachable(): void
  /** The peer sent what is no frame. */
  onMalformed(error: Error): void
}

/**
 * The one warm path to a peer: a stream that is opened when first needed and then used in both directions. Both
 * sides may open one at the same moment; either serves, so none is torn down for it.
 */
export class PeerLink implements LinkUse {
  private readonly port: LinkPort
  private readonly streams: FramedStream[] = []
  private readonly inboundRate: TokenBucket
  private readonly inboundBytes: TokenBucket
  private waiting: Uint8Array[] = []
  private opening = false
  private met = false
  private closed = false
  private unreachableUntilMs = 0
  private lastUseMs: number
  private direction: Connection['direction'] = 'outbound'

  constructor(port: LinkPort) {
    this.port = port
    this.lastUseMs = port.now()
    this.inboundRate = new TokenBucket(MAX_MESSAGES_PER_SECOND, MAX_MESSAGE_BURST, this.lastUseMs)
    this.inboundBytes = new TokenBucket(MAX_MESSAGE_BYTES_PER_SECOND, MAX_MESSAGE_BYTES_BURST, this.lastUseMs)
  }

  get isOpen(): boolean {
    return this.streams.some(stream => stream.isOpen)
  }

  get usedAtMs(): number {
    return this.lastUseMs
  }

  get isInbound(): boolean {
    return this.direction === 'inbound'
  }

  /** Whether it is open, or about to be. */
  get isWanted(): boolean {
    return this.opening || this.isOpen
  }

  /** Nothing would be lost with this link, not even that a dial failed a moment ago. */
  get isForgettable(): boolean {
    return this.streams.length === 0 && !this.opening && this.port.now() >= this.unreachableUntilMs
  }

  /** True the first time, when a message of this peer has come. */
  greet(): boolean {
    const isFirst = !this.met
    this.met = true
    return isFirst
  }

  send(frame: Uint8Array): void {
    this.lastUseMs = this.port.now()
    const stream = this.streams.find(candidate => candidate.isOpen)
    if (stream !== undefined) {
      if (!stream.send(frame)) this.port.onDropped()
    } else {
      this.wait(frame)
    }
  }

  /** Takes a stream that the peer opened, or that we did. */
  attach(stream: Stream, connection: Connection): void {
    this.unreachableUntilMs = 0
    this.lastUseMs = this.port.now()
    this.direction = connection.direction
    if (this.streams.length >= MAX_STREAMS_PER_PEER) this.streams[0]?.abort(new Error('too many streams'))
    const framed = new FramedStream(stream, FRAME_LIMITS, {
      onFrame: frame => this.receive(frame),
      onClose: error => this.detach(framed, error),
    })
    this.streams.push(framed)
    if (this.streams.length === 1) this.port.onWarm()
    const waiting = this.waiting
    this.waiting = []
    for (const frame of waiting) this.send(frame)
  }

  /** Closes the streams when nothing has moved for long. */
  closeIfUnused(): void {
    if (!this.opening && this.port.now() - this.lastUseMs >= IDLE_STREAM_MS) this.cool()
  }

  /** Sends what is queued, then closes the streams. The next message opens one again. */
  cool(): void {
    for (const stream of [...this.streams]) stream.close()
  }

  /** Sends what is queued, then closes. Nothing is reported afterwards. */
  close(): void {
    this.closed = true
    for (const stream of this.streams) stream.close()
  }

  abort(reason: Error): void {
    this.closed = true
    for (const stream of [...this.streams]) stream.abort(reason)
  }

  private wait(frame: Uint8Array): void {
    if (this.port.now() < this.unreachableUntilMs) {
      // Not in this turn: a machine that answers an unreachable peer with another message must not recurse.
      setImmediate(() => this.reportUnreachable())
      return
    }
    if (this.waiting.length < MAX_QUEUED_MESSAGES_PER_PEER) this.waiting.push(frame)
    else this.port.onDropped()
    if (!this.opening) void this.open()
  }

  private async open(): Promise<void> {
    this.opening = true
    try {
      const { stream, connection } = await this.port.openStream()
      this.opening = false
      if (this.closed) stream.abort(new Error('the overlay stopped'))
      else this.attach(stream, connection)
    } catch {
      this.opening = false
      this.onOpenFailed()
    }
  }

  private onOpenFailed(): void {
    // The peer may have opened a stream to us in the meantime; then what waited went that way.
    if (this.closed || this.isOpen) return
    this.unreachableUntilMs = this.port.now() + REDIAL_DELAY_MS
    this.waiting = []
    this.reportUnreachable()
  }

  private reportUnreachable(): void {
    if (!this.closed) this.port.onUnreachable()
  }

  private receive(frame: Uint8Array): void {
    this.lastUseMs = this.port.now()
    const isWithinLimits =
      this.inboundRate.take(1, this.lastUseMs) && this.inboundBytes.take(frame.length, this.lastUseMs)
    if (isWithinLimits) this.port.onFrame(frame)
    else this.port.onDropped()
  }

  private detach(stream: FramedStream, error?: Error): void {
    const index = this.streams.indexOf(stream)
    if (index >= 0) this.streams.splice(index, 1)
    if (this.closed) return
    if (error instanceof DecodeError) this.port.onMalformed(error)
    if (this.streams.length === 0) this.port.onCold()
  }
}
