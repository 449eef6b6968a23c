import { type BandwidthLimit, waitForAll } from '../bandwidth/bandwidth-limit.ts'
import { BLOCK_BYTES, PIPELINE_HORIZON_MS, RATE_WINDOW_MS, REQUESTS_UNDER_WAY } from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import type { BlockRange } from '../wire/wire-messages.ts'
import type { ActivePiece } from './active-piece.ts'
import type { ActivePieces } from './active-pieces.ts'

/** A block's number among all of the torrent. */
export type BlockId = number

/** What each peer was asked for: sends requests and cancels, and keeps count of them in the pieces. */
export class Requests {
  /** Whether the limits have refused a request since this was last set to false. */
  isHeldBack = false
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly pieces: ActivePieces
  private readonly limits: readonly BandwidthLimit[]

  constructor(
    environment: TorrentEnvironment,
    peers: ReadonlyMap<PeerKey, PeerState>,
    pieces: ActivePieces,
    limits: readonly BandwidthLimit[],
  ) {
    this.environment = environment
    this.peers = peers
    this.pieces = pieces
    this.limits = limits
  }

  idOf(piece: number, block: number): BlockId {
    return piece * this.pieces.blocksPerPiece + block
  }

  /** Of a block as a peer describes it; undefined for what we never ask for. */
  blockIdOf(piece: number, begin: number): BlockId | undefined {
    const block = begin / BLOCK_BYTES
    return Number.isInteger(block) && block < this.pieces.blocksPerPiece ? this.idOf(piece, block) : undefined
  }

  pieceOf(id: BlockId): number {
    return Math.floor(id / this.pieces.blocksPerPiece)
  }

  /** Whether the bandwidth limits let us ask for one more block. */
  isAllowed(): boolean {
    if (this.limits.length === 0 || waitForAll(this.limits, BLOCK_BYTES, this.environment.now(), this) === 0)
      return true
    this.isHeldBack = true
    return false
  }

  /** Asks the peer for the block; the limits have said that it may go ({@link isAllowed}). */
  send(peer: PeerState, piece: ActivePiece, block: number): void {
    const now = this.environment.now()
    if (peer.requests.size === 0) noteStart(peer, now)
    for (const limit of this.limits) limit.charge(BLOCK_BYTES, this)
    peer.requests.set(this.idOf(piece.index, block), now)
    piece.addRequester(block, now)
    this.environment.send(peer.key, { type: 'request', ...rangeOf(piece, block) })
  }

  /** The block has come: what was asked for is answered. */
  settle(peer: PeerState, id: BlockId): void {
    this.answersCancel(peer, id)
    const sentAtMs = peer.requests.get(id)
    if (sentAtMs === undefined) return
    const waitedMs = this.environment.now() - sentAtMs
    peer.observeLatency(waitedMs)
    // Blocks queue up at the peer: more requests would not make it faster.
    if (waitedMs > peer.latencyMs! + PIPELINE_HORIZON_MS) peer.askedSinceMs = Number.NEGATIVE_INFINITY
    this.forget(peer, id)
  }

  private forget(peer: PeerState, id: BlockId): void {
    if (peer.requests.delete(id)) {
      this.pieces.get(this.pieceOf(id))?.removeRequester(id % this.pieces.blocksPerPiece)
    }
  }

  /** The peer may still send the block, and is not to blame for it. */
  takeBack(peer: PeerState, id: BlockId): void {
    if (!peer.requests.has(id)) return
    peer.excusedBytes += BLOCK_BYTES
    for (const limit of this.limits) limit.giveBack(BLOCK_BYTES)
    this.forget(peer, id)
  }

  /** Takes back, and tells the peer. */
  cancel(peer: PeerState, id: BlockId): void {
    const piece = this.pieces.get(this.pieceOf(id))
    this.takeBack(peer, id)
    if (!piece) return
    if (peer.fast) peer.openCancels.set(id, (peer.openCancels.get(id) ?? 0) + 1)
    this.environment.send(peer.key, { type: 'cancel', ...rangeOf(piece, id % this.pieces.blocksPerPiece) })
  }

  /**
   * Whether what comes for the block answers a cancel: it says nothing of a later request for the same block, which may
   * have crossed it.
   */
  answersCancel(peer: PeerState, id: BlockId): boolean {
    const open = peer.openCancels.get(id)
    if (open === undefined) return false
    if (open > 1) peer.openCancels.set(id, open - 1)
    else peer.openCancels.delete(id)
    return true
  }

  /** Takes back what the peer was asked for of other pieces than these, but for what it is sending already. */
  yieldTo(urgent: ReadonlySet<number>, peer: PeerState): void {
    const ids = [...peer.requests.keys()].slice(REQUESTS_UNDER_WAY)
    for (const id of ids) if (!urgent.has(this.pieceOf(id))) this.cancel(peer, id)
  }

  /** A block is here: others need not send it. */
  cancelEverywhere(piece: ActivePiece, block: number): void {
    const id = this.idOf(piece.index, block)
    for (const peer of this.peers.values()) if (peer.requests.has(id)) this.cancel(peer, id)
  }

  /** All that was asked of a piece. @param tell whether to send cancels. */
  withdraw(piece: ActivePiece, tell: boolean): void {
    if (piece.outstanding === 0) return
    for (const peer of this.peers.values()) {
      for (let block = 0; block < piece.blockCount; block++) {
        const id = this.idOf(piece.index, block)
        if (!peer.requests.has(id)) continue
        if (tell) this.cancel(peer, id)
        else this.takeBack(peer, id)
      }
    }
  }
}

/** After a pause the peer's rate has to be found out anew. */
function noteStart(peer: PeerState, nowMs: number): void {
  if (nowMs - peer.lastBlockBytesMs >= RATE_WINDOW_MS || peer.blocksSinceAsked === 0) {
    peer.askedSinceMs = nowMs
    peer.blocksSinceAsked = 0
    peer.latencyMs = undefined
  }
  peer.lastBlockBytesMs = nowMs
}

function rangeOf(piece: ActivePiece, block: number): BlockRange {
  return { piece: piece.index, begin: block * BLOCK_BYTES, length: piece.blockLength(block) }
}
