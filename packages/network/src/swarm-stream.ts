import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import { MAX_STREAM_WINDOW_BYTES, MAX_SWARM_QUEUED_BYTES, SWARM_CLOSE_GRACE_MS } from './limits.ts'
import { releaseMemory } from './release-memory.ts'
import { takeSendMemory } from './send-memory.ts'
import type { WireConnection } from './wire-connection.ts'

/** The protocol that carries BitTorrent's peer wire between our nodes. */
export const SWARM_PROTOCOL = '/onehop/swarm/1'

/** In front of a stream's bytes; they lie behind it in the memory of the message that brought both. */
const YAMUX_HEADER_BYTES = 12

/**
 * A libp2p stream as the swarm's byte pipe. Back-pressure holds both ways: `send` tells when the peer's window is
 * full, and while nobody listens or {@link pause} holds, the peer gets no new window.
 */
export class SwarmStream implements WireConnection {
  readonly remotePeer: string
  private readonly stream: Stream
  private dataListener: ((bytes: Uint8Array) => void) | undefined
  private drainListener: (() => void) | undefined
  private closeListener: ((error?: Error) => void) | undefined
  private held: Uint8Array[] = []
  private paused = false
  private settling = false
  private remoteEnded = false
  private ended: { readonly error?: Error } | undefined
  private reported = false
  private closeTimer: NodeJS.Timeout | undefined

  constructor(stream: Stream, remotePeer: string) {
    this.stream = stream
    this.remotePeer = remotePeer
    // What the peer may send before it learns that we paused is one window.
    stream.maxReadBufferLength = 2 * MAX_STREAM_WINDOW_BYTES
    stream.addEventListener('message', ({ data }) => this.receiveAll(data))
    stream.addEventListener('drain', () => queueMicrotask(() => this.onStreamDrain()))
    stream.addEventListener('remoteCloseWrite', () => this.onRemoteEnd())
    stream.addEventListener('close', event => this.onStreamClose(event.error))
    this.remoteEnded = stream.remoteWriteStatus === 'closed'
    // A refusal may come before anybody listens.
    if (stream.status === 'reset' || stream.status === 'aborted') this.ended = { error: new Error('refused') }
    else if (stream.status === 'closed') this.ended = {}
    this.settle()
  }

  allocate(lengthBytes: number): Uint8Array {
    return takeSendMemory(lengthBytes)
  }

  send(bytes: Uint8Array): boolean {
    if (this.ended !== undefined || this.stream.writeStatus !== 'writable') return false
    if (this.stream.writeBufferLength + bytes.length > MAX_SWARM_QUEUED_BYTES) {
      this.stream.abort(new Error('more was sent than the peer reads'))
      return false
    }
    try {
      return this.stream.send(bytes)
    } catch (error) {
      this.stream.abort(error as Error)
      return false
    }
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.dataListener = listener
    this.settle()
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener
  }

  onClose(listener: (error?: Error) => void): void {
    this.closeListener = listener
    this.settle()
  }

  close(): void {
    if (this.stream.writeStatus !== 'writable') return
    this.stream.close().catch(error => this.stream.abort(error as Error))
    this.closeTimer = setTimeout(
      () => this.stream.abort(new Error('the peer does not close its side')),
      SWARM_CLOSE_GRACE_MS,
    )
    this.closeTimer.unref()
  }

  pause(): void {
    this.paused = true
    this.settle()
  }

  resume(): void {
    this.paused = false
    this.settle()
  }

  private get isFlowing(): boolean {
    return !this.paused && this.dataListener !== undefined
  }

  /** In the parts in which it lies in memory: to join them costs a copy, and makes Node collect garbage twice as often. */
  private receiveAll(data: StreamMessageEvent['data']): void {
    if (data instanceof Uint8Array) this.receive(data)
    else for (const part of data) this.receive(part)
  }

  private receive(bytes: Uint8Array): void {
    if (this.isFlowing && this.held.length === 0) this.deliver(bytes)
    else this.held.push(bytes)
  }

  /**
   * The listener does not keep the bytes, nor does libp2p: what fills the memory of a decrypted message can go. What comes
   * is a Buffer, of which `slice` is no copy.
   */
  private deliver({ buffer, byteOffset, length }: Uint8Array): void {
    const bytes = new Uint8Array(buffer, byteOffset, length)
    this.dataListener?.(bytes)
    releaseMemory(bytes, YAMUX_HEADER_BYTES)
  }

  private onStreamDrain(): void {
    if (!this.stream.writableNeedsDrain && this.ended === undefined) this.drainListener?.()
  }

  private onRemoteEnd(): void {
    this.remoteEnded = true
    this.settle()
  }

  private onStreamClose(error?: Error): void {
    clearTimeout(this.closeTimer)
    this.ended = error === undefined ? {} : { error }
    this.settle()
  }

  /** Brings the stream in line with what we want, in a turn of its own: the stream cannot be paused while it resumes. */
  private settle(): void {
    if (this.settling) return
    this.settling = true
    queueMicrotask(() => {
      this.settling = false
      this.flush()
      this.applyPause()
      this.finishIfRead()
    })
  }

  private flush(): void {
    while (this.isFlowing && this.held.length > 0) this.deliver(this.held.shift()!)
  }

  private applyPause(): void {
    if (this.isFlowing && this.stream.readStatus === 'paused') this.stream.resume()
    else if (!this.isFlowing && this.stream.readStatus === 'readable') this.stream.pause()
  }

  /** The end is told after the last data, an error at once. */
  private finishIfRead(): void {
    const isRead = this.held.length === 0 && this.stream.readBufferLength === 0
    if (this.remoteEnded && isRead) this.close()
    if (this.ended === undefined || this.reported || this.closeListener === undefined) return
    if (this.ended.error === undefined && !isRead) return
    this.reported = true
    this.closeListener(this.ended.error)
  }
}
