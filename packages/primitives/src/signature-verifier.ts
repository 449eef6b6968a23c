import * as secp256k1 from '@noble/secp256k1'
import { type TweakedKey, tweakPublicKey } from './taproot-keys.ts'

/**
 * Port: the arithmetic on secp256k1 that checks need. All backends agree on every input, of whatever length, and none
 * throws.
 */
export interface SignatureVerifier {
  /** For logs and status: the library, and how it runs. */
  readonly name: string
  /**
   * ECDSA.
   * @param signature r and s, 32 bytes each, big endian; high s is valid; r or s zero or ≥ the order is not.
   * @param messageHash 32 bytes.
   * @param publicKey 33 bytes compressed or 65 bytes uncompressed or hybrid (06/07 with the right parity).
   */
  verifyEcdsa(signature: Uint8Array, messageHash: Uint8Array, publicKey: Uint8Array): boolean
  /** Schnorr as in BIP 340: 64-byte signature, message of any length, 32-byte x-only key. */
  verifySchnorr(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  /** What {@link tweakPublicKey} says. */
  tweakPublicKey(key: Uint8Array, tweak: Uint8Array): TweakedKey | undefined
}

const MESSAGE_HASH_BYTES = 32
const SIGNATURE_BYTES = 64
const COMPRESSED_BYTES = 33
const UNCOMPRESSED = 4
const UNCOMPRESSED_BYTES = 65
const HYBRID_EVEN = 6
const HYBRID_ODD = 7

/**
 * A public key in one of the two forms that every library takes: compressed, or uncompressed (also where it was hybrid).
 * @returns undefined for other forms, and for a hybrid key whose prefix tells the wrong parity. Whether it is a point is
 * left open.
 */
export function plainPublicKey(publicKey: Uint8Array): Uint8Array | undefined {
  const prefix = publicKey[0]
  if (publicKey.length === COMPRESSED_BYTES) return prefix === 2 || prefix === 3 ? publicKey : undefined
  if (publicKey.length !== UNCOMPRESSED_BYTES) return undefined
  if (prefix === UNCOMPRESSED) return publicKey
  if (prefix !== HYBRID_EVEN && prefix !== HYBRID_ODD) return undefined
  if ((publicKey[UNCOMPRESSED_BYTES - 1]! & 1) !== (prefix & 1)) return undefined
  const plain = Uint8Array.from(publicKey)
  plain[0] = UNCOMPRESSED
  return plain
}

/** The reference backend, in JavaScript, always there. */
export const nobleVerifier: SignatureVerifier = {
  name: '@noble/secp256k1 (JavaScript)',
  verifyEcdsa(signature, messageHash, publicKey) {
    if (signature.length !== SIGNATURE_BYTES || messageHash.length !== MESSAGE_HASH_BYTES) return false
    const key = plainPublicKey(publicKey)
    if (key === undefined) return false
    try {
      return secp256k1.verify(signature, messageHash, key, { prehash: false, lowS: false })
    } catch {
      return false
    }
  },
  verifySchnorr(signature, message, publicKey) {
    try {
      return secp256k1.schnorr.verify(signature, message, publicKey)
    } catch {
      return false
    }
  },
  tweakPublicKey,
}
