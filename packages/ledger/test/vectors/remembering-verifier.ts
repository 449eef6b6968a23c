import { bytesToHex, type SignatureVerifier } from '@onehop/primitives'
import { everyVerifier } from './every-verifier.ts'

/** All backends with a memory: under which flags a script runs changes no signature in it. */
export function rememberingVerifier(): SignatureVerifier {
  const known = new Map<string, unknown>()
  const once = <T>(kind: string, parts: readonly Uint8Array[], compute: () => T): T => {
    const key = [kind, ...parts.map(bytesToHex)].join()
    if (!known.has(key)) known.set(key, compute())
    return known.get(key) as T
  }
  return {
    ...everyVerifier,
    verifyEcdsa: (...parts) => once('ecdsa', parts, () => everyVerifier.verifyEcdsa(...parts)),
    tweakPublicKey: (...parts) => once('tweak', parts, () => everyVerifier.tweakPublicKey(...parts)),
    verifySchnorr: (...parts) => once('schnorr', parts, () => everyVerifier.verifySchnorr(...parts)),
  }
}
