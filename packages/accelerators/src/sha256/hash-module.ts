import { HASH_LENGTH, INITIAL_STATE, ROUND_CONSTANTS } from './constants.ts'
import { LAYOUT } from './hash-layout.ts'
import { LANE_FUNCTIONS } from './lane-kernels.ts'
import { SCALAR_FUNCTIONS } from './scalar-kernel.ts'
import { PADDING_SCHEDULE, SECOND_HASH_SCHEDULE } from './schedule.ts'
import { writeVectors } from './vectors.ts'
import { assembleModule } from './wasm-assembler.ts'
import { instantiate, type WasmMemory } from './web-assembly.ts'

/** What JavaScript calls. Addresses, lengths and totals are bytes. */
export interface HashExports {
  /** Hashes the block at `input` onto the state at `from`, which it leaves; the new one goes to `midstate`. */
  compress(from: number): void
  /**
   * The hash of a message whose rest fits into one block with its padding, to `output`.
   * @param from where the state after its first bytes is.
   * @param length of the rest, which is at `input`.
   * @param total length of all.
   */
  hash(from: number, length: number, total: number): void
  /** The double hash of a message at `input` that fits into one block with its padding, to `output`. */
  hashTwice(length: number): void
  /**
   * The double hashes of four messages, one after the other to `output`. The first is at `input`, the others each
   * `stride` behind.
   * @param blocks of each of them, with its padding.
   */
  hashFour(
    length0: number,
    length1: number,
    length2: number,
    length3: number,
    blocks: number,
    stride: number,
  ): void
  /** The double hashes of 4 × `groups` times 64 bytes at `input`, one after the other to the same place. */
  hashPairs(groups: number): void
}

/**
 * Compiles the module onto a memory.
 * @param pages of the memory.
 * @throws where there is no WebAssembly or no SIMD.
 */
export function instantiateHashModule(memory: WasmMemory, pages: number): HashExports {
  const words = new Uint32Array(memory.buffer)
  writeVectors(words, LAYOUT.constants, ROUND_CONSTANTS)
  writeVectors(words, LAYOUT.paddingSums, PADDING_SCHEDULE.sums)
  writeVectors(words, LAYOUT.secondHashSums, SECOND_HASH_SCHEDULE.sums)
  words.set(INITIAL_STATE, LAYOUT.initialState / 4)
  const padding = new DataView(memory.buffer, LAYOUT.secondBlock + HASH_LENGTH, HASH_LENGTH)
  padding.setUint8(0, 0x80)
  padding.setUint32(HASH_LENGTH - 4, 8 * HASH_LENGTH)
  return instantiate(assembleModule([...SCALAR_FUNCTIONS, ...LANE_FUNCTIONS], pages), memory) as HashExports
}
