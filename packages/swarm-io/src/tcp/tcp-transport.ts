import { type InfoHash, type PeerAddress, startsLikeHandshake, type WireConnection } from '@onehop/swarm'
import { dialTcp } from './dial.ts'
import { GreetingReader } from './greeting-reader.ts'
import type { TcpConnection } from './tcp-connection.ts'
import { TcpListener, type TcpListenOptions } from './tcp-listener.ts'

/** Bytes by which a plain handshake is told from an encrypted one: `\x13BitTorrent protocol`. */
const PROTOCOL_NAME_BYTES = 20

/**
 * Whether connections are encrypted (MSE/PE).
 * - `allow`: dials in plain text, and encrypted where the other hangs up on that; takes both.
 * - `prefer`: dials encrypted, and in plain text where that leads to nothing; takes both.
 * - `require`: everything is encrypted, or there is no connection.
 */
export type EncryptionPolicy = 'allow' | 'prefer' | 'require'

/** What a {@link TcpTransport} is made with. */
export interface TcpTransportOptions {
  /** Default: `allow`. */
  readonly encryption?: EncryptionPolicy
  /** Of the torrents that take connections: who encrypts shows that he knows one of them. */
  readonly infohashes: () => Iterable<InfoHash>
  /** Takes what comes in; the bytes of BitTorrent's own handshake are the first that it delivers. */
  readonly onConnection: (connection: WireConnection) => void
}

/** BitTorrent over TCP: dials other clients, and lets them dial us. */
export class TcpTransport {
  private readonly listener: TcpListener
  private readonly stopping = new AbortController()

  constructor(options: TcpTransportOptions) {
    this.listener = new TcpListener(connection => this.greet(connection), options.onConnection)
  }

  /** Takes connections. @returns the port, the same on all hosts. @throws {SwarmError} */
  listen(options: TcpListenOptions): Promise<number> {
    return this.listener.listen(options)
  }

  /** Opens a connection for a torrent. @throws when nobody takes it. */
  async connect(address: PeerAddress, _infohash: InfoHash, signal: AbortSignal): Promise<WireConnection> {
    return dialTcp(address, AbortSignal.any([signal, this.stopping.signal]))
  }

  private async greet(connection: TcpConnection): Promise<boolean> {
    const reader = new GreetingReader(connection)
    const isPlain = startsLikeHandshake(await reader.peek(PROTOCOL_NAME_BYTES))
    reader.release()
    return isPlain
  }

  /** Takes and opens nothing any more; connections that came in are ended. */
  async close(): Promise<void> {
    this.stopping.abort()
    await this.listener.close()
  }
}
