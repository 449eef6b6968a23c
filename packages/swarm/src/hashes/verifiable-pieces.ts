import { OK, type Sha256, type Verdict } from '@onehop/primitives'
import type { PeerKey } from '../machine/peer-state.ts'
import { pieceCheckAt } from '../metainfo/piece-check.ts'
import { PieceLayers } from '../metainfo/piece-layers.ts'
import type { TorrentInfo } from '../metainfo/torrent-info.ts'
import { HashExchange, type HashMessage } from './hash-exchange.ts'
import type { HashEnvironment, HashPeer } from './hash-fetch.ts'

/** What must know which pieces can be verified, and so asked for. */
export interface PieceAsker {
  setAskable(isAskable: (piece: number) => boolean): void
}

/**
 * Which pieces of a torrent can be verified. Those of v1 and of hybrids always can, by their SHA-1; those of v2 when
 * the hashes of their file's pieces are known, which peers give where the .torrent did not (BEP 52).
 */
export class VerifiablePieces {
  private readonly environment: HashEnvironment
  private readonly peers: ReadonlyMap<PeerKey, HashPeer>
  private readonly sha256: Sha256
  private info: TorrentInfo | undefined
  private exchange: HashExchange | undefined
  private asker: PieceAsker | undefined
  private knownLayers: PieceLayers | undefined
  private hasNews = false

  constructor(environment: HashEnvironment, peers: ReadonlyMap<PeerKey, HashPeer>, sha256: Sha256) {
    this.environment = environment
    this.peers = peers
    this.sha256 = sha256
  }

  /** The hashes of the pieces of v2's files, as far as they are known; undefined for v1. */
  get layers(): PieceLayers | undefined {
    return this.knownLayers
  }

  /** @param layers what is known beside the info dictionary. */
  setInfo(info: TorrentInfo, layers?: PieceLayers): void {
    if (info.version === 'v1') return
    this.info = info
    this.knownLayers = layers ?? new PieceLayers(info, this.sha256)
    this.exchange = new HashExchange(info, this.knownLayers, this.environment, this.peers, this.sha256)
  }

  /** From now on it knows which pieces to ask for. */
  tell(asker: PieceAsker): void {
    this.asker = asker
    this.hasNews = this.info?.version === 'v2' && this.knownLayers?.isComplete === false
    this.tellNews()
  }

  /** Tells which pieces can be asked for, where that has changed. @returns whether it has. */
  tellNews(): boolean {
    const { info, asker, hasNews } = this
    if (!hasNews || info === undefined || asker === undefined) return false
    this.hasNews = false
    asker.setAskable(piece => pieceCheckAt(info, piece, this.knownLayers) !== undefined)
    return true
  }

  /** Asks peers for what is missing; of a hybrid nothing is. */
  advance(): void {
    if (this.info?.version === 'v2') this.exchange?.advance()
  }

  /** Who asks about a torrent that has no such hashes is not answered. */
  onMessage(peer: HashPeer, message: HashMessage): Verdict {
    const verdict = this.exchange?.onMessage(peer, message) ?? OK
    if (message.type === 'hashes' && verdict.ok) this.hasNews = true
    return verdict
  }

  onPeerGone(peer: HashPeer): void {
    this.exchange?.onPeerGone(peer)
  }
}
