import { randomBelow } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'
import {
  END_GAME_PATIENCE_MS,
  LATE_BLOCK_MS,
  MAX_END_GAME_COPIES,
  MAX_HASTENED_BLOCKS,
  MAX_HASTENED_PIECES,
  URGENT_LATE_BLOCK_MS,
} from '../limits.ts'
import type { PeerKey, PeerState } from '../machine/peer-state.ts'
import type { TorrentEnvironment } from '../machine/torrent-environment.ts'
import type { ActivePiece } from './active-piece.ts'
import type { ActivePieces } from './active-pieces.ts'
import type { Requests } from './requests.ts'

/** Asks further peers for blocks that were asked for already: the first to come counts, the others get cancels. */
export class LateBlocks {
  private readonly environment: TorrentEnvironment
  private readonly peers: ReadonlyMap<PeerKey, PeerState>
  private readonly pieces: ActivePieces
  private readonly requests: Requests

  constructor(
    environment: TorrentEnvironment,
    peers: ReadonlyMap<PeerKey, PeerState>,
    pieces: ActivePieces,
    requests: Requests,
  ) {
    this.environment = environment
    this.peers = peers
    this.pieces = pieces
    this.requests = requests
  }

  /**
   * Gives an idle peer something to do.
   * @param isEndGame whether everything has been asked for (BEP 3); before that only what is late is asked for twice,
   * so that those who send slowly cannot hold up the rest.
   */
  ask(peer: PeerState, has: Bitfield, depth: number, isEndGame: boolean): void {
    const now = this.environment.now()
    for (const piece of this.pieces.values()) {
      if (!has.has(piece.index) || peer.refused.has(piece.index) || !isShared(piece)) continue
      const first = randomBelow(this.environment.random, piece.blockCount)
      for (let i = 0; i < piece.blockCount; i++) {
        if (peer.requests.size >= depth || !this.requests.isAllowed()) return
        const block = (first + i) % piece.blockCount
        if (this.isWorthAnother(peer, piece, block, isEndGame ? 0 : LATE_BLOCK_MS, now)) {
          this.requests.send(peer, piece, block)
        }
      }
    }
  }

  private isWorthAnother(
    peer: PeerState,
    piece: ActivePiece,
    block: number,
    lateMs: number,
    now: number,
  ): boolean {
    if (!piece.isLate(block, now, lateMs) || peer.requests.has(this.requests.idOf(piece.index, block)))
      return false
    const more = Math.floor(piece.waitedMs(block, now) / END_GAME_PATIENCE_MS)
    return piece.requestersOf(block) < MAX_END_GAME_COPIES + more
  }

  /** Asks the fastest for what readers wait for and others are slow to send. */
  hasten(urgent: readonly number[]): void {
    const now = this.environment.now()
    let left = MAX_HASTENED_BLOCKS
    for (const index of urgent.slice(0, MAX_HASTENED_PIECES)) {
      const piece = this.pieces.get(index)
      if (!piece || !isShared(piece)) continue
      for (let block = 0; block < piece.blockCount && left > 0; block++) {
        if (!piece.isLate(block, now, URGENT_LATE_BLOCK_MS)) continue
        if (this.askFastest(piece, block, now)) left--
      }
    }
  }

  private askFastest(piece: ActivePiece, block: number, now: number): boolean {
    let fastest: PeerState | undefined
    let mostBytes = -1
    for (const peer of this.peers.values()) {
      const canSend =
        !peer.peerChoking && !peer.isSnubbing && peer.have?.has(piece.index) && peer.amInterested
      if (!canSend || peer.refused.has(piece.index)) continue
      const bytes = peer.download.bytesPerSecond(now)
      if (bytes > mostBytes && this.isWorthAnother(peer, piece, block, 0, now)) {
        fastest = peer
        mostBytes = bytes
      }
    }
    if (!fastest || !this.requests.isAllowed()) return false
    this.requests.send(fastest, piece, block)
    return true
  }
}

/** Whether several may contribute to it. */
function isShared(piece: ActivePiece): boolean {
  return piece.owner === undefined && piece.state === 'fetching'
}
