import { randomBytes } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'
import { TokenBucket } from '@onehop/primitives'
import {
  encodeLocalMessage,
  type InfoHash,
  LOCAL_GROUPS,
  LOCAL_MESSAGE_BURST,
  LOCAL_MESSAGES_PER_SECOND,
  LocalSchedule,
  type PeerAddress,
  parseLocalMessage,
} from '@onehop/swarm'
import { LOCAL_STEP_MS } from './limits.ts'

/** What the local network is told, and who wants to hear of others on it. */
export interface LocalDiscoveryOptions {
  /** Where this session takes TCP connections (`btPort`). */
  readonly port: number
  /** Addresses on which it takes them: only the networks of these are told, for nobody else could come. */
  readonly hosts: readonly string[]
  /** Someone has, or fetches, one of the torrents added. */
  onPeer(infohash: InfoHash, address: PeerAddress): void
  /** Milliseconds; never runs backwards. */
  nowMs(): number
  readonly log?: (message: string, details?: Readonly<Record<string, unknown>>) => void
}

/** Finds peers on the local network by multicast (BEP 14), of IPv4 and, where all of IPv6 is listened on, IPv6. */
export class LocalDiscovery {
  private readonly options: LocalDiscoveryOptions
  private readonly schedule = new LocalSchedule()
  private readonly cookie = randomBytes(8).toString('hex')
  private readonly rate: TokenBucket
  private readonly sockets = new Map<4 | 6, Socket>()
  private timer: NodeJS.Timeout | undefined

  constructor(options: LocalDiscoveryOptions) {
    this.options = options
    this.rate = new TokenBucket(LOCAL_MESSAGES_PER_SECOND, LOCAL_MESSAGE_BURST, options.nowMs())
  }

  /** Joins the groups. Where that is not possible it says so in the log, and finds nobody. Never rejects. */
  async start(): Promise<void> {
    const { hosts } = this.options
    const ipv4 = hosts.find(host => isIPv4(host))
    if (ipv4 !== undefined) await this.join(4, ipv4 === '0.0.0.0' ? undefined : ipv4)
    // An IPv6 group is joined by the name of a network card, which an address does not tell.
    if (hosts.includes('::')) await this.join(6)
    this.timer = setInterval(() => this.step(), LOCAL_STEP_MS)
    this.timer.unref()
    this.step()
  }

  /** @param through address of the network to join on. Default: the one that the system chooses. */
  private async join(family: 4 | 6, through?: string): Promise<void> {
    const group = LOCAL_GROUPS[family]
    const socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      reuseAddr: true,
      ipv6Only: family === 6,
    })
    try {
      // Several clients of one machine listen on this port.
      socket.bind(group.port)
      await once(socket, 'listening')
      socket.addMembership(group.host, through)
      if (through !== undefined) socket.setMulticastInterface(through)
    } catch (error) {
      this.options.log?.('peers of the local network cannot be found', { family, error })
      socket.on('error', () => {})
      socket.close()
      return
    }
    socket.on('error', error => this.options.log?.('multicast has failed', { family, error }))
    socket.on('message', (bytes, sender) => this.onMessage(bytes, sender.address))
    socket.unref()
    this.sockets.set(family, socket)
  }

  private onMessage(bytes: Uint8Array, host: string): void {
    if (!this.rate.take(1, this.options.nowMs())) return
    const message = parseLocalMessage(bytes)
    if (!message.ok || message.value.cookie === this.cookie) return
    for (const infohash of message.value.infohashes) {
      if (!this.schedule.has(infohash)) continue
      this.options.onPeer(infohash, { host, port: message.value.port })
    }
  }

  /** From now on the local network is told of this torrent. Never for private ones (BEP 27). */
  add(infohash: InfoHash): void {
    this.schedule.add(infohash, this.options.nowMs())
    this.step()
  }

  remove(infohash: Uint8Array): void {
    this.schedule.remove(infohash)
  }

  private step(): void {
    if (this.sockets.size === 0) return
    const infohashes = this.schedule.take(this.options.nowMs())
    if (infohashes.length === 0) return
    for (const [family, socket] of this.sockets) {
      const message = { port: this.options.port, infohashes, cookie: this.cookie }
      const { host, port } = LOCAL_GROUPS[family]
      // Where no network takes multicast the message is lost, as any may be.
      socket.send(encodeLocalMessage(message, family), port, host, () => {})
    }
  }

  /** Leaves the groups. */
  async close(): Promise<void> {
    clearInterval(this.timer)
    const sockets = [...this.sockets.values()]
    this.sockets.clear()
    await Promise.all(sockets.map(socket => new Promise<void>(resolve => socket.close(() => resolve()))))
  }
}
