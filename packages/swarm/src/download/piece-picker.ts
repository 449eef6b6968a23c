import { type RandomSource, randomBelow } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'
import { RANDOM_FIRST_PIECES } from '../limits.ts'

const NOT_A_CANDIDATE = -1

/**
 * Which piece to start next: a random one at first, then the rarest (BEP 3; Cohen 2003). Candidates are the pieces
 * that are neither here nor being fetched, kept sorted by availability: buckets in one array, so that every change
 * costs one swap a bucket, whatever the number of pieces.
 */
export class PiecePicker {
  private readonly random: RandomSource
  private readonly availability: Uint16Array
  /** Candidates, rarest first. */
  private readonly order: Int32Array
  private readonly positions: Int32Array
  /** `ends[a]` is the end in `order` of the candidates of availability a, which begins at `ends[a - 1]`. */
  private readonly ends: number[] = [0]
  private startedRandomly = 0

  /** @param have pieces that are here already. */
  constructor(have: Bitfield, random: RandomSource) {
    this.random = random
    this.availability = new Uint16Array(have.length)
    this.order = new Int32Array(have.length)
    this.positions = new Int32Array(have.length).fill(NOT_A_CANDIDATE)
    for (let piece = 0; piece < have.length; piece++) if (!have.has(piece)) this.putBack(piece)
    this.startedRandomly = Math.min(have.count, RANDOM_FIRST_PIECES)
  }

  /** Candidates left. */
  get size(): number {
    return this.ends.at(-1)!
  }

  /** Connected peers that have the piece. */
  availabilityOf(piece: number): number {
    return this.availability[piece] ?? 0
  }

  removePeer(has: Bitfield): void {
    for (let piece = 0; piece < has.length; piece++) if (has.has(piece)) this.removeHave(piece)
  }

  /** One more peer has the piece. */
  addHave(piece: number): void {
    const level = this.availability[piece]!++
    if (this.positions[piece] === NOT_A_CANDIDATE) return
    this.reach(level + 1)
    // The last of its bucket becomes the first of the next.
    this.swap(this.positions[piece]!, this.ends[level]! - 1)
    this.ends[level]!--
    this.shuffleIn(piece)
  }

  /** Takes a piece that `has` holds out of the candidates. */
  take(has: Bitfield): number | undefined {
    const size = this.size
    const isRandom = this.startedRandomly < RANDOM_FIRST_PIECES && size > 0
    const start = isRandom ? randomBelow(this.random, size) : 0
    for (let i = 0; i < size; i++) {
      const piece = this.order[(start + i) % size]!
      if (!has.has(piece)) continue
      if (isRandom) this.startedRandomly++
      this.remove(piece)
      return piece
    }
    return undefined
  }

  /** The piece is a candidate again. */
  putBack(piece: number): void {
    if (this.positions[piece] !== NOT_A_CANDIDATE) return
    const level = this.availability[piece]!
    this.reach(level)
    const top = this.ends.length - 1
    let hole = this.ends[top]!++
    for (let bucket = top; bucket > level; bucket--) {
      const first = this.ends[bucket - 1]!
      if (first !== hole) this.place(this.order[first]!, hole)
      this.ends[bucket - 1]!++
      hole = first
    }
    this.place(piece, hole)
    this.shuffleIn(piece)
  }

  private removeHave(piece: number): void {
    const level = this.availability[piece]!--
    if (this.positions[piece] === NOT_A_CANDIDATE) return
    // The first of its bucket becomes the last of the one before.
    this.swap(this.positions[piece]!, this.ends[level - 1]!)
    this.ends[level - 1]!++
    this.shuffleIn(piece)
  }

  private remove(piece: number): void {
    let hole = this.positions[piece]!
    for (let bucket = this.availability[piece]!; bucket < this.ends.length; bucket++) {
      const last = --this.ends[bucket]!
      if (last !== hole) this.place(this.order[last]!, hole)
      hole = last
    }
    this.positions[piece] = NOT_A_CANDIDATE
  }

  private reach(level: number): void {
    while (this.ends.length <= level) this.ends.push(this.ends.at(-1)!)
  }

  /** A random place within its bucket, so that peers do not all ask for the same piece. */
  private shuffleIn(piece: number): void {
    const level = this.availability[piece]!
    const start = level === 0 ? 0 : this.ends[level - 1]!
    this.swap(this.positions[piece]!, start + randomBelow(this.random, this.ends[level]! - start))
  }

  private swap(a: number, b: number): void {
    const held = this.order[a]!
    this.place(this.order[b]!, a)
    this.place(held, b)
  }

  private place(piece: number, position: number): void {
    this.order[position] = piece
    this.positions[piece] = position
  }
}
