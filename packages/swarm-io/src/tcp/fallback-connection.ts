import type { PeerAddress, WireConnection } from '@onehop/swarm'
import { MAX_REPLAYED_BYTES } from './limits.ts'

/**
 * A connection that is opened once more, in another way, when the other end hangs up before it has sent anything: some
 * clients do that to a handshake in plain text. What was sent until then is sent again. Whoever uses it sees one
 * connection.
 */
export class FallbackConnection implements WireConnection {
  readonly transport = 'tcp'
  readonly remotePeer: string
  readonly address: PeerAddress
  private current: WireConnection
  private readonly openAgain: () => Promise<WireConnection>
  /** Copies of what was sent; undefined as soon as there is no way back. */
  private sent: Uint8Array[] | undefined = []
  private sentBytes = 0
  private isWaiting = false
  private isPaused = false
  private isClosed = false
  private dataListener: ((bytes: Uint8Array) => void) | undefined
  private drainListener: (() => void) | undefined
  private closeListener: ((error?: Error) => void) | undefined

  constructor(first: WireConnection, address: PeerAddress, openAgain: () => Promise<WireConnection>) {
    this.current = first
    this.remotePeer = first.remotePeer
    this.address = address
    this.openAgain = openAgain
  }

  get isEncrypted(): boolean {
    return this.current.isEncrypted ?? false
  }

  send(bytes: Uint8Array): boolean {
    if (this.sent) {
      this.sentBytes += bytes.length
      if (this.sentBytes > MAX_REPLAYED_BYTES) this.sent = undefined
      else this.sent.push(bytes.slice())
    }
    return this.isWaiting ? true : this.current.send(bytes)
  }

  onData(listener: (bytes: Uint8Array) => void): void {
    this.dataListener = listener
    this.listen()
  }

  onDrain(listener: () => void): void {
    this.drainListener = listener
    this.current.onDrain(listener)
  }

  onClose(listener: (error?: Error) => void): void {
    this.closeListener = listener
    this.listen()
  }

  pause(): void {
    this.isPaused = true
    this.current.pause?.()
  }

  resume(): void {
    this.isPaused = false
    this.current.resume?.()
  }

  close(): void {
    this.isClosed = true
    this.sent = undefined
    if (this.isWaiting) this.end()
    else this.current.close()
  }

  private listen(): void {
    const { current, dataListener } = this
    current.onClose(error => this.onCurrentClosed(error))
    if (!dataListener) return
    if (!this.sent) current.onData(dataListener)
    else {
      current.onData(bytes => {
        this.sent = undefined
        dataListener(bytes)
        current.onData(dataListener)
      })
    }
  }

  private onCurrentClosed(error?: Error): void {
    if (!this.sent || this.isClosed) this.end(error)
    else void this.reopen(this.sent, error)
  }

  private async reopen(sent: readonly Uint8Array[], error?: Error): Promise<void> {
    this.isWaiting = true
    const next = await this.openAgain().catch(() => undefined)
    this.isWaiting = false
    this.sent = undefined
    if (!next || this.isClosed) {
      next?.close()
      this.end(error)
      return
    }
    this.current = next
    if (this.isPaused) next.pause?.()
    if (this.drainListener) next.onDrain(this.drainListener)
    for (const bytes of sent) next.send(bytes)
    this.listen()
  }

  private end(error?: Error): void {
    const { closeListener } = this
    this.closeListener = undefined
    closeListener?.(error)
  }
}
