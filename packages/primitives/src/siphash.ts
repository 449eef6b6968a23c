import { assert } from './assert.ts'

/** Bytes of a SipHash key. */
export const SIPHASH_KEY_LENGTH = 16

/** The words v0 to v3 before the key (SipHash, section 2.1: "somepseudorandomlygeneratedbytes"), each low half first. */
const INITIAL_STATE = [
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
] as const

const COMPRESSION_ROUNDS = 2
const FINALIZATION_ROUNDS = 4

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed hash that one who does not know the key cannot make collide.
 * @param key 16 bytes: k0 and k1, little endian.
 * @returns 64 bits, as an unsigned integer.
 */
export function sipHash24(key: Uint8Array, message: Uint8Array): bigint {
  assert(key.length === SIPHASH_KEY_LENGTH, 'a SipHash key has 16 bytes')
  const state = keyedState(key)
  const wholeWords = message.length - (message.length % 8)
  for (let at = 0; at < wholeWords; at += 8) absorb(state, wordAt(message, at), wordAt(message, at + 4))
  // The last word holds what is left and, in its highest byte, the length.
  absorb(state, wordAt(message, wholeWords), wordAt(message, wholeWords + 4) | (message.length << 24))
  return finalize(state)
}

/** 32 bits, little endian; zeros beyond the end. */
function wordAt(bytes: Uint8Array, at: number): number {
  if (at + 4 <= bytes.length)
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
}

/** v0 to v3 in halves of 32 bits, for 64-bit integers are slow here. */
function keyedState(key: Uint8Array): Int32Array {
  const state = Int32Array.from(INITIAL_STATE)
  for (let i = 0; i < state.length; i++) state[i] = state[i]! ^ wordAt(key, (4 * i) % SIPHASH_KEY_LENGTH)
  return state
}

function absorb(state: Int32Array, low: number, high: number): void {
  state[6] = state[6]! ^ low
  state[7] = state[7]! ^ high
  rounds(state, COMPRESSION_ROUNDS)
  state[0] = state[0]! ^ low
  state[1] = state[1]! ^ high
}

function finalize(state: Int32Array): bigint {
  state[4] = state[4]! ^ 0xff
  rounds(state, FINALIZATION_ROUNDS)
  const low = (state[0]! ^ state[2]! ^ state[4]! ^ state[6]!) >>> 0
  const high = (state[1]! ^ state[3]! ^ state[5]! ^ state[7]!) >>> 0
  return (BigInt(high) << 32n) | BigInt(low)
}

function rounds(state: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    mix(state, 0, 2, 13)
    swapHalves(state, 0)
    mix(state, 4, 6, 16)
    mix(state, 0, 6, 21)
    mix(state, 4, 2, 17)
    swapHalves(state, 4)
  }
}

/** a += b; b = rotl(b, bits) ^ a; a and b being where the words begin, bits below 32. */
function mix(state: Int32Array, a: number, b: number, bits: number): void {
  const bLow = state[b]!
  const bHigh = state[b + 1]!
  const low = (state[a]! >>> 0) + (bLow >>> 0)
  const high = state[a + 1]! + bHigh + (low > 0xffff_ffff ? 1 : 0)
  state[a] = low
  state[a + 1] = high
  state[b] = ((bLow << bits) | (bHigh >>> (32 - bits))) ^ low
  state[b + 1] = ((bHigh << bits) | (bLow >>> (32 - bits))) ^ high
}

/** Rotates a word by 32 bits. */
function swapHalves(state: Int32Array, a: number): void {
  const low = state[a]!
  state[a] = state[a + 1]!
  state[a + 1] = low
}
