import { encodedMessageLength, type WireConnection, type WireMessage, writeMessage } from '@onehop/swarm'
import { unfilledBytes } from './file-pieces.ts'
import { GATHER_BYTES, MAX_UNREAD_BYTES } from './limits.ts'

/**
 * Gathers messages into large sends: single ones of 16 KiB make libp2p streams slow, and one system call a message
 * makes sockets slow. What is gathered goes out at {@link flush}, at the end of the turn, or when it is enough.
 */
export class MessageGatherer {
  /** Whether the connection asked to wait. */
  isFull = false
  private readonly connection: WireConnection
  private readonly onStuck: () => void
  private messages: WireMessage[] = []
  private gatheredBytes = 0
  private bytesSinceFull = 0
  private flushIsDue = false

  /** @param onStuck the peer does not read what it is sent. */
  constructor(connection: WireConnection, onStuck: () => void) {
    this.connection = connection
    this.onStuck = onStuck
  }

  add(message: WireMessage): void {
    this.messages.push(message)
    this.gatheredBytes += encodedMessageLength(message)
    if (this.gatheredBytes >= GATHER_BYTES) this.flush()
    else this.flushSoon()
  }

  private flushSoon(): void {
    if (this.flushIsDue) return
    this.flushIsDue = true
    queueMicrotask(() => {
      this.flushIsDue = false
      this.flush()
    })
  }

  flush(): void {
    if (this.messages.length === 0) return
    const { connection, gatheredBytes } = this
    const bytes = connection.allocate?.(gatheredBytes) ?? unfilledBytes(gatheredBytes)
    let offset = 0
    for (const message of this.messages) offset = writeMessage(message, bytes, offset)
    this.messages = []
    this.gatheredBytes = 0
    this.send(bytes)
  }

  /** Sends bytes as they are, after what was gathered. */
  send(bytes: Uint8Array): void {
    if (this.isFull) {
      this.bytesSinceFull += bytes.length
      if (this.bytesSinceFull > MAX_UNREAD_BYTES) {
        this.onStuck()
        return
      }
    }
    if (!this.connection.send(bytes)) this.isFull = true
  }

  /** The connection has room again. */
  onDrain(): void {
    this.isFull = false
    this.bytesSinceFull = 0
  }
}
