import { accelerate } from '@onehop/accelerators'
import type { SignatureVerifier } from '@onehop/primitives'

/** The fast backends of this machine: hashes from now on, and the verifier. */
export function fastVerifier(): SignatureVerifier {
  return accelerate().verifier
}
