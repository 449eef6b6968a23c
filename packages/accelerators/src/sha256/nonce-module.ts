import { INITIAL_STATE, ROUNDS } from './constants.ts'
import { VECTOR_LENGTH } from './hash-layout.ts'
import { swapBytes } from './lanes.ts'
import { FOUR_LANES, RoundEmitter, type RoundInputs } from './rounds.ts'
import { type Schedule, SECOND_HASH_SCHEDULE, scheduleOf } from './schedule.ts'
import {
  assembleModule,
  type Code,
  get,
  i32,
  range,
  repeatWhile,
  returnValue,
  set,
  tee,
  V128,
  v128,
  type WasmFunction,
  when,
} from './wasm-assembler.ts'
import { instantiate, type WasmMemory } from './web-assembly.ts'

const TABLE_LENGTH = ROUNDS * VECTOR_LENGTH
const STATE_LENGTH = 8 * VECTOR_LENGTH

/** Where the kernel finds what it is given, in bytes; each word stands there four times. */
export const NONCE_LAYOUT = {
  constants: 0,
  /** The schedule's sums of the header's second block, whose fourth word is the nonce. */
  headerSums: TABLE_LENGTH,
  secondHashSums: 2 * TABLE_LENGTH,
  /** The state after the header's first block. */
  midstate: 3 * TABLE_LENGTH,
  /** That after four more rounds, but for the nonce, which is to be added to a and e. */
  headerState: 3 * TABLE_LENGTH + STATE_LENGTH,
  /** The state of the second hash after its first round, but for its first word. */
  secondHashState: 3 * TABLE_LENGTH + 2 * STATE_LENGTH,
  /** The highest that the hash's top word may be. */
  highestTop: 3 * TABLE_LENGTH + 3 * STATE_LENGTH,
} as const

/** The place of the nonce among the words of the header's second block. */
export const NONCE_WORD = 3
/** After so many rounds the state's e is what becomes the last word of the hash, the top one of the number. */
const ROUNDS_TO_TOP_WORD = 61

/** What is known of a header's second block. @param words the merkle root's last, the time, the bits. */
export function headerSchedule(words: readonly number[]): Schedule {
  return scheduleOf([...words, undefined, 0x8000_0000, ...Array<number>(10).fill(0), 640])
}

/** Says which terms every header has; for its numbers, none of which is zero by chance. */
const SAMPLE_SCHEDULE = headerSchedule([1, 2, 3])

const { constant } = i32
const vectorAt = (address: number, index: number): Code =>
  v128.load(constant(0), address + VECTOR_LENGTH * index)

function inputsOf(schedule: Schedule, sums: number): RoundInputs {
  return {
    schedule,
    sum: round => vectorAt(sums, round),
    constant: round => vectorAt(NONCE_LAYOUT.constants, round),
  }
}

/** A function, so that only who mines builds it. */
function searchFunction(): WasmFunction {
  const [start, groups] = [0, 1]
  const [nonces, step] = [2, 3]
  const state = range(4, 8)
  const words = range(12, 16)
  const locals = { state, words, scratch: range(28, 2) }
  const first = new RoundEmitter(FOUR_LANES, locals, inputsOf(SAMPLE_SCHEDULE, NONCE_LAYOUT.headerSums))
  const second = new RoundEmitter(
    FOUR_LANES,
    locals,
    inputsOf(SECOND_HASH_SCHEDULE, NONCE_LAYOUT.secondHashSums),
  )
  /** Sets the state before a round: a table's, with the word of the round before added to a and e. */
  const stateBefore = (round: number, table: number, word: number, emitter: RoundEmitter): Code =>
    Array.from('abcdefgh', (letter, i) => {
      const known = vectorAt(table, i)
      const value = letter === 'a' || letter === 'e' ? v128.add(known, get(word)) : known
      return set(emitter.local(letter, round), value)
    })
  const top = v128.add(get(second.local('e', ROUNDS_TO_TOP_WORD)), v128.splat(constant(INITIAL_STATE[7]!)))
  const topWord = state[0]!
  const body = [
    set(words[NONCE_WORD]!, swapBytes(get(nonces))),
    stateBefore(NONCE_WORD + 1, NONCE_LAYOUT.headerState, words[NONCE_WORD]!, first),
    first.rounds(NONCE_WORD + 1),
    state.map((local, i) => set(words[i]!, v128.add(get(local), vectorAt(NONCE_LAYOUT.midstate, i)))),
    stateBefore(1, NONCE_LAYOUT.secondHashState, words[0]!, second),
    second.rounds(1, ROUNDS_TO_TOP_WORD),
    set(topWord, top),
    when(
      v128.anyTrue(v128.lessOrEqual(swapBytes(get(topWord)), vectorAt(NONCE_LAYOUT.highestTop, 0))),
      returnValue(get(groups)),
    ),
    set(nonces, v128.add(get(nonces), get(step))),
  ]
  return {
    exportName: 'search',
    parameterCount: 2,
    returns: true,
    locals: Array<typeof V128>(28).fill(V128),
    body: [
      set(nonces, v128.add(v128.splat(get(start)), v128.constant([0, 1, 2, 3].flatMap(i => [i, 0, 0, 0])))),
      set(step, v128.splat(constant(4))),
      repeatWhile(body, tee(groups, i32.subtract(get(groups), constant(1)))),
      constant(0),
    ],
  }
}

/** What JavaScript calls. */
export interface NonceExports {
  /**
   * Hashes a header with `start` and the nonces that follow, four by four.
   * @returns the groups that were left, this one included, when one of the four had a top word that is low enough; or 0.
   */
  search(start: number, groups: number): number
}

/** Compiles the kernel onto a memory. @throws where there is no WebAssembly or no SIMD. */
export function instantiateNonceModule(memory: WasmMemory, pages: number): NonceExports {
  return instantiate(assembleModule([searchFunction()], pages), memory) as NonceExports
}
