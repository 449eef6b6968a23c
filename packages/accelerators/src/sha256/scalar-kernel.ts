import { BLOCK_LENGTH } from './constants.ts'
import { LAYOUT, PADDING_ROOM_BYTES, VECTOR_LENGTH } from './hash-layout.ts'
import { swapBytes } from './lanes.ts'
import { fixedInputs, ONE_WORD, RoundEmitter } from './rounds.ts'
import { OPEN_SCHEDULE } from './schedule.ts'
import {
  type Code,
  call,
  get,
  I32,
  i32,
  range,
  set,
  V128,
  v128,
  type WasmFunction,
} from './wasm-assembler.ts'

/** Indices in the module of the functions that others call. */
export const PAD = 0
const COMPRESS_BLOCK = 1

const { constant } = i32

/** Bytes of the shortest padding: a bit, and the length in 64 bits. */
const LEAST_PADDING = 9

/** Puts the padding of FIPS 180-4, 5.1.1 behind a message. */
const pad: WasmFunction = (() => {
  const [address, length, total, end] = range(0, 4) as [number, number, number, number]
  const tail = get(end)
  const zeros = v128.splat(constant(0))
  const blocks = i32.shiftRight(i32.add(get(length), constant(LEAST_PADDING + BLOCK_LENGTH - 1)), 6)
  const bits = i32.shiftLeft(get(total), 3)
  return {
    parameterCount: 3,
    returns: false,
    locals: [I32],
    body: [
      set(end, i32.add(get(address), get(length))),
      range(0, PADDING_ROOM_BYTES / VECTOR_LENGTH).map(i => v128.store(tail, zeros, VECTOR_LENGTH * i)),
      i32.store8(tail, constant(0x80)),
      set(end, i32.add(get(address), i32.shiftLeft(blocks, 6))),
      i32.store(i32.subtract(get(end), constant(4)), swapOneWord(bits)),
    ],
  }
})()

function swapOneWord(word: Code): Code {
  return i32.or(
    i32.and(i32.rotateRight(word, 8), constant(0xff00ff00)),
    i32.and(i32.rotateRight(word, 24), constant(0x00ff00ff)),
  )
}

/** Compresses the block at an address onto the state at another, which it leaves; the new one goes to `midstate`. */
const compressBlock: WasmFunction = (() => {
  const [from, data] = [0, 1]
  const state = range(2, 8)
  const words = range(10, 16)
  const scratch = range(26, 2)
  const vector = 28
  const emitter = new RoundEmitter(ONE_WORD, { state, words, scratch }, fixedInputs(OPEN_SCHEDULE))
  const before = state.map((_, i) => i32.load(get(from), 4 * i))
  return {
    parameterCount: 2,
    returns: false,
    locals: [...Array<typeof I32>(26).fill(I32), V128],
    body: [
      [0, 4, 8, 12].map(first => [
        set(vector, v128.load(get(data), 4 * first)),
        set(vector, swapBytes(get(vector))),
        range(0, 4).map(i => set(words[first + i]!, v128.extract(get(vector), i))),
      ]),
      state.map((local, i) => set(local, before[i]!)),
      emitter.rounds(),
      state.map((local, i) => i32.store(constant(LAYOUT.midstate), i32.add(get(local), before[i]!), 4 * i)),
    ],
  }
})()

/** The state at `midstate` as a hash, to an address. */
function storeHash(address: number, vector: number): Code {
  return [0, VECTOR_LENGTH].map(offset => [
    set(vector, v128.load(constant(LAYOUT.midstate), offset)),
    v128.store(constant(address), swapBytes(get(vector)), offset),
  ])
}

const compress: WasmFunction = {
  exportName: 'compress',
  parameterCount: 1,
  returns: false,
  locals: [],
  body: call(COMPRESS_BLOCK, get(0), constant(LAYOUT.input)),
}

const hash: WasmFunction = {
  exportName: 'hash',
  parameterCount: 3,
  returns: false,
  locals: [V128],
  body: [
    call(PAD, constant(LAYOUT.input), get(1), get(2)),
    call(COMPRESS_BLOCK, get(0), constant(LAYOUT.input)),
    storeHash(LAYOUT.output, 3),
  ],
}

const hashTwice: WasmFunction = {
  exportName: 'hashTwice',
  parameterCount: 1,
  returns: false,
  locals: [V128],
  body: [
    call(PAD, constant(LAYOUT.input), get(0), get(0)),
    [LAYOUT.input, LAYOUT.secondBlock].map(block => [
      call(COMPRESS_BLOCK, constant(LAYOUT.initialState), constant(block)),
      storeHash(block === LAYOUT.input ? LAYOUT.secondBlock : LAYOUT.output, 1),
    ]),
  ],
}

/** In the order of their indices. */
export const SCALAR_FUNCTIONS: readonly WasmFunction[] = [pad, compressBlock, compress, hash, hashTwice]
