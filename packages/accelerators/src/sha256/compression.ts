import { INITIAL_STATE } from './constants.ts'
import { rotateRight, scheduleOf } from './schedule.ts'

/**
 * One round of the compression function (FIPS 180-4, 6.2.2), in JavaScript: for what a kernel is given beforehand.
 * @param sum of the round's word and constant. Of a word that is not known yet, only the constant: the word is to be
 * added to a and to e of the result.
 */
export function compressRound(state: Uint32Array, sum: number): Uint32Array {
  const [a, b, c, d, e, f, g, h] = state as unknown as [
    ...[number, number, number, number],
    ...[number, number, number, number],
  ]
  const sigma1 = rotateRight(e, 6) ^ rotateRight(e, 11) ^ rotateRight(e, 25)
  const sigma0 = rotateRight(a, 2) ^ rotateRight(a, 13) ^ rotateRight(a, 22)
  const temporary = h + sigma1 + ((e & f) ^ (~e & g)) + sum
  const majority = (a & b) ^ (a & c) ^ (b & c)
  return Uint32Array.of(temporary + sigma0 + majority, a, b, c, d + temporary, e, f, g)
}

/** The state after the first block of a message. @param words the block's sixteen. */
export function stateAfter(words: readonly number[]): Uint32Array {
  const state = scheduleOf(words).sums.reduce(compressRound, INITIAL_STATE)
  return state.map((word, i) => word + INITIAL_STATE[i]!)
}
