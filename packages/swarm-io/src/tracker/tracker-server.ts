import { randomBytes } from 'node:crypto'
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { isIPv6 } from 'node:net'
import { type RegistryOptions, type RegistrySize, TrackerRegistry, UdpTracker } from '@onehop/swarm'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import {
  EXPIRY_INTERVAL_MS,
  FREE_PORT_ATTEMPTS,
  MAX_TRACKER_CONNECTIONS,
  TRACKER_HEADER_BYTES,
  TRACKER_HEADERS_TIMEOUT_MS,
  TRACKER_KEEP_ALIVE_MS,
} from './limits.ts'
import { answerHttp } from './tracker-http.ts'
import { clientHost, mayClaimAddress } from './tracker-sender.ts'

/** Where a tracker listens, and whom it serves. */
export interface TrackerServerOptions {
  /** The same for HTTP and UDP; 0 for any that is free. */
  readonly port: number
  /** Addresses to listen on. Default: loopback, of IPv4 and, where there is one, IPv6. */
  readonly hosts?: readonly string[]
  /** Infohashes in hex; others are refused. Default: any. */
  readonly whitelist?: RegistryOptions['whitelist']
}

const LOOPBACK = ['127.0.0.1', '::1']
/** IPv6 is switched off, or the address is not one of this machine's. */
const NO_SUCH_FAMILY = ['EAFNOSUPPORT', 'EADDRNOTAVAIL']

/** A tracker: HTTP and UDP on one port, IPv4 and IPv6 (BEP 3, 7, 15, 23, 48). */
export class TrackerServer {
  /** Where it listens, in the order of the hosts. */
  readonly hosts: readonly string[]
  readonly port: number
  private readonly registry: TrackerRegistry
  private readonly udp: UdpTracker
  private readonly servers: readonly Server[]
  private readonly sockets: readonly UdpSocket[]
  private readonly expiry: NodeJS.Timeout

  private constructor(options: TrackerServerOptions, listeners: readonly Listener[]) {
    this.hosts = listeners.map(({ host }) => host)
    this.port = listeners[0]!.port
    this.registry = new TrackerRegistry({
      random: Math.random,
      ...(options.whitelist ? { whitelist: options.whitelist } : {}),
    })
    this.udp = new UdpTracker(this.registry, randomBytes(16))
    this.servers = listeners.map(({ server }) => server)
    this.sockets = listeners.map(({ socket }) => socket)
    for (const server of this.servers) this.serveHttp(server)
    for (const socket of this.sockets) this.serveUdp(socket)
    this.expiry = setInterval(() => this.registry.expire(performance.now()), EXPIRY_INTERVAL_MS)
    this.expiry.unref()
  }

  /** @throws {SwarmError} `in-use` when the port is taken, `permission` when it may not be had. */
  static async listen(options: TrackerServerOptions): Promise<TrackerServer> {
    return new TrackerServer(options, await listenOnAll(options))
  }

  /** What it holds. */
  get size(): RegistrySize {
    return this.registry.size
  }

  private serveHttp(server: Server): void {
    server.on('request', (request, response) => {
      const { status, type, body } = answerHttp(this.registry, request, performance.now())
      response.writeHead(status, { 'content-type': type, 'content-length': body.length }).end(body)
    })
    // Running out of file descriptors costs a connection, not the process.
    server.on('error', () => {})
  }

  private serveUdp(socket: UdpSocket): void {
    socket.on('message', (packet, { address, port }) => {
      const host = clientHost(address)
      const sender = { host, mayClaimAddress: mayClaimAddress(host) }
      const answer = this.udp.answer(packet, sender, performance.now())
      // A packet that cannot be sent is lost, as any may be.
      if (answer) socket.send(answer, port, address, () => {})
    })
    socket.on('error', () => {})
  }

  /** Stops listening, and closes all connections. */
  async close(): Promise<void> {
    clearInterval(this.expiry)
    await Promise.all([...this.servers.map(closeServer), ...this.sockets.map(closeSocket)])
  }
}

/** One address with both its sockets. */
interface Listener {
  readonly host: string
  readonly port: number
  readonly server: Server
  readonly socket: UdpSocket
}

async function listenOnAll(options: TrackerServerOptions): Promise<Listener[]> {
  for (let attempt = 1; ; attempt++) {
    const listeners: Listener[] = []
    try {
      for (const host of options.hosts ?? LOOPBACK) {
        const port = listeners[0]?.port ?? options.port
        const listener = await listenOn(host, port).catch(error => leaveOut(error, options))
        if (listener) listeners.push(listener)
      }
      if (listeners.length > 0) return listeners
      throw new SwarmError('io', 'The tracker can listen at none of its addresses.')
    } catch (error) {
      await Promise.all(listeners.flatMap(({ server, socket }) => [closeServer(server), closeSocket(socket)]))
      // A port that is free for TCP may be taken for UDP, or for the other family.
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
      if (options.port === 0 && isTaken && attempt < FREE_PORT_ATTEMPTS) continue
      throw listenErrorOf(error, options)
    }
  }
}

function listenErrorOf(error: unknown, { port, hosts }: TrackerServerOptions): SwarmError {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return new SwarmError('in-use', `Port ${port} is in use; choose another.`)
  if (NO_SUCH_FAMILY.includes(code ?? '')) {
    return new SwarmError('io', `Cannot listen at ${hosts?.join(', ')}: it is no address of this machine.`)
  }
  return swarmErrorOf(error, `listen on port ${port}`)
}

/** Unless it was asked for, a family that the machine does not have is left out. */
function leaveOut(error: NodeJS.ErrnoException, options: TrackerServerOptions): undefined {
  if (options.hosts === undefined && NO_SUCH_FAMILY.includes(error.code ?? '')) return undefined
  throw error
}

async function listenOn(host: string, wantedPort: number): Promise<Listener> {
  const server = createServer({
    maxHeaderSize: TRACKER_HEADER_BYTES,
    headersTimeout: TRACKER_HEADERS_TIMEOUT_MS,
    requestTimeout: TRACKER_HEADERS_TIMEOUT_MS,
    keepAliveTimeout: TRACKER_KEEP_ALIVE_MS,
    connectionsCheckingInterval: TRACKER_KEEP_ALIVE_MS,
  })
  server.maxConnections = MAX_TRACKER_CONNECTIONS
  server.listen({ host, port: wantedPort, ipv6Only: isIPv6(host) })
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const socket = isIPv6(host) ? createSocket({ type: 'udp6', ipv6Only: true }) : createSocket('udp4')
  try {
    socket.bind({ address: host, port })
    await once(socket, 'listening')
  } catch (error) {
    await Promise.all([closeServer(server), closeSocket(socket)])
    throw error
  }
  return { host, port, server, socket }
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise(resolve => server.close(() => resolve()))
}

function closeSocket(socket: UdpSocket): Promise<void> {
  return new Promise(resolve => {
    try {
      socket.close(() => resolve())
    } catch {
      // It failed to open, and is closed already.
      resolve()
    }
  })
}
