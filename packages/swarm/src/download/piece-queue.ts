import { type RandomSource, randomBelow } from '@onehop/primitives'
import type { Bitfield } from '../bitfield.ts'

/** Place of a piece that is in no queue. */
export const NOT_QUEUED = -1

/**
 * Pieces kept sorted by availability, rarest first: buckets in one array, so that every change costs one swap a
 * bucket, whatever the number of pieces. Within a bucket the order is random, so that peers do not all ask for the
 * same piece.
 */
export class PieceQueue {
  private readonly availability: Uint16Array
  private readonly positions: Int32Array
  private readonly random: RandomSource
  private order = new Int32Array(0)
  /** `ends[a]` is the end in `order` of the pieces of availability a, which begin at `ends[a - 1]`. */
  private ends: number[] = [0]
  /** Many availabilities have changed: the order is made anew when it is next needed. */
  private isStale = false

  /**
   * @param availability how many have each piece; kept by the owner of the queue.
   * @param positions where each piece is in its queue; shared by queues, as a piece is in one at most.
   */
  constructor(availability: Uint16Array, positions: Int32Array, random: RandomSource) {
    this.availability = availability
    this.positions = positions
    this.random = random
  }

  get size(): number {
    return this.ends.at(-1)!
  }

  /** The first from `start` on that the peer has, and around to it. */
  firstOf(has: Bitfield, refused: ReadonlySet<number> | undefined, start: number): number | undefined {
    this.settle()
    const { size } = this
    for (let i = 0; i < size; i++) {
      const piece = this.order[(start + i) % size]!
      if (has.has(piece) && !refused?.has(piece)) return piece
    }
    return undefined
  }

  /** The same for a peer that has few pieces, found by looking at those. */
  firstAmong(has: Bitfield, accept: (piece: number) => boolean, start: number): number | undefined {
    this.settle()
    let best: number | undefined
    let bestDistance = Number.POSITIVE_INFINITY
    for (const piece of has.members()) {
      const position = this.positions[piece]!
      if (position === NOT_QUEUED || !accept(piece)) continue
      const distance = position >= start ? position - start : position - start + this.size
      if (distance < bestDistance) [best, bestDistance] = [piece, distance]
    }
    return best
  }

  add(piece: number): void {
    this.settle()
    const level = this.availability[piece]!
    this.reach(level)
    this.reserve(this.size + 1)
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

  remove(piece: number): void {
    this.settle()
    let hole = this.positions[piece]!
    for (let bucket = this.availability[piece]!; bucket < this.ends.length; bucket++) {
      const last = --this.ends[bucket]!
      if (last !== hole) this.place(this.order[last]!, hole)
      hole = last
    }
    this.positions[piece] = NOT_QUEUED
  }

  /** The piece's availability has risen by one: the last of its bucket becomes the first of the next. */
  onMoreAvailable(piece: number): void {
    if (this.isStale) return
    const level = this.availability[piece]! - 1
    this.reach(level + 1)
    this.swap(this.positions[piece]!, this.ends[level]! - 1)
    this.ends[level]!--
    this.shuffleIn(piece)
  }

  /** The piece's availability has sunk by one: the first of its bucket becomes the last of the one before. */
  onLessAvailable(piece: number): void {
    if (this.isStale) return
    const level = this.availability[piece]! + 1
    this.swap(this.positions[piece]!, this.ends[level - 1]!)
    this.ends[level - 1]!++
    this.shuffleIn(piece)
  }

  /** The availabilities of many pieces have changed at once. */
  onManyChanged(): void {
    this.isStale = true
  }

  /** Sorts by counting: cheaper than to move many pieces one by one. */
  private settle(): void {
    if (!this.isStale) return
    this.isStale = false
    const pieces = this.order.slice(0, this.size)
    this.ends = [0]
    for (const piece of pieces) this.reach(this.availability[piece]!)
    for (const piece of pieces) this.ends[this.availability[piece]!]!++
    for (let level = 1; level < this.ends.length; level++) this.ends[level]! += this.ends[level - 1]!
    const next = [0, ...this.ends]
    for (const piece of pieces) this.place(piece, next[this.availability[piece]!]!++)
    for (const piece of pieces) this.shuffleIn(piece)
  }

  private reserve(length: number): void {
    if (length <= this.order.length) return
    const larger = new Int32Array(Math.min(this.positions.length, Math.max(length, this.order.length * 2)))
    larger.set(this.order)
    this.order = larger
  }

  private reach(level: number): void {
    while (this.ends.length <= level) this.ends.push(this.ends.at(-1)!)
  }

  /** A random place within its bucket. */
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
