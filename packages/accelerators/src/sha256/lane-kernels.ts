import { BLOCK_LENGTH, HASH_LENGTH, INITIAL_STATE } from './constants.ts'
import { LAYOUT, VECTOR_LENGTH } from './hash-layout.ts'
import { loadBlocks, storeHashes } from './lanes.ts'
import { FOUR_LANES, RoundEmitter, type RoundInputs } from './rounds.ts'
import { PAD } from './scalar-kernel.ts'
import { OPEN_SCHEDULE, PADDING_SCHEDULE, type Schedule, SECOND_HASH_SCHEDULE } from './schedule.ts'
import {
  type Code,
  call,
  get,
  I32,
  i32,
  range,
  repeatWhile,
  set,
  tee,
  V128,
  v128,
  type WasmFunction,
} from './wasm-assembler.ts'

const { constant } = i32

/** The locals of a kernel of four lanes, and the code that it is made of. */
class LaneKernel {
  readonly locals = Array<typeof V128>(38).fill(V128)
  private readonly state: readonly number[]
  private readonly before: readonly number[]
  private readonly words: readonly number[]
  private readonly scratch: readonly number[]

  /** @param first index of its first local. */
  constructor(first: number) {
    this.state = range(first, 8)
    this.before = range(first + 8, 8)
    this.words = range(first + 16, 16)
    this.scratch = range(first + 32, 6)
  }

  initialize(): Code {
    return this.state.map((local, i) => set(local, v128.splat(constant(INITIAL_STATE[i]!))))
  }

  load(addresses: readonly Code[]): Code {
    return loadBlocks(addresses, this.words, this.scratch)
  }

  /** Hashes one block onto the state. @param sums address of the table for the schedule's sums. */
  compress(schedule: Schedule, sums: number): Code {
    const { state, words, scratch, before } = this
    const vectorAt = (table: number, round: number) => v128.load(constant(0), table + VECTOR_LENGTH * round)
    const inputs: RoundInputs = {
      schedule,
      sum: round => vectorAt(sums, round),
      constant: round => vectorAt(LAYOUT.constants, round),
    }
    return [
      state.map((local, i) => set(before[i]!, get(local))),
      new RoundEmitter(FOUR_LANES, { state, words, scratch }, inputs).rounds(),
      state.map((local, i) => set(local, v128.add(get(local), get(before[i]!)))),
    ]
  }

  /** The second hash, over the state. */
  hashAgain(): Code {
    return [
      this.state.map((local, i) => set(this.words[i]!, get(local))),
      this.initialize(),
      this.compress(SECOND_HASH_SCHEDULE, LAYOUT.secondHashSums),
    ]
  }

  store(address: Code): Code {
    return storeHashes(address, this.state, this.scratch)
  }
}

const hashFour: WasmFunction = (() => {
  const lengths = range(0, 4)
  const [blocks, stride] = [4, 5]
  const addresses = range(6, 4)
  const kernel = new LaneKernel(10)
  const nextBlock = addresses.map(local => set(local, i32.add(get(local), constant(BLOCK_LENGTH))))
  return {
    exportName: 'hashFour',
    parameterCount: 6,
    returns: false,
    locals: [...Array<typeof I32>(4).fill(I32), ...kernel.locals],
    body: [
      set(addresses[0]!, constant(LAYOUT.input)),
      range(1, 3).map(i => set(addresses[i]!, i32.add(get(addresses[i - 1]!), get(stride)))),
      addresses.map((local, i) => call(PAD, get(local), get(lengths[i]!), get(lengths[i]!))),
      kernel.initialize(),
      repeatWhile(
        [kernel.load(addresses.map(get)), kernel.compress(OPEN_SCHEDULE, 0), nextBlock],
        tee(blocks, i32.subtract(get(blocks), constant(1))),
      ),
      kernel.hashAgain(),
      kernel.store(constant(LAYOUT.output)),
    ],
  }
})()

const hashPairs: WasmFunction = (() => {
  const [groups, from, to] = [0, 1, 2]
  const kernel = new LaneKernel(3)
  const addresses = range(0, 4).map(i => i32.add(get(from), constant(BLOCK_LENGTH * i)))
  return {
    exportName: 'hashPairs',
    parameterCount: 1,
    returns: false,
    locals: [I32, I32, ...kernel.locals],
    body: [
      [from, to].map(local => set(local, constant(LAYOUT.input))),
      repeatWhile(
        [
          kernel.load(addresses),
          kernel.initialize(),
          kernel.compress(OPEN_SCHEDULE, 0),
          kernel.compress(PADDING_SCHEDULE, LAYOUT.paddingSums),
          kernel.hashAgain(),
          kernel.store(get(to)),
          set(from, i32.add(get(from), constant(4 * BLOCK_LENGTH))),
          set(to, i32.add(get(to), constant(4 * HASH_LENGTH))),
        ],
        tee(groups, i32.subtract(get(groups), constant(1))),
      ),
    ],
  }
})()

/** Double hashes of four messages, and of the pairs of a level of a merkle tree. */
export const LANE_FUNCTIONS: readonly WasmFunction[] = [hashFour, hashPairs]
