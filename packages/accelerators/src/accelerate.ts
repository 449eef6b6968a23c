import { type HashBackend, type SignatureVerifier, useHashBackend } from '@onehop/primitives'
import { chooseHashes, type HashChoice } from './sha256/choose-hashes.ts'
import { chooseVerifier } from './signatures/choose-verifier.ts'

/** What this process or worker computes with from now on. */
export interface AccelerationReport {
  readonly verifier: SignatureVerifier
  /** Installed in primitives already. */
  readonly hashes: HashBackend
  /** One line for each faster backend that does not run here: which, and why. */
  readonly fallbacks: readonly string[]
}

let chosen: HashChoice | undefined

/** Installs the fastest hashes and picks the fastest verifier that run here. Each worker thread calls it for itself. */
export function accelerate(): AccelerationReport {
  chosen ??= chooseHashes()
  const { hashes, fallbacks } = chosen
  useHashBackend(hashes)
  const choice = chooseVerifier()
  return { verifier: choice.verifier, hashes, fallbacks: [...fallbacks, ...choice.fallbacks] }
}
