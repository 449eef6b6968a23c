import { ROUND_CONSTANTS, ROUNDS } from './constants.ts'

/**
 * The message schedule of one block, of whose 16 words some are known before the others. What follows from the known
 * ones alone is added up beforehand; a kernel computes only the rest.
 */
export interface Schedule {
  /** For each round, whether its word is known. */
  readonly known: readonly boolean[]
  /**
   * For a round whose word is known: the sum of the word and the round's constant. For another, from the sixteenth on:
   * the sum of the known ones of the four terms of its word.
   */
  readonly sums: Uint32Array
}

export const rotateRight = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits))

const smallSigma0 = (w: number) => rotateRight(w, 7) ^ rotateRight(w, 18) ^ (w >>> 3)
const smallSigma1 = (w: number) => rotateRight(w, 17) ^ rotateRight(w, 19) ^ (w >>> 10)
const asItIs = (w: number) => w

/** The four terms of a word: how many rounds before it they stand, and what is done with them (FIPS 180-4, 6.2.2). */
const TERMS = [
  [2, smallSigma1],
  [7, asItIs],
  [15, smallSigma0],
  [16, asItIs],
] as const

/** @param words the block's 16 words, undefined where they are not known yet. */
export function scheduleOf(words: readonly (number | undefined)[]): Schedule {
  const all = [...words]
  const sums = new Uint32Array(ROUNDS)
  for (let t = words.length; t < ROUNDS; t++) {
    let isKnown = true
    for (const [distance, sigma] of TERMS) {
      const word = all[t - distance]
      if (word === undefined) isKnown = false
      else sums[t]! += sigma(word)
    }
    all.push(isKnown ? sums[t] : undefined)
  }
  all.forEach((word, t) => {
    if (word !== undefined) sums[t] = word + ROUND_CONSTANTS[t]!
  })
  return { known: all.map(word => word !== undefined), sums }
}

/** No word is known. */
export const OPEN_SCHEDULE = scheduleOf(Array<undefined>(16).fill(undefined))
/** A second hash's only block: the first hash's eight words, and the padding. */
export const SECOND_HASH_SCHEDULE = scheduleOf([
  ...Array<undefined>(8).fill(undefined),
  ...[0x8000_0000, 0, 0, 0, 0, 0, 0, 256],
])
/** The block that follows 64 bytes: only padding. */
export const PADDING_SCHEDULE = scheduleOf([0x8000_0000, ...Array<number>(14).fill(0), 512])
