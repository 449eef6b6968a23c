import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { AddressBook } from './address-book.ts'
import { Census } from './census.ts'
import type { OverlayComponents } from './components.ts'
import { MAX_STREAMS_PER_PEER, OPEN_TIMEOUT_MS } from './limits.ts'
import { leastUsefulLink } from './link-room.ts'
import { OwnConnections } from './own-connections.ts'
import { PeerLink } from './peer-link.ts'
import type { OverlayCounters } from './stats.ts'

/** How often idle streams, and links beyond the limit, are looked for, in ms. */
const SWEEP_INTERVAL_MS = 10_000

/** What the links report, by the peer id as text. */
export interface LinksPort {
  readonly protocol: string
  /** Peers with an open stream, at most, as it stands now. */
  maxConnections(): number
  now(): number
  isBanned(peerId: string): boolean
  onFrame(peerId: string, frame: Uint8Array): void
  onUnreachable(peerId: string): void
  onMalformed(peerId: string, error: Error): void
}

/** All warm paths of one protocol: few, and those that are used. */
export class Links {
  private readonly components: OverlayComponents
  private readonly counters: OverlayCounters
  private readonly port: LinksPort
  private readonly census: Census
  private readonly own: OwnConnections
  private readonly links = new Map<string, PeerLink>()
  private readonly stopping = new AbortController()
  private sweep: NodeJS.Timeout | undefined

  constructor(
    components: OverlayComponents,
    addresses: AddressBook,
    counters: OverlayCounters,
    port: LinksPort,
  ) {
    this.components = components
    this.counters = counters
    this.port = port
    this.census = new Census(components)
    this.own = new OwnConnections(components, addresses, port.protocol, () => counters.onDial())
  }

  async start(): Promise<void> {
    this.census.start()
    await this.components.registrar.handle(
      this.port.protocol,
      (stream, connection) => this.accept(stream, connection),
      {
        maxInboundStreams: MAX_STREAMS_PER_PEER,
        maxOutboundStreams: MAX_STREAMS_PER_PEER,
        // Two members that cannot dial each other speak through a relay.
        runOnLimitedConnection: true,
      },
    )
    this.sweep = setInterval(() => this.closeUnused(), SWEEP_INTERVAL_MS)
  }

  send(peerId: string, frame: Uint8Array): void {
    if (this.port.isBanned(peerId)) setImmediate(() => this.port.onUnreachable(peerId))
    else this.linkTo(peerId).send(frame)
  }

  /** Whether a message to the peer would need no dial; by its id as `peerKey` writes it. */
  isConnectedTo(key: string): boolean {
    return this.census.isConnected(key)
  }

  /** Whether this is the first that was heard over the link: true once. */
  isFirstOf(peerId: string): boolean {
    return this.links.get(peerId)?.greet() === true
  }

  drop(peerId: string, reason: Error): void {
    const link = this.links.get(peerId)
    if (link === undefined) return
    link.abort(reason)
    this.links.delete(peerId)
    this.own.untag(peerId)
  }

  /** Number of peers with a stream that is open. */
  get openCount(): number {
    let count = 0
    for (const link of this.links.values()) if (link.isOpen) count++
    return count
  }

  /** Lets no more streams in, and closes all after what was sent. */
  async close(): Promise<void> {
    clearInterval(this.sweep)
    this.stopping.abort(new Error('the overlay stopped'))
    this.census.stop()
    await this.components.registrar.unhandle(this.port.protocol)
    for (const link of this.links.values()) link.close()
    this.links.clear()
  }

  private accept(stream: Stream, connection: Connection): void {
    const peerId = connection.remotePeer.toString()
    if (this.stopping.signal.aborted || this.port.isBanned(peerId)) {
      stream.abort(new Error('not welcome'))
      return
    }
    if (this.own.isNewsOf(connection)) this.counters.onDialReceived()
    this.linkTo(peerId).attach(stream, connection)
  }

  private linkTo(peerId: string): PeerLink {
    const known = this.links.get(peerId)
    if (known !== undefined) return known
    const link: PeerLink = new PeerLink({
      now: () => this.port.now(),
      openStream: () => this.open(peerId),
      onWarm: () => this.onWarm(peerId),
      onCold: () => this.onCold(peerId, link),
      onFrame: frame => this.port.onFrame(peerId, frame),
      onDropped: () => this.counters.onDropped(),
      onUnreachable: () => this.onUnreachable(peerId),
      onMalformed: error => this.port.onMalformed(peerId, error),
    })
    this.links.set(peerId, link)
    return link
  }

  private open(peerId: string): Promise<{ stream: Stream; connection: Connection }> {
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
    return this.own.openStream(peerIdFromString(peerId), signal)
  }

  private onWarm(peerId: string): void {
    this.own.tag(peerId)
    this.makeRoom()
  }

  private onCold(peerId: string, link: PeerLink): void {
    if (link.isWanted) return
    this.own.untag(peerId)
    this.own.closeUnused(peerId, () => link.isWanted)
  }

  private onUnreachable(peerId: string): void {
    this.counters.onOpenFailed()
    this.port.onUnreachable(peerId)
  }

  private makeRoom(): void {
    const open = [...this.links.values()].filter(link => link.isOpen)
    const maxConnections = this.port.maxConnections()
    for (;;) {
      const link = leastUsefulLink(open, maxConnections, this.port.now())
      if (link === undefined) return
      open.splice(open.indexOf(link), 1)
      this.counters.onEvicted()
      link.cool()
    }
  }

  private closeUnused(): void {
    this.makeRoom()
    for (const [peerId, link] of this.links) {
      link.closeIfUnused()
      if (!link.isForgettable) continue
      this.links.delete(peerId)
      this.own.closeUnused(peerId, () => this.links.has(peerId))
    }
  }
}
