import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { AddressBook } from './address-book.ts'
import type { OverlayComponents } from './components.ts'
import { openConnectionTo, openStreamTo } from './dialer.ts'
import { MAX_STREAMS_PER_PEER, OPEN_TIMEOUT_MS } from './limits.ts'
import { PeerLink } from './peer-link.ts'
import type { OverlayStats } from './stats.ts'

/** How often idle streams are looked for, in ms. */
const SWEEP_INTERVAL_MS = 10_000

/** What the links report, by the peer id as text. */
export interface LinksPort {
  readonly protocol: string
  now(): number
  isBanned(peerId: string): boolean
  onFrame(peerId: string, frame: Uint8Array): void
  onUnreachable(peerId: string): void
  onMalformed(peerId: string, error: Error): void
}

/** All warm paths of one protocol. */
export class Links {
  private readonly components: OverlayComponents
  private readonly addresses: AddressBook
  private readonly stats: OverlayStats
  private readonly port: LinksPort
  private readonly links = new Map<string, PeerLink>()
  private readonly stopping = new AbortController()
  private sweep: NodeJS.Timeout | undefined

  constructor(components: OverlayComponents, addresses: AddressBook, stats: OverlayStats, port: LinksPort) {
    this.components = components
    this.addresses = addresses
    this.stats = stats
    this.port = port
  }

  async start(): Promise<void> {
    await this.components.registrar.handle(
      this.port.protocol,
      (stream, connection) => this.accept(stream, connection),
      { maxInboundStreams: MAX_STREAMS_PER_PEER, maxOutboundStreams: MAX_STREAMS_PER_PEER },
    )
    this.sweep = setInterval(() => this.closeUnused(), SWEEP_INTERVAL_MS)
  }

  send(peerId: string, frame: Uint8Array): void {
    if (this.port.isBanned(peerId)) setImmediate(() => this.port.onUnreachable(peerId))
    else this.linkTo(peerId).send(frame)
  }

  /** Whether a message would need no dial. */
  isConnectedTo(peerId: string): boolean {
    const isWarm = this.links.get(peerId)?.isOpen === true
    return isWarm || openConnectionTo(this.components, peerIdFromString(peerId)) !== undefined
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
    this.linkTo(peerId).attach(stream)
  }

  private linkTo(peerId: string): PeerLink {
    const known = this.links.get(peerId)
    if (known !== undefined) return known
    const link = new PeerLink({
      now: () => this.port.now(),
      openStream: () => this.open(peerId),
      onFrame: frame => this.port.onFrame(peerId, frame),
      onDropped: () => this.stats.messagesDropped++,
      onUnreachable: () => this.onUnreachable(peerId),
      onMalformed: error => this.port.onMalformed(peerId, error),
    })
    this.links.set(peerId, link)
    return link
  }

  private async open(peerId: string): Promise<Stream> {
    const id = peerIdFromString(peerId)
    if (openConnectionTo(this.components, id) === undefined) this.stats.dials++
    const signal = AbortSignal.any([this.stopping.signal, AbortSignal.timeout(OPEN_TIMEOUT_MS)])
    return openStreamTo(this.components, id, this.addresses.addressesOf(peerId), this.port.protocol, signal)
  }

  private onUnreachable(peerId: string): void {
    this.stats.openFailures++
    this.port.onUnreachable(peerId)
  }

  private closeUnused(): void {
    for (const [peerId, link] of this.links) {
      link.closeIfUnused()
      if (link.isForgettable) this.links.delete(peerId)
    }
  }
}
