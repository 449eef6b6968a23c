import { type HashBackend, nobleHashes } from '@onehop/primitives'
import { WasmHashes } from './wasm-hashes.ts'

/** The hash backend that this process can use, and why not a faster one. */
export interface HashChoice {
  readonly hashes: HashBackend
  /** One line for each faster backend that does not run here. */
  readonly fallbacks: readonly string[]
}

/** The fastest hash backend that runs here; noble where the kernels do not load. */
export function chooseHashes(load: () => HashBackend = () => new WasmHashes()): HashChoice {
  try {
    return { hashes: load(), fallbacks: [] }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { hashes: nobleHashes, fallbacks: [`WASM SIMD kernels for SHA-256: ${reason}`] }
  }
}
