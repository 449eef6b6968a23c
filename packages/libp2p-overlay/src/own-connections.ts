import type { Connection, Logger, PeerId, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { AddressBook } from './address-book.ts'
import type { OverlayComponents } from './components.ts'
import { dialTo, openConnectionTo, openStreamOn } from './dialer.ts'
import { CLOSE_TIMEOUT_MS, LINK_TAG, LINK_TAG_VALUE, OPEN_TIMEOUT_MS } from './limits.ts'

/** What opening a stream ends with when the connection, or the peer's side of it, is just being closed. */
const CLOSING_ERRORS: ReadonlySet<string> = new Set([
  'ConnectionClosedError',
  'ConnectionClosingError',
  'MuxerClosedError',
  'UnexpectedEOFError',
])

/**
 * The connections that the overlay dials, from the first stream to the end: libp2p is told which peers are of use, and
 * what nobody uses any more is closed. Connections that others dialled are left to them.
 */
export class OwnConnections {
  private readonly components: OverlayComponents
  private readonly addresses: AddressBook
  private readonly protocol: string
  private readonly onDial: () => void
  private readonly log: Logger
  private readonly dialled = new WeakSet<Connection>()
  private readonly seen = new WeakSet<Connection>()

  constructor(components: OverlayComponents, addresses: AddressBook, protocol: string, onDial: () => void) {
    this.components = components
    this.addresses = addresses
    this.protocol = protocol
    this.onDial = onDial
    this.log = components.logger.forComponent('onehop:overlay:connections')
  }

  /**
   * A stream over a connection that is there, or is dialled. One that the peer was just closing is dialled anew, so that
   * nobody counts as unreachable who only saved a connection.
   * @throws when the peer cannot be reached.
   */
  async openStream(
    id: PeerId,
    signal: AbortSignal,
  ): Promise<{ readonly stream: Stream; readonly connection: Connection }> {
    const open = openConnectionTo(this.components, id)
    if (open !== undefined) {
      try {
        return { stream: await openStreamOn(open, this.protocol, signal), connection: open }
      } catch (error) {
        if (!CLOSING_ERRORS.has((error as Error).name) || signal.aborted) throw error
      }
    }
    const connection = await this.dial(id, signal)
    return { stream: await openStreamOn(connection, this.protocol, signal), connection }
  }

  /** Whether a connection that carries its first stream of ours was dialled by the peer a moment ago. */
  isNewsOf(connection: Connection): boolean {
    if (this.seen.has(connection)) return false
    this.seen.add(connection)
    const isFresh = Date.now() - connection.timeline.open < OPEN_TIMEOUT_MS
    return isFresh && connection.direction === 'inbound'
  }

  /** Closes what this overlay dialled to the peer and nobody uses: no stream of others, no tag of others. */
  closeUnused(peerId: string, isWantedAgain: () => boolean): void {
    this.close(peerId, isWantedAgain).catch(error => {
      this.log('the connection to %s was not closed: %e', peerId, error)
    })
  }

  tag(peerId: string): void {
    this.setTag(peerId, { value: LINK_TAG_VALUE })
  }

  untag(peerId: string): void {
    this.setTag(peerId, undefined)
  }

  private async dial(id: PeerId, signal: AbortSignal): Promise<Connection> {
    this.onDial()
    const before = new Set(this.components.connectionManager.getConnections(id))
    const known = this.addresses.addressesOf(id.toString())
    const connection = await dialTo(this.components, id, known, signal)
    if (!before.has(connection) && connection.direction === 'outbound') this.dialled.add(connection)
    this.seen.add(connection)
    return connection
  }

  private async close(peerId: string, isWantedAgain: () => boolean): Promise<void> {
    const id = peerIdFromString(peerId)
    const peer = await this.components.peerStore.get(id)
    if (isWantedAgain() || [...peer.tags.keys()].some(tag => tag !== LINK_TAG)) return
    for (const connection of this.components.connectionManager.getConnections(id)) {
      const isUsed = connection.streams.some(stream => stream.status === 'open')
      if (!this.dialled.has(connection) || connection.status !== 'open' || isUsed) continue
      await connection.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) })
    }
  }

  private setTag(peerId: string, tag: { readonly value: number } | undefined): void {
    const tags = { [LINK_TAG]: tag }
    Promise.resolve()
      .then(() => this.components.peerStore.merge(peerIdFromString(peerId), { tags }))
      .catch(error => this.log('%s was not tagged: %e', peerId, error))
  }
}
