import { type InfoHash, type PeerAddress, startsLikeHandshake, type WireConnection } from '@onehop/swarm'
import { dialTcp } from './dial.ts'
import { CRYPTO } from './encryption/handshake-format.ts'
import { initiateEncryption } from './encryption/initiate.ts'
import { respondToEncryption } from './encryption/respond.ts'
import { FallbackConnection } from './fallback-connection.ts'
import { GreetingReader } from './greeting-reader.ts'
import { TCP_GREETING_TIMEOUT_MS } from './limits.ts'
import type { TcpConnection } from './tcp-connection.ts'
import { TcpListener, type TcpListenOptions } from './tcp-listener.ts'

/** Bytes by which a plain handshake is told from an encrypted one: `\x13BitTorrent protocol`. */
const PROTOCOL_NAME_BYTES = 20

/**
 * Whether connections are encrypted (MSE/PE).
 * - `allow`: dials in plain text, and encrypted where the other hangs up on that; takes both. Where both ends can
 *   choose, only the handshake is encrypted.
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

/** BitTorrent over TCP, in plain text and encrypted: dials other clients, and lets them dial us. */
export class TcpTransport {
  private readonly encryption: EncryptionPolicy
  private readonly infohashes: () => Iterable<InfoHash>
  private readonly listener: TcpListener
  private readonly stopping = new AbortController()

  constructor(options: TcpTransportOptions) {
    this.encryption = options.encryption ?? 'allow'
    this.infohashes = options.infohashes
    this.listener = new TcpListener(connection => this.greet(connection), options.onConnection)
  }

  /** Takes connections. @returns the port, the same on all hosts. @throws {SwarmError} */
  listen(options: TcpListenOptions): Promise<number> {
    return this.listener.listen(options)
  }

  /** Opens a connection for a torrent. @throws when nobody takes it. */
  async connect(address: PeerAddress, infohash: InfoHash, signal: AbortSignal): Promise<WireConnection> {
    const either = AbortSignal.any([signal, this.stopping.signal])
    if (this.encryption === 'require') return this.dialEncrypted(address, infohash, either)
    if (this.encryption === 'prefer') {
      try {
        return await this.dialEncrypted(address, infohash, either)
      } catch {
        return dialTcp(address, either)
      }
    }
    const plain = await dialTcp(address, either)
    return new FallbackConnection(plain, plain.address, () =>
      this.dialEncrypted(address, infohash, this.stopping.signal),
    )
  }

  private async dialEncrypted(
    address: PeerAddress,
    infohash: InfoHash,
    signal: AbortSignal,
  ): Promise<TcpConnection> {
    const connection = await dialTcp(address, signal)
    const limit = AbortSignal.any([signal, AbortSignal.timeout(TCP_GREETING_TIMEOUT_MS)])
    const onAbort = () => connection.destroy()
    limit.addEventListener('abort', onAbort)
    try {
      const reader = new GreetingReader(connection)
      const offer = this.encryption === 'require' ? CRYPTO.rc4 : CRYPTO.rc4 | CRYPTO.plain
      const ciphers = await initiateEncryption(reader, bytes => connection.send(bytes), infohash, offer)
      reader.release()
      if (ciphers) connection.useCiphers(ciphers)
      return connection
    } catch (error) {
      connection.destroy()
      throw error
    } finally {
      limit.removeEventListener('abort', onAbort)
    }
  }

  /** Tells plain text from encrypted by the first bytes. */
  private async greet(connection: TcpConnection): Promise<boolean> {
    const reader = new GreetingReader(connection)
    if (await this.beginsPlain(reader)) {
      if (this.encryption === 'require') return false
      reader.release()
      return true
    }
    const ciphers = await respondToEncryption(reader, bytes => connection.send(bytes), {
      infohashes: this.infohashes,
      choose: offer => this.choose(offer),
    })
    reader.release()
    if (ciphers) connection.useCiphers(ciphers)
    return true
  }

  private async beginsPlain(reader: GreetingReader): Promise<boolean> {
    if (!startsLikeHandshake(await reader.peek(1))) return false
    return startsLikeHandshake(await reader.peek(PROTOCOL_NAME_BYTES))
  }

  private choose(offer: number): number | undefined {
    const order = this.encryption === 'allow' ? [CRYPTO.plain, CRYPTO.rc4] : [CRYPTO.rc4, CRYPTO.plain]
    const allowed = this.encryption === 'require' ? [CRYPTO.rc4] : order
    return allowed.find(choice => (offer & choice) !== 0)
  }

  /** Takes and opens nothing any more; connections that came in are ended. */
  async close(): Promise<void> {
    this.stopping.abort()
    await this.listener.close()
  }
}
