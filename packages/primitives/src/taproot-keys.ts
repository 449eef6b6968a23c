import * as secp256k1 from '@noble/secp256k1'
import { bigIntToBytesBE, bytesToBigIntBE, concatBytes } from './bytes.ts'
import { CURVE_ORDER, publicKeyOf } from './signatures.ts'

const EVEN = Uint8Array.of(2)
const KEY_BYTES = 32
const TWEAK_BYTES = 32

/** An x-only key and the parity of its point, which BIP 341's control blocks tell. */
export interface TweakedKey {
  /** 32 bytes, big endian. */
  readonly key: Uint8Array
  readonly parity: 0 | 1
}

/**
 * The key plus the tweak times the generator (BIP 341).
 * @param key x-only, 32 bytes; stands for the point with even y.
 * @param tweak 32 bytes, big endian.
 * @returns undefined when the key is on no point, the tweak is not below the group order, or the sum is infinity.
 */
export function tweakPublicKey(key: Uint8Array, tweak: Uint8Array): TweakedKey | undefined {
  if (key.length !== KEY_BYTES || tweak.length !== TWEAK_BYTES) return undefined
  const scalar = bytesToBigIntBE(tweak)
  if (scalar >= CURVE_ORDER) return undefined
  try {
    const point = secp256k1.Point.fromBytes(concatBytes(EVEN, key))
    const sum = scalar === 0n ? point : point.add(secp256k1.Point.BASE.multiply(scalar, false))
    const bytes = sum.toBytes(true)
    return { key: bytes.slice(1), parity: bytes[0] === 2 ? 0 : 1 }
  } catch {
    return undefined
  }
}

/**
 * The private key of {@link tweakPublicKey}'s result.
 * @returns undefined when the tweak is not below the group order, or the sum is zero.
 * @throws {Error} when it is not a private key.
 */
export function tweakPrivateKey(privateKey: Uint8Array, tweak: Uint8Array): Uint8Array | undefined {
  const addend = bytesToBigIntBE(tweak)
  if (addend >= CURVE_ORDER) return undefined
  const hasEvenKey = publicKeyOf(privateKey)[0] === 2
  const secret = bytesToBigIntBE(privateKey)
  const sum = ((hasEvenKey ? secret : CURVE_ORDER - secret) + addend) % CURVE_ORDER
  return sum === 0n ? undefined : bigIntToBytesBE(sum, 32)
}

/** The x-only public key, 32 bytes (BIP 340). @throws {Error} when it is not a private key. */
export function xOnlyPublicKeyOf(privateKey: Uint8Array): Uint8Array {
  return publicKeyOf(privateKey).slice(1)
}

/**
 * Schnorr, 64 bytes (BIP 340).
 * @param message 32 bytes.
 * @param auxiliary 32 bytes of randomness, which guard against faults and side channels; the same bytes give the
 * same signature.
 */
export function signSchnorr(message: Uint8Array, privateKey: Uint8Array, auxiliary: Uint8Array): Uint8Array {
  return secp256k1.schnorr.sign(message, privateKey, auxiliary)
}
