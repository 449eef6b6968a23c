import type { Connection } from '@libp2p/interface'
import type { Libp2pOverlay, PenaltyLedger } from '@onehop/libp2p-overlay'
import { shuffled } from '@onehop/primitives'
import type { ChainSync } from './chain-sync.ts'
import type { ConnectedPeers } from './connected-peers.ts'
import type { ConnectionKeeper } from './connection-keeper.ts'
import { GRAYLIST_SCORE } from './gossip-options.ts'
import type { Host } from './host.ts'
import type { Introductions } from './introductions.ts'
import { INVALID_BLOCK_POINTS, KEEP_INTERVAL_MS, SYNC_OPEN_GRACE_MS } from './limits.ts'
import type { PeerExchange } from './peer-exchange.ts'
import type { PeersFile } from './peers-file.ts'

/** Whose state is looked after. */
export interface MaintenanceParts<Message> {
  readonly host: Host<Message>
  readonly overlay: Libp2pOverlay<Message>
  readonly penalties: PenaltyLedger
  readonly introductions: Introductions
  readonly sync: ChainSync
  readonly keeper: ConnectionKeeper
  readonly connected: ConnectedPeers
  readonly exchange: PeerExchange
  readonly peersFile: PeersFile | undefined
}

/** What is done every so often: room for others, peers that are of no use, streams that never came about, new peers. */
export class Maintenance<Message> {
  private readonly parts: MaintenanceParts<Message>
  private timer: NodeJS.Timeout | undefined

  constructor(parts: MaintenanceParts<Message>) {
    this.parts = parts
  }

  start(): void {
    this.timer = setInterval(() => this.round(), KEEP_INTERVAL_MS)
  }

  stop(): void {
    clearInterval(this.timer)
  }

  private round(): void {
    const { host, overlay, keeper, exchange, connected, peersFile } = this.parts
    host.makeRoom(overlay.connectionsWanted)
    for (const connection of host.libp2p.getConnections()) {
      const peerId = connection.remotePeer.toString()
      this.checkGossipScore(peerId)
      this.reopenSync(peerId, connection)
    }
    if (keeper.missing > 0) exchange.ask(shuffled(Math.random, connected.chainConnections()))
    void peersFile?.save(keeper.knownPeers())
  }

  /** Gossip ignores such a peer already; there is nothing to be had from it. */
  private checkGossipScore(peerId: string): void {
    const { host, penalties } = this.parts
    const { pubsub } = host.libp2p.services
    const score = (pubsub as { getScore?(peerId: string): number }).getScore?.(peerId) ?? 0
    if (score < GRAYLIST_SCORE && !penalties.isBanned(peerId))
      penalties.penalise(peerId, INVALID_BLOCK_POINTS, `gossip score ${Math.round(score)}`)
  }

  /** The side that dialled opens the sync stream; when nothing comes of it, either does. */
  private reopenSync(peerId: string, connection: Connection): void {
    const { introductions, sync } = this.parts
    if (introductions.of(peerId)?.speaksSync !== true || sync.session(peerId)?.isOpen) return
    const ageMs = Date.now() - connection.timeline.open
    if (connection.limits !== undefined) return
    if (connection.status === 'open' && ageMs > SYNC_OPEN_GRACE_MS) void sync.open(peerId, connection)
  }
}
