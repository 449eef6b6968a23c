/**
 * A byte pipe to a peer, as the swarm wants it (declared by `@onehop/swarm` too; the two fit structurally).
 * Nothing is delivered before {@link onData} has a listener.
 */
export interface WireConnection {
  /** The peer id as text. */
  readonly remotePeer: string
  /** Memory for bytes that go to {@link send} at once, all of them: it is used again when they are encrypted. */
  allocate(lengthBytes: number): Uint8Array
  /** Queues the bytes. False: the queue is full, wait for {@link onDrain} before sending more. */
  send(bytes: Uint8Array): boolean
  /** The bytes are the listener's to read (not to keep) until it returns. */
  onData(listener: (bytes: Uint8Array) => void): void
  onDrain(listener: () => void): void
  /** Called once, after the last data; with the error when the connection broke. */
  onClose(listener: (error?: Error) => void): void
  /** Delivers what was sent, then closes both directions. */
  close(): void
  /** Stops deliveries; the peer soon runs out of window and stops sending. */
  pause(): void
  resume(): void
}
