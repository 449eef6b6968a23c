import { NONCES_PER_CLAIM } from './limits.ts'

const NEXT = 0
const ENDED = 1
const WORDS = 2

/** Nonces `start` to `end` − 1. */
export interface NonceRange {
  readonly start: number
  readonly end: number
}

/** Deals out the nonces of one header to the threads that search them, in memory that all of them see. */
export class Claims {
  /** What is sent to a thread, to make its own `Claims` of. */
  readonly words: Int32Array<SharedArrayBuffer>
  private readonly range: NonceRange

  constructor(
    range: NonceRange,
    words = new Int32Array(new SharedArrayBuffer(WORDS * Int32Array.BYTES_PER_ELEMENT)),
  ) {
    this.range = range
    this.words = words
  }

  /** Takes the next nonces; undefined when there are none, or when the search was ended. */
  claim(): NonceRange | undefined {
    if (Atomics.load(this.words, ENDED) !== 0) return undefined
    const start = this.range.start + Atomics.add(this.words, NEXT, 1) * NONCES_PER_CLAIM
    if (start >= this.range.end) return undefined
    return { start, end: Math.min(start + NONCES_PER_CLAIM, this.range.end) }
  }

  /** Lets nobody claim any more. */
  end(): void {
    Atomics.store(this.words, ENDED, 1)
  }
}
