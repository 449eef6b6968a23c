import assert from 'node:assert/strict'
import { loadNativeVerifier, loadWasmVerifier } from '@onehop/accelerators'
import { nobleVerifier, type SignatureVerifier } from '@onehop/primitives'

const FASTER = [loadNativeVerifier(), loadWasmVerifier()]

function agreed<T>(ask: (verifier: SignatureVerifier) => T): T {
  const answer = ask(nobleVerifier)
  for (const verifier of FASTER) assert.deepEqual(ask(verifier), answer, verifier.name)
  return answer
}

/** Asks all backends, and stops the test where they do not agree. */
export const everyVerifier: SignatureVerifier = {
  name: 'all of them',
  verifyEcdsa: (...request) => agreed(verifier => verifier.verifyEcdsa(...request)),
  verifySchnorr: (...request) => agreed(verifier => verifier.verifySchnorr(...request)),
  tweakPublicKey: (...request) => agreed(verifier => verifier.tweakPublicKey(...request)),
}
