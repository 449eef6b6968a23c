import { assert } from './assert.ts'

const KEY_LENGTH = 32
const BLOCK_LENGTH = 64
const STATE_WORDS = 16
const DOUBLE_ROUNDS = 10
/** "expand 32-byte k", four little-endian words (RFC 8439, section 2.3). */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const

/**
 * The first bytes of ChaCha20's keystream (RFC 8439) with counter and nonce zero: a short key made long.
 * @param key 32 bytes.
 * @param lengthBytes a multiple of 64.
 */
export function chacha20Keystream(key: Uint8Array, lengthBytes: number): Uint8Array {
  assert(key.length === KEY_LENGTH, 'a ChaCha20 key has 32 bytes')
  assert(lengthBytes % BLOCK_LENGTH === 0, 'a keystream is taken in whole blocks')
  const initial = initialState(key)
  const stream = new Uint8Array(lengthBytes)
  for (let at = 0; at < lengthBytes; at += BLOCK_LENGTH) {
    initial[12] = at / BLOCK_LENGTH
    writeBlock(initial, stream, at)
  }
  return stream
}

function initialState(key: Uint8Array): Int32Array {
  const state = new Int32Array(STATE_WORDS)
  state.set(CONSTANTS)
  const words = new DataView(key.buffer, key.byteOffset, key.length)
  for (let i = 0; i < KEY_LENGTH / 4; i++) state[4 + i] = words.getInt32(4 * i, true)
  return state
}

function writeBlock(initial: Int32Array, stream: Uint8Array, at: number): void {
  const state = Int32Array.from(initial)
  for (let round = 0; round < DOUBLE_ROUNDS; round++) doubleRound(state)
  const view = new DataView(stream.buffer, at, BLOCK_LENGTH)
  for (let i = 0; i < STATE_WORDS; i++) view.setInt32(4 * i, state[i]! + initial[i]!, true)
}

/** Columns, then diagonals. */
function doubleRound(state: Int32Array): void {
  quarterRound(state, 0, 4, 8, 12)
  quarterRound(state, 1, 5, 9, 13)
  quarterRound(state, 2, 6, 10, 14)
  quarterRound(state, 3, 7, 11, 15)
  quarterRound(state, 0, 5, 10, 15)
  quarterRound(state, 1, 6, 11, 12)
  quarterRound(state, 2, 7, 8, 13)
  quarterRound(state, 3, 4, 9, 14)
}

function quarterRound(state: Int32Array, a: number, b: number, c: number, d: number): void {
  addAndMix(state, a, b, d, 16)
  addAndMix(state, c, d, b, 12)
  addAndMix(state, a, b, d, 8)
  addAndMix(state, c, d, b, 7)
}

/** into += from; mixed = rotl(mixed ^ into, bits). */
function addAndMix(state: Int32Array, into: number, from: number, mixed: number, bits: number): void {
  const sum = (state[into]! + state[from]!) | 0
  const word = state[mixed]! ^ sum
  state[into] = sum
  state[mixed] = (word << bits) | (word >>> (32 - bits))
}
