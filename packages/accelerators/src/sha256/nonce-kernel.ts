import { assert } from '@onehop/primitives'
import { compressRound, stateAfter } from './compression.ts'
import { INITIAL_STATE, ROUND_CONSTANTS } from './constants.ts'
import { LANES } from './hash-layout.ts'
import {
  headerSchedule,
  instantiateNonceModule,
  NONCE_LAYOUT,
  NONCE_WORD,
  type NonceExports,
} from './nonce-module.ts'
import { SECOND_HASH_SCHEDULE } from './schedule.ts'
import { writeVectors } from './vectors.ts'
import { createMemory } from './web-assembly.ts'

const MEMORY_PAGES = 1
const HEADER_BYTES = 80

/** Hashes one header with many nonces: four at a time, and only as far as it takes to see that a hash is too high. */
export class NonceKernel {
  private readonly tables: Uint32Array
  private readonly kernel: NonceExports

  /** @throws where there is no WebAssembly or no SIMD. */
  constructor() {
    const memory = createMemory(MEMORY_PAGES)
    this.tables = new Uint32Array(memory.buffer)
    this.kernel = instantiateNonceModule(memory, MEMORY_PAGES)
    writeVectors(this.tables, NONCE_LAYOUT.constants, ROUND_CONSTANTS)
    writeVectors(this.tables, NONCE_LAYOUT.secondHashSums, SECOND_HASH_SCHEDULE.sums)
    writeVectors(this.tables, NONCE_LAYOUT.secondHashState, compressRound(INITIAL_STATE, ROUND_CONSTANTS[0]!))
  }

  /**
   * Sets the header that is searched from now on.
   * @param header 80 bytes; its nonce does not matter.
   * @param highestTop the target's top 32 bits.
   */
  setHeader(header: Uint8Array, highestTop: number): void {
    assert(header.length === HEADER_BYTES, 'a header has 80 bytes')
    const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES)
    const words = Array.from({ length: HEADER_BYTES / 4 }, (_, i) => view.getUint32(4 * i))
    const midstate = stateAfter(words.slice(0, 16))
    const { sums } = headerSchedule(words.slice(16, 16 + NONCE_WORD))
    const beforeNonce = sums.subarray(0, NONCE_WORD).reduce(compressRound, midstate)
    writeVectors(this.tables, NONCE_LAYOUT.headerSums, sums)
    writeVectors(this.tables, NONCE_LAYOUT.midstate, midstate)
    writeVectors(
      this.tables,
      NONCE_LAYOUT.headerState,
      compressRound(beforeNonce, ROUND_CONSTANTS[NONCE_WORD]!),
    )
    writeVectors(this.tables, NONCE_LAYOUT.highestTop, Uint32Array.of(highestTop))
  }

  /**
   * Tries nonces from `start` to `end` − 1 (and up to three beyond).
   * @returns the first of four consecutive nonces of which one, at least, has a hash whose top 32 bits are low enough;
   * or undefined. Nonces before it are all refuted.
   */
  search(start: number, end: number): number | undefined {
    const groups = Math.ceil((end - start) / LANES)
    if (groups <= 0) return undefined
    const left = this.kernel.search(start, groups)
    return left === 0 ? undefined : start + LANES * (groups - left)
  }
}
