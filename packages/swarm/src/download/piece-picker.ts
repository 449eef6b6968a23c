import { type RandomSource, randomBelow } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'
import { RANDOM_FIRST_PIECES } from '../limits.ts'
import { PRIORITY_RANK } from './file-priorities.ts'
import { NOT_QUEUED, PieceQueue } from './piece-queue.ts'

/** A peer with so many times fewer pieces than there are candidates is looked through piece by piece. */
const SPARSE_FACTOR = 16

/** So many changes cost more than sorting. */
const MANY_PIECES = 256

/**
 * Which piece to start next: of the highest priority first, and among those a random one at first, then the rarest
 * (BEP 3; Cohen 2003), or, in order, the first. Candidates are the wanted pieces that are neither here nor being
 * fetched.
 */
export class PiecePicker {
  /** Take pieces as they follow each other. */
  isSequential = false
  private readonly random: RandomSource
  private readonly availability: Uint16Array
  private readonly positions: Int32Array
  /** Of each piece: {@link PRIORITY_RANK}. */
  private ranks: Uint8Array
  /** Candidates by rank, from the lowest wanted one. */
  private readonly queues: readonly PieceQueue[]
  private isAskable: (piece: number) => boolean = () => true
  /** No candidate is before this piece. */
  private firstCandidate = 0
  private startedRandomly = 0
  /** Peers that have everything: they make no piece rarer than another. */
  private seeds = 0
  /** Grows whenever there is a candidate more: who had none of them may have one now. */
  changes = 0

  /** @param have pieces that are here already. */
  constructor(have: Bitfield, random: RandomSource) {
    this.random = random
    this.availability = new Uint16Array(have.length)
    this.positions = new Int32Array(have.length).fill(NOT_QUEUED)
    this.ranks = new Uint8Array(have.length).fill(PRIORITY_RANK.normal)
    this.queues = [1, 2, 3].map(() => new PieceQueue(this.availability, this.positions, random))
    for (let piece = 0; piece < have.length; piece++) if (!have.has(piece)) this.putBack(piece)
    this.startedRandomly = Math.min(have.count, RANDOM_FIRST_PIECES)
  }

  /** Candidates left. */
  get size(): number {
    return this.queues.reduce((sum, queue) => sum + queue.size, 0)
  }

  /** Connected peers that have the piece. */
  availabilityOf(piece: number): number {
    return (this.availability[piece] ?? 0) + this.seeds
  }

  /** Of every piece; a copy. */
  availabilities(): Uint16Array {
    return this.availability.map(others => others + this.seeds)
  }

  isWanted(piece: number): boolean {
    return this.ranks[piece] !== PRIORITY_RANK.skip
  }

  isCandidate(piece: number): boolean {
    return (this.positions[piece] ?? NOT_QUEUED) !== NOT_QUEUED
  }

  /**
   * Pieces that cannot be verified yet are no candidates (BEP 52).
   * @param isOpen whether a piece is neither here nor being fetched.
   */
  setAskable(isAskable: (piece: number) => boolean, isOpen: (piece: number) => boolean): void {
    this.isAskable = isAskable
    for (let piece = 0; piece < this.positions.length; piece++) {
      if (this.isCandidate(piece) && !isAskable(piece)) this.queueOf(piece).remove(piece)
      else if (isOpen(piece)) this.putBack(piece)
    }
  }

  /** What is being fetched stays taken. @param ranks of every piece. */
  setRanks(ranks: Uint8Array, isOpen: (piece: number) => boolean): void {
    for (let piece = 0; piece < ranks.length; piece++) {
      if (ranks[piece] === this.ranks[piece]) continue
      if (this.isCandidate(piece)) this.queueOf(piece).remove(piece)
    }
    this.ranks = ranks
    for (let piece = 0; piece < ranks.length; piece++) if (isOpen(piece)) this.putBack(piece)
  }

  addSeed(): void {
    this.seeds++
  }

  removeSeed(): void {
    this.seeds--
  }

