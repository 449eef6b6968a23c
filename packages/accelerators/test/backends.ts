import { nobleVerifier, type SignatureVerifier } from '@onehop/primitives'
import { loadNativeVerifier, loadWasmVerifier } from '../src/index.ts'

/** All backends, the reference first. Here all of them have to load. */
export const BACKENDS: readonly SignatureVerifier[] = [
  nobleVerifier,
  loadNativeVerifier(),
  loadWasmVerifier(),
]
