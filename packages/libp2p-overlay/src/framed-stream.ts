import type { Stream } from '@libp2p/interface'
import { concatBytes } from '@onehop/primitives'
import { FrameDecoder, framePrefix } from './frames.ts'

/** Up to here prefix and body are joined into one write; larger bodies are not copied for it. */
const JOIN_BELOW_BYTES = 16 * 1024

/** Bounds of a framed stream, in bytes. */
export interface FrameLimits {
  readonly maxFrameBytes: number
  /** What may wait for the peer to read. */
  readonly maxQueuedBytes: number
}

/** What the owner of a framed stream hears. */
export interface FrameHandlers {
  onFrame(frame: Uint8Array): void
  /** Called once. A `DecodeError` means that the peer sent what is no frame. */
  onClose(error?: Error): void
}

/**
 * Length-prefixed frames over a libp2p stream that stays open. Events instead of `lpStream`: a frame is handled in
 * the turn in which it arrives, and writes queue without a promise each.
 */
export class FramedStream {
  private readonly stream: Stream
  private readonly limits: FrameLimits
  private readonly handlers: FrameHandlers
  private readonly decoder: FrameDecoder
  private readonly drainWaiters = new Set<() => void>()
  private closed = false
  private received = 0

  constructor(stream: Stream, limits: FrameLimits, handlers: FrameHandlers) {
    this.stream = stream
    this.limits = limits
    this.handlers = handlers
    this.decoder = new FrameDecoder(limits.maxFrameBytes)
    stream.addEventListener('message', event => this.onBytes(event.data.subarray()))
    stream.addEventListener('remoteCloseWrite', () => this.close())
    stream.addEventListener('drain', () => this.releaseDrainWaiters())
    stream.addEventListener('close', event => this.finish(event.error))
    // Either may have happened before anybody listened.
    if (stream.status !== 'open') queueMicrotask(() => this.finish())
    else if (stream.remoteWriteStatus === 'closed') queueMicrotask(() => this.close())
  }

  get isOpen(): boolean {
    return !this.closed && this.stream.writeStatus === 'writable'
  }

  /** Bytes that have come, of whole frames and of the one under way. */
  get receivedBytes(): number {
    return this.received
  }

  get direction(): 'inbound' | 'outbound' {
    return this.stream.direction
  }

  /** @returns false when the frame was not sent: the stream is closed, or too much is waiting already. */
  send(frame: Uint8Array): boolean {
    if (!this.isOpen) return false
    if (this.stream.writeBufferLength + frame.length > this.limits.maxQueuedBytes) return false
    try {
      const prefix = framePrefix(frame.length)
      if (frame.length <= JOIN_BELOW_BYTES) {
        this.stream.send(concatBytes(prefix, frame))
      } else {
        this.stream.send(prefix)
        this.stream.send(frame)
      }
      return true
    } catch (error) {
      this.abort(error as Error)
      return false
    }
  }

  /** Resolves when the stream takes more, or has closed. (The stream's own `onDrain` works only once.) */
  async drained(): Promise<void> {
    while (this.isOpen && this.stream.writableNeedsDrain) {
      await new Promise<void>(resolve => this.drainWaiters.add(resolve))
    }
  }

  /** Sends what is queued, then closes. */
  close(): void {
    if (this.closed || this.stream.writeStatus !== 'writable') return
    this.stream.close().catch(error => this.stream.abort(error as Error))
  }

  abort(error: Error): void {
    this.stream.abort(error)
    this.finish(error)
  }

  private onBytes(bytes: Uint8Array): void {
    if (this.closed) return
    this.received += bytes.length
    try {
      this.decoder.push(bytes, frame => {
        if (!this.closed) this.handlers.onFrame(frame)
      })
    } catch (error) {
      this.abort(error as Error)
    }
  }

  private finish(error?: Error): void {
    if (this.closed) return
    this.closed = true
    this.releaseDrainWaiters()
    this.handlers.onClose(error)
  }

  private releaseDrainWaiters(): void {
    const waiters = [...this.drainWaiters]
    this.drainWaiters.clear()
    for (const release of waiters) release()
  }
}
