import { nobleVerifier, type SignatureVerifier } from '@onehop/primitives'
import secp256k1 from 'secp256k1'
import * as tiny from 'tiny-secp256k1'

/** The fast backend of this machine. */
export async function fastVerifier(): Promise<SignatureVerifier> {
  return {
    ...nobleVerifier,
    verifyEcdsa: (signature, hash, key) =>
      secp256k1.ecdsaVerify(secp256k1.signatureNormalize(signature.slice()), hash, key),
    verifySchnorr: (signature, message, key) => tiny.verifySchnorr(message, key, signature),
  }
}
