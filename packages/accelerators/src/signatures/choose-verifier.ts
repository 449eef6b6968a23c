import { nobleVerifier, type SignatureVerifier } from '@onehop/primitives'
import { loadNativeVerifier } from './native-verifier.ts'
import { loadWasmVerifier } from './wasm-verifier.ts'

/** A way to verify signatures, to be tried. */
export interface VerifierCandidate {
  readonly name: string
  /** @throws when it does not run on this machine. */
  readonly load: () => SignatureVerifier
}

/** From the fastest to the one that runs everywhere. */
export const VERIFIER_CANDIDATES: readonly VerifierCandidate[] = [
  { name: 'native', load: loadNativeVerifier },
  { name: 'wasm', load: loadWasmVerifier },
  { name: 'noble', load: () => nobleVerifier },
]

/** What was taken, and what was not. */
export interface VerifierChoice {
  readonly verifier: SignatureVerifier
  /** One line for each faster one that did not load: which, and why. */
  readonly fallbacks: readonly string[]
}

/** Takes the first candidate that loads. */
export function chooseVerifier(candidates = VERIFIER_CANDIDATES): VerifierChoice {
  const fallbacks: string[] = []
  for (const { name, load } of candidates) {
    try {
      return { verifier: load(), fallbacks }
    } catch (error) {
      fallbacks.push(`${name}: ${firstLine(error)}`)
    }
  }
  return { verifier: nobleVerifier, fallbacks }
}

/** Loaders list every path that they tried; the first line says it. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? text
}
