import type { SignatureVerifier } from '@onehop/primitives'
import { chooseVerifier } from './signatures/choose-verifier.ts'

/** What this process or worker computes with from now on. */
export interface AccelerationReport {
  readonly verifier: SignatureVerifier
  /** One line for each faster backend that does not run here: which, and why. */
  readonly fallbacks: readonly string[]
}

/** Picks the fastest verifier that runs here. Each worker thread calls it for itself. */
export function accelerate(): AccelerationReport {
  const { verifier, fallbacks } = chooseVerifier()
  return { verifier, fallbacks }
}
