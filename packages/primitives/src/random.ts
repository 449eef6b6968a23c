import { assert } from './assert.ts'

/** Port: the next uniform number in [0, 1), 32 bits of it random. */
export type RandomSource = () => number

const TWO_TO_32 = 0x1_0000_0000

/**
 * A seeded generator (sfc32): the same seed gives the same numbers on every engine, for only integer operations
 * are used. Not for keys.
 */
export class SeededRandom {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(seed: number) {
    this.a = seed | 0
    this.b = 0x9e3779b9
    this.c = 0x243f6a88
    for (let i = 0; i < 15; i++) this.nextUint32()
  }

  /** An integer in [0, 2^32). */
  nextUint32(): number {
    const sum = (this.a + this.b + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum
    this.c |= 0
    return sum >>> 0
  }

  /** A number in [0, 1). Bound, so that it can be handed on as a {@link RandomSource}. */
  readonly next: RandomSource = () => this.nextUint32() / TWO_TO_32

  /** A generator of its own whose numbers do not depend on how many this one draws later. */
  fork(): SeededRandom {
    return new SeededRandom(this.nextUint32())
  }

  /** `length` random bytes. */
  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.nextUint32() >>> 24)
  }
}

/** A uniform integer in [0, bound). */
export function randomBelow(random: RandomSource, bound: number): number {
  assert(bound > 0, 'randomBelow needs a positive bound')
  return Math.floor(random() * bound)
}

/** A uniform element, or undefined of an empty list. */
export function randomElement<T>(random: RandomSource, list: readonly T[]): T | undefined {
  return list.length === 0 ? undefined : list[randomBelow(random, list.length)]
}

/** A shuffled copy (Fisher–Yates). */
export function shuffled<T>(random: RandomSource, list: readonly T[]): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = randomBelow(random, i + 1)
    const held = copy[i]!
    copy[i] = copy[j]!
    copy[j] = held
  }
  return copy
}