  removePeer(has: Bitfield): void {
    this.changeMany(has.count, () => {
      for (const piece of has.members()) this.removeHave(piece)
    })
  }

  /** One more peer has these pieces. */
  addHaves(pieces: readonly number[]): void {
    this.changeMany(pieces.length, () => {
      for (const piece of pieces) this.addHave(piece)
    })
  }

  /** Many pieces are not moved one by one: their queues are sorted anew. */
  private changeMany(count: number, change: () => void): void {
    if (count >= MANY_PIECES) for (const queue of this.queues) queue.onManyChanged()
    change()
  }

  /** One more peer has the piece. */
  addHave(piece: number): void {
    this.availability[piece]!++
    if (this.isCandidate(piece)) this.queueOf(piece).onMoreAvailable(piece)
  }

  private removeHave(piece: number): void {
    this.availability[piece]!--
    if (this.isCandidate(piece)) this.queueOf(piece).onLessAvailable(piece)
  }

  /** Takes a piece that a peer has, and has not refused to send, out of the candidates. */
  take(has: Bitfield, refused?: ReadonlySet<number>): number | undefined {
    for (let rank = this.queues.length; rank > 0; rank--) {
      const piece = this.bestOfRank(rank, has, refused)
      if (piece === undefined) continue
      this.takePiece(piece)
      return piece
    }
    return undefined
  }

  /** Whether the peer has a candidate that fewer have than another piece, of no lower priority. */
  hasRarer(than: number, has: Bitfield, refused: ReadonlySet<number>): boolean {
    if (this.isSequential || this.startedRandomly < RANDOM_FIRST_PIECES) return false
    const rank = this.ranks[than]!
    const candidate =
      rank === PRIORITY_RANK.skip ? undefined : this.queues[rank - 1]!.firstOf(has, refused, 0)
    return candidate !== undefined && this.availability[candidate]! < this.availability[than]!
  }

  private bestOfRank(rank: number, has: Bitfield, refused?: ReadonlySet<number>): number | undefined {
    const queue = this.queues[rank - 1]!
    if (queue.size === 0) return undefined
    if (this.isSequential) return this.firstInOrder(rank, has, refused)
    const isRandom = this.startedRandomly < RANDOM_FIRST_PIECES
    const start = isRandom ? randomBelow(this.random, queue.size) : 0
    const piece = this.firstFrom(start, rank, has, refused)
    if (isRandom && piece !== undefined) this.startedRandomly++
    return piece
  }

  /** The rarest that the peer has, if `start` is 0. */
  private firstFrom(
    start: number,
    rank: number,
    has: Bitfield,
    refused: ReadonlySet<number> | undefined,
  ): number | undefined {
    const queue = this.queues[rank - 1]!
    const isSparse = has.count * SPARSE_FACTOR < queue.size
    if (!isSparse) return queue.firstOf(has, refused, start)
    return queue.firstAmong(has, piece => this.ranks[piece] === rank && !refused?.has(piece), start)
  }

  private firstInOrder(rank: number, has: Bitfield, refused?: ReadonlySet<number>): number | undefined {
    while (this.firstCandidate < has.length && !this.isCandidate(this.firstCandidate)) this.firstCandidate++
    for (let piece = this.firstCandidate; piece < has.length; piece++) {
      const isOne = this.isCandidate(piece) && this.ranks[piece] === rank
      if (isOne && has.has(piece) && !refused?.has(piece)) return piece
    }
    return undefined
  }

  /** @returns false when the piece is no candidate. */
  takePiece(piece: number): boolean {
    if (!this.isCandidate(piece)) return false
    this.queueOf(piece).remove(piece)
    return true
  }

  /** The piece is a candidate again, if it is wanted. */
  putBack(piece: number): void {
    if (this.isCandidate(piece) || !this.isWanted(piece) || !this.isAskable(piece)) return
    this.queueOf(piece).add(piece)
    this.changes++
    this.firstCandidate = Math.min(this.firstCandidate, piece)
  }

  private queueOf(piece: number): PieceQueue {
    return this.queues[this.ranks[piece]! - 1]!
  }
}
