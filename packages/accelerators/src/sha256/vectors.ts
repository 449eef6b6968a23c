import { LANES } from './hash-layout.ts'

/**
 * Writes words as kernels of four lanes read them, each four times.
 * @param address in bytes.
 */
export function writeVectors(memory: Uint32Array, address: number, words: Uint32Array): void {
  for (const [i, word] of words.entries()) {
    const at = address / 4 + LANES * i
    memory.fill(word, at, at + LANES)
  }
}
