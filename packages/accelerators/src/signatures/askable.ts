import { plainPublicKey } from '@onehop/primitives'
import { isBelowOrder } from './scalars.ts'

/** Bytes of what a verifier is handed. */
export const KEY_BYTES = 32
export const SIGNATURE_BYTES = 64
export const HASH_BYTES = 32
export const TWEAK_BYTES = 32

/**
 * The key that libsecp256k1 is to be asked about: it throws at lengths and scalars that the port calls no signature, and
 * not every build of it takes hybrid keys.
 * @returns undefined when the answer is no without asking.
 */
export function askableKey(
  signature: Uint8Array,
  messageHash: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array | undefined {
  if (signature.length !== SIGNATURE_BYTES || messageHash.length !== HASH_BYTES) return undefined
  if (!isBelowOrder(signature, 0) || !isBelowOrder(signature, 32)) return undefined
  return plainPublicKey(publicKey)
}
