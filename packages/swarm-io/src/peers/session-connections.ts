import type { Rejection } from '@onehop/primitives'
import type { Handshake, InfoHash, PeerAddress, WireConnection } from '@onehop/swarm'
import { MAX_CONNECTIONS, MAX_DIALS_IN_ALL, MAX_GREETINGS_PER_PEER } from '../limits.ts'
import { PeerLink } from '../peer-link.ts'
import type { SwarmTcpOptions } from '../session-types.ts'
import { TcpTransport } from '../tcp/tcp-transport.ts'

/** What a session's connections need of it. */
export interface ConnectionsOwner {
  /** Torrents that take connections. */
  openInfohashes(): Iterable<InfoHash>
  /** The handshake says which torrent it is for; the owner uses the link, or closes it. */
  onHandshake(link: PeerLink, handshake: Handshake): void
  onMisbehaviour(remotePeer: string, rejection: Rejection): void
}

/** The connections of all torrents of a session: how many there may be, those that shake hands, and the TCP side. */
export class SessionConnections {
  private readonly owner: ConnectionsOwner
  private readonly tcpOptions: SwarmTcpOptions | undefined
  private readonly tcp: TcpTransport | undefined
  private readonly greeting = new Set<PeerLink>()
  private connections = 0
  private dials = 0
  private isClosed = false
  /** Where TCP connections are taken; 0 when they are not. */
  port = 0

  constructor(owner: ConnectionsOwner, tcpOptions: SwarmTcpOptions | undefined) {
    this.owner = owner
    this.tcpOptions = tcpOptions
    if (tcpOptions === undefined) return
    const { encryption } = tcpOptions
    this.tcp = new TcpTransport({
      ...(encryption === undefined ? {} : { encryption }),
      infohashes: () => owner.openInfohashes(),
      onConnection: connection => this.accept(connection),
    })
  }

  /** Addresses to listen on. */
  get hosts(): readonly string[] {
    return this.tcpOptions?.hosts ?? ['127.0.0.1']
  }

  /** Takes TCP connections from now on, if that is wanted. @throws {SwarmError} */
  async listen(): Promise<void> {
    const { tcp, tcpOptions, hosts } = this
    if (tcp === undefined || tcpOptions === undefined) return
    if (hosts.length > 0) this.port = await tcp.listen({ hosts, port: tcpOptions.port })
  }

  /** Dials; undefined where TCP is off. */
  get dialTcp():
    | ((address: PeerAddress, infohash: InfoHash, signal: AbortSignal) => Promise<WireConnection>)
    | undefined {
    const { tcp } = this
    return tcp && ((address, infohash, signal) => tcp.connect(address, infohash, signal))
  }

  /** Takes a connection that a peer opened. */
  accept(connection: WireConnection): void {
    if (this.greetingsOf(connection) >= MAX_GREETINGS_PER_PEER || !this.admitConnection()) {
      connection.close()
      return
    }
    const link: PeerLink = new PeerLink(
      connection,
      false,
      handshake => {
        this.greeting.delete(link)
        this.owner.onHandshake(link, handshake)
      },
      rejection => this.owner.onMisbehaviour(link.remotePeer, rejection),
      () => {
        this.greeting.delete(link)
        this.releaseConnection()
      },
    )
    this.greeting.add(link)
  }

  private greetingsOf(connection: WireConnection): number {
    const place = placeOf(connection)
    let count = 0
    for (const link of this.greeting) if (placeOf(link.connection) === place) count++
    return count
  }

  /** Whether one more connection may be opened; if so it is counted until {@link releaseConnection}. */
  admitConnection(): boolean {
    if (this.isClosed || this.connections >= MAX_CONNECTIONS) return false
    this.connections++
    return true
  }

  releaseConnection(): void {
    this.connections--
  }

  /** The same for dials under way. */
  admitDial(): boolean {
    if (this.isClosed || this.dials >= MAX_DIALS_IN_ALL || this.connections >= MAX_CONNECTIONS) return false
    this.dials++
    return true
  }

  releaseDial(): void {
    this.dials--
  }

  /** Takes and opens nothing any more. */
  async close(): Promise<void> {
    this.isClosed = true
    for (const link of [...this.greeting]) link.close()
    await this.tcp?.close()
  }
}

/** Where a connection comes from: every one over TCP has a port of its own. */
function placeOf({ address, remotePeer }: WireConnection): string {
  return address?.host ?? remotePeer
}
