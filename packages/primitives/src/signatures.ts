import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import * as secp256k1 from '@noble/secp256k1'
import { bigIntToBytesBE, bytesToBigIntBE, concatBytes } from './bytes.ts'
import { DecodeError } from './verdict.ts'

secp256k1.hashes.sha256 = nobleSha256
secp256k1.hashes.hmacSha256 = (key, message) => hmac(nobleSha256, key, message)

/** Order of the secp256k1 group (SEC 2). */
export const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
/** Big endian, 32 bytes. */
const HALF_ORDER = bigIntToBytesBE(CURVE_ORDER / 2n, 32)

/** Whether the 32 bytes are a private key: between 1 and the group order, exclusive. */
export function isPrivateKey(privateKey: Uint8Array): boolean {
  return secp256k1.utils.isValidSecretKey(privateKey)
}

/** The public key, 33 bytes compressed (or 65 uncompressed). @throws {Error} when it is not a private key. */
export function publicKeyOf(privateKey: Uint8Array, compressed = true): Uint8Array {
  return secp256k1.getPublicKey(privateKey, compressed)
}

/** Deterministic ECDSA (RFC 6979) with low s: r and s, 64 bytes. */
export function signEcdsa(messageHash: Uint8Array, privateKey: Uint8Array): Uint8Array {
  return secp256k1.sign(messageHash, privateKey, { prehash: false, lowS: true })
}

/** Whether s of a 64-byte signature is at most half of the order (BIP 146). */
export function isLowS(signature: Uint8Array): boolean {
  for (let i = 0; i < HALF_ORDER.length; i++) {
    const difference = signature[HALF_ORDER.length + i]! - HALF_ORDER[i]!
    if (difference !== 0) return difference < 0
  }
  return true
}

/** The other valid signature for the same message: s becomes order − s. */
export function negateS(signature: Uint8Array): Uint8Array {
  const negated = CURVE_ORDER - bytesToBigIntBE(signature.subarray(32, 64))
  return concatBytes(signature.subarray(0, 32), bigIntToBytesBE(negated, 32))
}

function derInteger(value: Uint8Array): Uint8Array {
  let start = 0
  while (start < value.length - 1 && value[start] === 0) start++
  const digits = value.subarray(start)
  return digits[0]! & 0x80
    ? concatBytes(Uint8Array.of(2, digits.length + 1, 0), digits)
    : concatBytes(Uint8Array.of(2, digits.length), digits)
}

/** DER of a 64-byte signature, 8 to 72 bytes, without a hash type. */
export function encodeDerSignature(signature: Uint8Array): Uint8Array {
  const r = derInteger(signature.subarray(0, 32))
  const s = derInteger(signature.subarray(32, 64))
  return concatBytes(Uint8Array.of(0x30, r.length + s.length), r, s)
}

function readStrictInteger(der: Uint8Array, at: number): { value: Uint8Array; end: number } {
  const length = der[at + 1]
  if (der[at] !== 2 || length === undefined || length === 0) throw new DecodeError('DER: not an integer')
  const end = at + 2 + length
  if (end > der.length) throw new DecodeError('DER: integer too long')
  const first = der[at + 2]!
  if (first & 0x80) throw new DecodeError('DER: negative integer')
  if (length > 1 && first === 0 && (der[at + 3]! & 0x80) === 0) throw new DecodeError('DER: padded integer')
  return { value: der.subarray(at + 2, end), end }
}

function fixedWidth(value: Uint8Array): Uint8Array {
  const digits = value[0] === 0 ? value.subarray(1) : value
  if (digits.length > 32) throw new DecodeError('DER: integer exceeds 32 bytes')
  const fixed = new Uint8Array(32)
  fixed.set(digits, 32 - digits.length)
  return fixed
}

/**
 * The 64-byte form of a strictly encoded DER signature without its hash type (BIP 66).
 * @throws {DecodeError} for any other encoding, and for integers of more than 32 bytes.
 */
export function decodeStrictDerSignature(der: Uint8Array): Uint8Array {
  if (der.length < 8 || der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) {
    throw new DecodeError('DER: not a sequence of two integers')
  }
  const r = readStrictInteger(der, 2)
  const s = readStrictInteger(der, r.end)
  if (s.end !== der.length) throw new DecodeError('DER: bytes left over')
  return concatBytes(fixedWidth(r.value), fixedWidth(s.value))
}
