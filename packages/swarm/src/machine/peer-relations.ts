import { OK } from '@onehop/primitives'
import type { Downloads } from '../download/downloads.ts'
import type { TorrentInfo } from '../metainfo/torrent-info.ts'
import { grantAllowedFast } from './allowed-fast.ts'
import type { PeerRegistry } from './peer-registry.ts'
import type { PeerState } from './peer-state.ts'
import type { TorrentEnvironment } from './torrent-environment.ts'

/** How the torrent is, as far as its peers are concerned. */
export interface RelationsContext {
  /** Undefined as long as there is no storage. */
  readonly downloads: Downloads | undefined
  readonly info: TorrentInfo | undefined
  readonly isFetching: boolean
}

/** What we and each peer want of each other, by what either has. */
export class PeerRelations {
  private readonly registry: PeerRegistry
  private readonly environment: TorrentEnvironment
  private readonly context: RelationsContext

  constructor(registry: PeerRegistry, environment: TorrentEnvironment, context: RelationsContext) {
    this.registry = registry
    this.environment = environment
    this.context = context
  }

  /** The peer has said what it has: do we want it? */
  onNews(peer: PeerState): void {
    if (!this.registry.isConnected(peer)) return
    const { downloads, info } = this.context
    this.updateInterest(peer)
    if (downloads && info) grantAllowedFast(peer, downloads.have, info, this.environment)
    this.partIfDone(peer)
  }

  /** What we want, or whether we want anything, has changed. */
  updateAll(): void {
    for (const peer of this.registry.connected.values()) this.updateInterest(peer)
  }

  private updateInterest(peer: PeerState): void {
    const isInterested = this.context.isFetching && peer.wanted > 0
    if (peer.amInterested === isInterested) return
    peer.amInterested = isInterested
    peer.interestedSinceMs = this.environment.now()
    this.environment.send(peer.key, { type: isInterested ? 'interested' : 'notInterested' })
  }

  /** The piece is stored: others may have it, and nobody need give it any more. */
  onVerified(piece: number): void {
    const wasWanted = this.context.downloads?.picker.isWanted(piece) === true
    for (const peer of this.registry.connected.values()) {
      // Told to those who have the piece as well: a seed that shows us its pieces one by one waits for it (BEP 16).
      if (!peer.have?.isFull) this.environment.send(peer.key, { type: 'have', piece })
      if (wasWanted && peer.have?.has(piece) && --peer.wanted === 0) this.updateInterest(peer)
    }
  }

  /** All that we want is here. */
  onComplete(): void {
    this.updateAll()
    for (const peer of [...this.registry.connected.values()]) this.partIfDone(peer)
  }

  /**
   * Two who want nothing have nothing to say to each other (BEP 21); of no pieces only the info dictionary is to be
   * had.
   */
  partIfDone(peer: PeerState): void {
    const isComplete = this.context.downloads?.isComplete === true
    if (!isComplete || !peer.have || peer.have.length === 0 || !this.registry.isConnected(peer)) return
    const wantsNothing = peer.have.isFull || (peer.extension.isUploadOnly && !peer.peerInterested)
    if (wantsNothing) this.registry.drop(peer, OK, 'both-complete')
  }
}
