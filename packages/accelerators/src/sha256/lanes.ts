import { type Code, get, set, v128 } from './wasm-assembler.ts'

/*
 * Four messages side by side: lane i of a vector holds a word of message i. In memory each message stands alone, so
 * that squares of 4 × 4 words are transposed on their way in and out, and their bytes swapped (SHA-256 is big endian).
 */

const bytesOf = (words: readonly number[]): number[] =>
  words.flatMap(word => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3])

const LOW_WORDS = bytesOf([0, 4, 1, 5])
const HIGH_WORDS = bytesOf([2, 6, 3, 7])
const LOW_HALVES = bytesOf([0, 1, 4, 5])
const HIGH_HALVES = bytesOf([2, 3, 6, 7])
const SWAPPED_BYTES = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]

/** The bytes of each word in reverse order. @param value a local's value: it is put onto the stack twice. */
export function swapBytes(value: Code): Code {
  return v128.shuffle(value, value, SWAPPED_BYTES)
}

/** Puts into `into[j]` the words j of all four `rows`. @param scratch four locals. */
function transpose(rows: readonly Code[], into: readonly number[], scratch: readonly number[]): Code {
  const [a, b, c, d] = rows as [Code, Code, Code, Code]
  const [s0, s1, s2, s3] = scratch.map(get) as [Code, Code, Code, Code]
  return [
    set(scratch[0]!, v128.shuffle(a, b, LOW_WORDS)),
    set(scratch[1]!, v128.shuffle(c, d, LOW_WORDS)),
    set(scratch[2]!, v128.shuffle(a, b, HIGH_WORDS)),
    set(scratch[3]!, v128.shuffle(c, d, HIGH_WORDS)),
    set(into[0]!, v128.shuffle(s0, s1, LOW_HALVES)),
    set(into[1]!, v128.shuffle(s0, s1, HIGH_HALVES)),
    set(into[2]!, v128.shuffle(s2, s3, LOW_HALVES)),
    set(into[3]!, v128.shuffle(s2, s3, HIGH_HALVES)),
  ]
}

/**
 * Loads one block of each of four messages.
 * @param addresses of the four blocks.
 * @param words sixteen locals for their words.
 */
export function loadBlocks(
  addresses: readonly Code[],
  words: readonly number[],
  scratch: readonly number[],
): Code {
  return [0, 4, 8, 12].map(first => {
    const square = words.slice(first, first + 4)
    const rows = square.map(get)
    return [
      square.map((local, i) => set(local, v128.load(addresses[i]!, 4 * first))),
      transpose(rows, square, scratch),
      square.map(local => set(local, swapBytes(get(local)))),
    ]
  })
}

/** Stores four hashes, one after the other. @param words eight locals; they are changed. */
export function storeHashes(address: Code, words: readonly number[], scratch: readonly number[]): Code {
  return [0, 4].map(first => {
    const square = words.slice(first, first + 4)
    return [
      transpose(square.map(get), square, scratch),
      square.map((local, i) => v128.store(address, swapBytes(get(local)), 32 * i + 4 * first)),
    ]
  })
}
