/**
 * A reliable, ordered stream of bytes to one peer: a libp2p stream, a TCP socket, or a pair in memory. The peer wire
 * runs over it unchanged.
 */
export interface WireConnection {
  /** Who is at the other end, as the transport knows it: a libp2p peer id, or `address:port`. Bans go by it. */
  readonly remotePeer: string
  /**
   * Takes the bytes over (the caller never touches them again). False: they are taken, but the connection is full;
   * send no more before `onDrain`.
   */
  send(bytes: Uint8Array): boolean
  /** One listener. What arrived before it was set is delivered when it is set. */
  onData(listener: (bytes: Uint8Array) => void): void
  onDrain(listener: () => void): void
  /** Called once, with the error if the connection broke. */
  onClose(listener: (error?: Error) => void): void
  /** Delivers what was sent, then closes; `onClose` follows. Calling it again does nothing. */
  close(): void
}
