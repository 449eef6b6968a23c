import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { formatIpAddress, type PeerAddress, parseIpAddress } from '@onehop/swarm'
import { SwarmError } from '../swarm-error.ts'
import {
  MAX_TCP_ACCEPTS_PER_SECOND,
  MAX_TCP_GREETINGS,
  MAX_TCP_GREETINGS_PER_HOST,
  MAX_TCP_INBOUND,
  PORT_TRIES,
  TCP_BACKLOG,
  TCP_GREETING_TIMEOUT_MS,
  TCP_WRITE_AHEAD_BYTES,
} from './limits.ts'
import { TcpConnection } from './tcp-connection.ts'

/** Where to listen. */
export interface TcpListenOptions {
  /** IP addresses; `::` takes IPv6 only. */
  readonly hosts: readonly string[]
  /** The same on all hosts; 0: any free one. */
  readonly port: number
}

/**
 * Finds out what a connection is that came in, and makes it ready to be used.
 * @returns false, or rejects, when it is nothing for us.
 */
export type Greet = (connection: TcpConnection) => Promise<boolean>

/** Takes connections, a bounded number of them, and hands over those whose greeting was in order and in time. */
export class TcpListener {
  private readonly greet: Greet
  private readonly onConnection: (connection: TcpConnection) => void
  private readonly servers: Server[] = []
  private readonly open = new Set<TcpConnection>()
  /** Connections that are greeting, by host. */
  private readonly greetings = new Map<string, number>()
  private greetingCount = 0
  /** Connections of this second, by host. */
  private readonly accepts = new Map<string, number>()
  private second = 0
  private isClosed = false

  constructor(greet: Greet, onConnection: (connection: TcpConnection) => void) {
    this.greet = greet
    this.onConnection = onConnection
  }

  /** @returns the port. @throws {SwarmError} */
  async listen({ hosts, port }: TcpListenOptions): Promise<number> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.listenOnAll(hosts, port)
      } catch (error) {
        this.stopListening()
        // A free port of the first host may be taken at another one.
        if (port === 0 && hosts.length > 1 && tries < PORT_TRIES) continue
        throw error
      }
    }
  }

  private async listenOnAll(hosts: readonly string[], port: number): Promise<number> {
    let chosen = port
    for (const host of hosts) chosen = await this.listenOn(host, chosen)
    return chosen
  }

  private async listenOn(host: string, port: number): Promise<number> {
    const server = createServer({ highWaterMark: TCP_WRITE_AHEAD_BYTES }, socket => this.onSocket(socket))
    this.servers.push(server)
    server.listen({ host, port, ipv6Only: true, backlog: TCP_BACKLOG })
    try {
      await once(server, 'listening')
    } catch (error) {
      throw listenError(host, port, error as NodeJS.ErrnoException)
    }
    // Running out of file descriptors costs a connection, not the process.
    server.on('error', () => {})
    return (server.address() as AddressInfo).port
  }

  private onSocket(socket: Socket): void {
    const address = addressOf(socket)
    // Reset: a polite end would keep the port of each refused connection for a minute.
    if (address === undefined || !this.admits(address.host)) {
      socket.resetAndDestroy()
      return
    }
    const connection = new TcpConnection(socket, address)
    socket.on('data', (bytes: Buffer) =>
      connection.receive(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)),
    )
    socket.on('close', () => this.open.delete(connection))
    this.open.add(connection)
    void this.onGreeting(connection, address.host)
  }

  private admits(host: string): boolean {
    if (this.isClosed || this.open.size >= MAX_TCP_INBOUND || this.isFlooding(host)) return false
    return (
      this.greetingCount < MAX_TCP_GREETINGS && (this.greetings.get(host) ?? 0) < MAX_TCP_GREETINGS_PER_HOST
    )
  }

  private isFlooding(host: string): boolean {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.second) this.accepts.clear()
    this.second = second
    const accepts = (this.accepts.get(host) ?? 0) + 1
    this.accepts.set(host, accepts)
    return accepts > MAX_TCP_ACCEPTS_PER_SECOND
  }

  private async onGreeting(connection: TcpConnection, host: string): Promise<void> {
    this.count(host, 1)
    const timer = setTimeout(() => connection.destroy(), TCP_GREETING_TIMEOUT_MS)
    timer.unref()
    const isWelcome = await this.greet(connection).catch(() => false)
    clearTimeout(timer)
    this.count(host, -1)
    if (isWelcome && !this.isClosed) this.onConnection(connection)
    else connection.destroy()
  }

  private count(host: string, change: 1 | -1): void {
    this.greetingCount += change
    const count = (this.greetings.get(host) ?? 0) + change
    if (count === 0) this.greetings.delete(host)
    else this.greetings.set(host, count)
  }

  private stopListening(): void {
    for (const server of this.servers.splice(0)) server.close()
  }

  /** Takes nothing any more, and ends what came in. */
  async close(): Promise<void> {
    this.isClosed = true
    const closing = this.servers.filter(server => server.listening).map(server => once(server, 'close'))
    this.stopListening()
    for (const connection of this.open) connection.close()
    await Promise.all(closing)
  }
}

/** Where the other end is: an IPv4 address as such, also on a socket for both families. */
function addressOf({ remoteAddress, remotePort }: Socket): PeerAddress | undefined {
  const bytes = remoteAddress === undefined ? undefined : parseIpAddress(remoteAddress.split('%')[0]!)
  if (bytes === undefined || remotePort === undefined) return undefined
  return { host: formatIpAddress(bytes), port: remotePort }
}

function listenError(host: string, port: number, error: NodeJS.ErrnoException): SwarmError {
  const where = `Cannot take BitTorrent connections at port ${port} of ${host}`
  if (error.code === 'EADDRINUSE') return new SwarmError('in-use', `${where}: another program has it.`)
  if (error.code === 'EACCES') return new SwarmError('permission', `${where}: permission denied.`)
  return new SwarmError('io', `${where}: ${error.message}.`, { cause: error })
}
