import { OK, type Sha256, type Verdict } from '@onehop/primitives'
import { Bitfield } from '../bitfield.ts'
import type { PeerKey } from '../machine/peer-state.ts'
import { HASH_NEWS_INTERVAL_MS } from '../metainfo/limits.ts'
import { PieceLayers } from '../metainfo/piece-layers.ts'
import { pieceCount, piecesOfFile, type TorrentInfo } from '../metainfo/torrent-info.ts'
import { HashExchange, type HashMessage } from './hash-exchange.ts'
import type { HashEnvironment, HashPeer } from './hash-fetch.ts'

/** What must know which pieces can be verified, and so asked for. */
export interface PieceAsker {
  setAskable(isAskable: (piece: number) => boolean): void
}

/**
 * Which pieces of a torrent can be verified. Those of v1 and of hybrids always can, by their SHA-1; those of v2 when
 * the hashes of their file's pieces are known, which peers give where the .torrent did not (BEP 52). Those hashes are
 * fetched of hybrids, too: what comes after them is verified both ways.
 */
export class VerifiablePieces {
  private readonly environment: HashEnvironment
  private readonly peers: ReadonlyMap<PeerKey, HashPeer>
  private readonly sha256: Sha256
  private info: TorrentInfo | undefined
  private exchange: HashExchange | undefined
  private asker: PieceAsker | undefined
  private knownLayers: PieceLayers | undefined
  /** Files of v2 whose pieces cannot be verified yet, by number. */
  private waiting: number[] = []
  private verifiable = new Bitfield(0)
  private hasNews = false
  private toldAtMs = 0

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
    const { info } = this
    if (info?.version !== 'v2' || this.knownLayers?.isComplete !== false) return
    this.asker = asker
    this.verifiable = new Bitfield(pieceCount(info))
    this.waiting = [...info.files.keys()]
    this.takeKnown(info, this.knownLayers)
    this.tellAsker()
  }

  /**
   * Tells which pieces can be asked for, where that has changed: now and then, as long as more is to come.
   * @returns whether it has.
   */
  tellNews(): boolean {
    const { hasNews, info, knownLayers } = this
    if (!hasNews || info === undefined || knownLayers === undefined) return false
    const isTime = this.environment.now() - this.toldAtMs >= HASH_NEWS_INTERVAL_MS
    if (!isTime && !knownLayers.isComplete) return false
    this.hasNews = false
    if (!this.takeKnown(info, knownLayers)) return false
    this.tellAsker()
    return true
  }

  /** @returns whether the pieces of more files can be verified than before. */
  private takeKnown(info: TorrentInfo, layers: PieceLayers): boolean {
    const known = this.waiting.filter(file => layers.isKnown(info.files[file]!))
    this.waiting = this.waiting.filter(file => !layers.isKnown(info.files[file]!))
    for (const file of known) {
      const { first, end } = piecesOfFile(info, file)
      for (let piece = first; piece < end; piece++) this.verifiable.set(piece)
    }
    return known.length > 0
  }

  private tellAsker(): void {
    const { verifiable } = this
    this.toldAtMs = this.environment.now()
    this.asker?.setAskable(piece => verifiable.has(piece))
  }

  /** Asks peers for what is missing. */
  advance(): void {
    this.exchange?.advance()
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
