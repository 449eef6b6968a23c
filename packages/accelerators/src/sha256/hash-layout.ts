import { ROUNDS } from './constants.ts'

/** Messages that are hashed side by side. */
export const LANES = 4
/** Bytes of a vector: a word of each lane. */
export const VECTOR_LENGTH = 4 * LANES
const TABLE_LENGTH = ROUNDS * VECTOR_LENGTH

/** Where things stand in the module's memory, in bytes. */
export const LAYOUT = {
  /** The round constants, four times each. */
  constants: 0,
  paddingSums: TABLE_LENGTH,
  secondHashSums: 2 * TABLE_LENGTH,
  /** The state that every message begins with. */
  initialState: 3 * TABLE_LENGTH,
  /** A state after some blocks. */
  midstate: 3 * TABLE_LENGTH + 32,
  /** The only block of a second hash: 32 bytes of a first one, and the padding, which is there from the start. */
  secondBlock: 3 * TABLE_LENGTH + 64,
  /** Results: one hash, or four. */
  output: 3 * TABLE_LENGTH + 128,
  /** Messages; behind each there is room for its padding. */
  input: 4 * TABLE_LENGTH,
} as const

/** Bytes behind a message that its padding may change: 73 at most, written in vectors of 16. */
export const PADDING_ROOM_BYTES = 80
