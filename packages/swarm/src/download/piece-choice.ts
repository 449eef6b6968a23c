import type { Bitfield } from '../bitfield.ts'
import type { PeerState } from '../machine/peer-state.ts'
import type { ActivePiece } from './active-piece.ts'
import type { ActivePieces } from './active-pieces.ts'
import type { PiecePicker } from './piece-picker.ts'
import type { Suspicions } from './suspicions.ts'

/** Which piece each peer is asked for blocks of: a begun one, or a new one of the picker's. */
export class PieceChoice {
  /** What readers wait for, in the order in which to fetch it. */
  urgent: readonly number[] = []
  private readonly picker: PiecePicker
  private readonly pieces: ActivePieces
  private readonly suspicions: Suspicions
  private readonly abandon: (piece: ActivePiece) => void

  /** @param abandon gives up a piece that nobody is sending. */
  constructor(
    picker: PiecePicker,
    pieces: ActivePieces,
    suspicions: Suspicions,
    abandon: (piece: ActivePiece) => void,
  ) {
    this.picker = picker
    this.pieces = pieces
    this.suspicions = suspicions
    this.abandon = abandon
  }

  /**
   * A piece with a block to ask this peer for: one that it has begun before a new one (strict priority, BEP 3), or that
   * nobody is sending any more. It joins in what others have begun only when it has nothing new: otherwise a seed would
   * finish the pieces of slow peers, and the rarest would have to wait.
   */
  pieceFor(peer: PeerState, has: Bitfield): ActivePiece | undefined {
    if (peer.peerChoking) return this.firstOpen(peer, has, peer.allowedFast)
    // A suspect works alone as long as it can, so that what it sends is judged alone.
    if (this.suspicions.concerns(peer.remotePeer)) {
      return (
        this.begunPiece(peer, has, piece => piece.owner === peer.key) ??
        this.beginBest(peer, has, true) ??
        this.begunPiece(peer, has, piece => piece.owner === undefined)
      )
    }
    return (
      (this.urgent.length > 0 ? this.firstOpen(peer, has, this.urgent) : undefined) ??
      this.begunPiece(peer, has, piece => piece.lead === peer.key && piece.isOpenTo(peer.key)) ??
      this.orphan(peer, has) ??
      this.beginBest(peer, has, false) ??
      this.begunPiece(peer, has, piece => piece.isOpenTo(peer.key))
    )
  }

  /** A piece that nobody is sending any more, unless there is a rarer one to begin. */
  private orphan(peer: PeerState, has: Bitfield): ActivePiece | undefined {
    const orphan = this.begunPiece(peer, has, piece => piece.outstanding === 0 && piece.isOpenTo(peer.key))
    const hasNew = peer.exhaustedAt !== this.picker.changes && this.pieces.hasRoom(false)
    if (!orphan || !hasNew) return orphan
    return this.picker.hasRarer(orphan.index, has, peer.refused) ? undefined : orphan
  }

  private begunPiece(
    peer: PeerState,
    has: Bitfield,
    accept: (piece: ActivePiece) => boolean,
  ): ActivePiece | undefined {
    for (const piece of this.pieces.values()) {
      if (piece.unrequested === 0 || piece.state !== 'fetching') continue
      if (has.has(piece.index) && !peer.refused.has(piece.index) && accept(piece)) return piece
    }
    return undefined
  }

  /** The first of certain pieces that the peer can send blocks of; begun if need be. */
  private firstOpen(peer: PeerState, has: Bitfield, pieces: Iterable<number>): ActivePiece | undefined {
    for (const index of pieces) {
      if (!has.has(index) || peer.refused.has(index)) continue
      const piece = this.pieces.get(index)
      if (piece && piece.unrequested > 0 && piece.isOpenTo(peer.key)) return piece
      if (!this.picker.isCandidate(index) || !this.pieces.hasRoom(true)) continue
      this.picker.takePiece(index)
      return this.begin(peer, index, this.suspicions.concerns(peer.remotePeer))
    }
    return undefined
  }

  private beginBest(peer: PeerState, has: Bitfield, isSuspect: boolean): ActivePiece | undefined {
    if (peer.exhaustedAt === this.picker.changes) return undefined
    if (!this.pieces.hasRoom(false) && !this.makeRoom(has)) return undefined
    const index = this.picker.take(has, peer.refused)
    if (index !== undefined) return this.begin(peer, index, isSuspect)
    peer.exhaustedAt = this.picker.changes
    return undefined
  }

  private begin(peer: PeerState, index: number, isSuspect: boolean): ActivePiece {
    const wasCorrupt = this.suspicions.has(index)
    const piece = this.pieces.open(index, !wasCorrupt)
    if (isSuspect || wasCorrupt) piece.owner = peer.key
    return piece
  }

  /** Gives up a begun piece that nobody is sending and this peer cannot: whoever has it is gone, or chokes us. */
  private makeRoom(has: Bitfield): boolean {
    for (const piece of this.pieces.values()) {
      if (piece.state !== 'fetching' || piece.outstanding > 0 || has.has(piece.index)) continue
      this.abandon(piece)
      return true
    }
    return false
  }
}
