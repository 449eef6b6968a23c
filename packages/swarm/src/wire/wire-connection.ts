import type { PeerAddress } from '../peer-address.ts'

/**
 * A reliable, ordered stream of bytes to one peer: a libp2p stream, a TCP socket, or a pair in memory. The peer wire
 * runs over it unchanged.
 */
export interface WireConnection {
  /** Who is at the other end, as the transport knows it: a libp2p peer id, or `address:port`. Bans go by it. */
  readonly remotePeer: string
  /** What carries it. Absent: libp2p. */
  readonly transport?: 'libp2p' | 'tcp'
  /** Whether nobody on the way can read along. Absent: nobody can, as with libp2p. */
  readonly isEncrypted?: boolean
  /** Of a TCP connection: where the other end is. Its port is where it listens only if we dialled it. */
  readonly address?: PeerAddress
  /** Memory for bytes that go to {@link send} at once, all of them: it is used again when they are sent. */
  allocate?(lengthBytes: number): Uint8Array
  /**
   * Takes the bytes over (the caller never touches them again). False: they are taken, but the connection is full;
   * send no more before `onDrain`.
   */
  send(bytes: Uint8Array): boolean
  /**
   * One listener. What arrived before it was set is delivered soon after, never during the call. The bytes are the
   * listener's to read (not to keep) until it returns: a socket reads into the same memory again.
   */
  onData(listener: (bytes: Uint8Array) => void): void
  onDrain(listener: () => void): void
  /** Called once, with the error if the connection broke. */
  onClose(listener: (error?: Error) => void): void
  /** Delivers what was sent, then closes; `onClose` follows. Calling it again does nothing. */
  close(): void
  /** Delivers nothing more before `resume`; what the other end sends fills its window, and then it waits. */
  pause?(): void
  resume?(): void
}
