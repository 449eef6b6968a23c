/** Words of an outpoint: the transaction's id, and the output's index. */
export const OUTPOINT_WORDS = 9
/** Half of the id, and the index: nobody finds outpoints that agree in these more than a few at a time. */
const HASHED_ID_WORDS = 4
const HASHED_BYTES = (HASHED_ID_WORDS + 1) * 4

/** A secret of 64 bits, so that nobody can make outpoints whose places in a table coincide. */
export interface HashKey {
  readonly low: number
  readonly high: number
}

/**
 * HalfSipHash-1-3 (Aumasson and Bernstein; Linux's hash of choice for tables) of an outpoint in words.
 * @returns 32 bits, signed.
 */
export function hashOutpoint(words: Uint32Array, { low, high }: HashKey): number {
  let v0 = low
  let v1 = high
  let v2 = 0x6c79_6765 ^ low
  let v3 = 0x7465_6462 ^ high
  for (let i = 0; i < HASHED_ID_WORDS + 5; i++) {
    // Four words of the id, the index, the length; then three rounds over nothing.
    let message = 0
    if (i < HASHED_ID_WORDS) message = words[i]!
    else if (i === HASHED_ID_WORDS) message = words[OUTPOINT_WORDS - 1]!
    else if (i === HASHED_ID_WORDS + 1) message = HASHED_BYTES << 24
    if (i === HASHED_ID_WORDS + 2) v2 ^= 0xff
    v3 ^= message
    v0 = (v0 + v1) | 0
    v1 = (v1 << 5) | (v1 >>> 27)
    v1 ^= v0
    v0 = (v0 << 16) | (v0 >>> 16)
    v2 = (v2 + v3) | 0
    v3 = (v3 << 8) | (v3 >>> 24)
    v3 ^= v2
    v0 = (v0 + v3) | 0
    v3 = (v3 << 7) | (v3 >>> 25)
    v3 ^= v0
    v2 = (v2 + v1) | 0
    v1 = (v1 << 13) | (v1 >>> 19)
    v1 ^= v2
    v2 = (v2 << 16) | (v2 >>> 16)
    v0 ^= message
  }
  return v1 ^ v3
}
