import { isVersionOf, type Pointer } from '@onehop/overlay'
import type { Identifier } from './identifiers.ts'

/** A part of the ring: the points in (after, upTo]; all of it when both are the same. */
export interface Range {
  readonly after: Identifier
  readonly upTo: Identifier
}

/** The pointers of a range, in short. */
export interface RangeDigest {
  readonly count: number
  /** Of their signatures, so that it changes with every version. */
  readonly digest: number
}

/**
 * Pointers in the order of their points, so that a range is found without a look at the others, and its digest without a
 * look at its own: what others ask of a large table must not cost much.
 */
export class PointerIndex {
  private points: Identifier[] = []
  private pointers: Pointer[] = []
  /** Digest of the first i pointers; right up to {@link digested}. */
  private digests = new Int32Array(1)
  private digested = 0

  get size(): number {
    return this.points.length
  }

  /** Adds a pointer, or replaces another version of it. */
  put(point: Identifier, pointer: Pointer): void {
    const end = this.firstAfter(point)
    let at = end
    for (let i = end - 1; i >= 0 && this.points[i] === point; i--)
      if (isVersionOf(this.pointers[i]!, pointer)) at = i
    this.digested = Math.min(this.digested, at)
    if (at < end) this.pointers[at] = pointer
    else {
      this.points.splice(at, 0, point)
      this.pointers.splice(at, 0, pointer)
    }
  }

  /** Keeps those that the predicate says. */
  keep(isWanted: (pointer: Pointer) => boolean): void {
    const [points, pointers] = [this.points, this.pointers]
    const kept = [...pointers.keys()].filter(i => isWanted(pointers[i]!))
    this.points = kept.map(i => points[i]!)
    this.pointers = kept.map(i => pointers[i]!)
    this.digested = 0
  }

  clear(): void {
    this.keep(() => false)
  }

  digestOf(range: Range): RangeDigest {
    this.completeDigests()
    let [count, digest] = [0, 0]
    for (const [from, to] of this.partsOf(range)) {
      count += to - from
      digest ^= this.digests[to]! ^ this.digests[from]!
    }
    return { count, digest: digest >>> 0 }
  }

  /** The pointers of a range, but for the first so many. */
  *inRange(range: Range, skip = 0): IterableIterator<Pointer> {
    let left = skip
    for (const [from, to] of this.partsOf(range)) {
      const begin = Math.min(to, from + left)
      left -= begin - from
      for (let i = begin; i < to; i++) yield this.pointers[i]!
    }
  }

  /** Where the range lies in the arrays: in one piece, or in two where it goes past the ring's 0. */
  private partsOf({ after, upTo }: Range): [from: number, to: number][] {
    const [from, to] = [this.firstAfter(after), this.firstAfter(upTo)]
    if (after < upTo) return [[from, to]]
    return [
      [from, this.points.length],
      [0, to],
    ]
  }

  private firstAfter(point: Identifier): number {
    let [low, high] = [0, this.points.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.points[middle]! <= point) low = middle + 1
      else high = middle
    }
    return low
  }

  private completeDigests(): void {
    const { length } = this.pointers
    if (this.digests.length <= length) {
      const larger = new Int32Array(2 * length + 1)
      larger.set(this.digests)
      this.digests = larger
    }
    for (let i = this.digested; i < length; i++) {
      const { signature } = this.pointers[i]!
      const word = (signature[0]! << 24) | (signature[1]! << 16) | (signature[2]! << 8) | signature[3]!
      this.digests[i + 1] = this.digests[i]! ^ word
    }
    this.digested = length
  }
}
