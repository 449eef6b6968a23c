import { createRequire } from 'node:module'
import { CURVE_ORDER, nobleVerifier, type SignatureVerifier, type TweakedKey } from '@onehop/primitives'
import { askableKey, HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES, TWEAK_BYTES } from './askable.ts'
import { isBelowOrder, isHigh, readScalar, writeScalar } from './scalars.ts'
import { schnorrChallenge } from './schnorr-challenge.ts'

/** What is used of the package `secp256k1`, which throws an error for what it cannot parse. */
type Secp256k1 = Pick<
  typeof import('secp256k1'),
  'ecdsaVerify' | 'ecdsaRecover' | 'signatureNormalize' | 'publicKeyTweakAdd'
>

const COMPRESSED_BYTES = 33
const EVEN = 2
/** A recovery id: the point's y is even, and its x is the signature's r, or r plus the order. */
const X_IS_R = 0
const X_IS_R_PLUS_ORDER = 2

/**
 * libsecp256k1 as the package `secp256k1` has it, compiled for some platforms. Not thread-safe, but every worker thread
 * loads its own.
 * @throws when no binary fits this machine.
 */
export function loadNativeVerifier(): SignatureVerifier {
  // Not the package's main file: that one would take a JavaScript library, and not say so.
  return new NativeVerifier(createRequire(import.meta.url)('secp256k1/bindings.js') as Secp256k1)
}

class NativeVerifier implements SignatureVerifier {
  readonly name = 'libsecp256k1 (native)'
  private readonly library: Secp256k1
  private readonly key = new Uint8Array(COMPRESSED_BYTES)
  private readonly result = new Uint8Array(COMPRESSED_BYTES)
  private readonly signature = new Uint8Array(SIGNATURE_BYTES)
  private readonly signatureView = new DataView(this.signature.buffer)
  private readonly message = new Uint8Array(HASH_BYTES)
  private readonly messageView = new DataView(this.message.buffer)

  constructor(library: Secp256k1) {
    this.library = library
    this.key[0] = EVEN
  }

  verifyEcdsa(signature: Uint8Array, messageHash: Uint8Array, publicKey: Uint8Array): boolean {
    const key = askableKey(signature, messageHash, publicKey)
    if (key === undefined) return false
    try {
      return this.library.ecdsaVerify(this.withLowS(signature), messageHash, key)
    } catch {
      return false // the key is no point
    }
  }

  /**
   * The package has no Schnorr signatures, but recovering an ECDSA key is the same sum of two products of points:
   * it gives x⁻¹·(s'·P − m'·G) for the point P with this x. With s' = −e·x and m' = −s·x, that is s·G − e·P, which is
   * BIP 340's R.
   */
  verifySchnorr(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    if (signature.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false
    if (!isBelowOrder(signature, 32)) return false
    const nonce = signature.subarray(0, 32)
    const s = readScalar(signature.subarray(32))
    const e = readScalar(schnorrChallenge(nonce, publicKey, message)) % CURVE_ORDER
    const isSmall = isBelowOrder(publicKey, 0)
    const x = readScalar(publicKey) % CURVE_ORDER
    // No hash gives 0 and no point has this x, as far as anybody knows; ECDSA could not express them.
    if (e === 0n || x === 0n) return nobleVerifier.verifySchnorr(signature, message, publicKey)
    writeScalar(this.signatureView, 0, x)
    writeScalar(this.signatureView, 32, CURVE_ORDER - ((e * x) % CURVE_ORDER))
    writeScalar(this.messageView, 0, (CURVE_ORDER - ((s * x) % CURVE_ORDER)) % CURVE_ORDER)
    try {
      const id = isSmall ? X_IS_R : X_IS_R_PLUS_ORDER
      this.library.ecdsaRecover(this.signature, id, this.message, true, this.result)
    } catch {
      return false // the key is no point, or R is infinity
    }
    return this.result[0] === EVEN && endsWith(this.result, nonce)
  }

  tweakPublicKey(key: Uint8Array, tweak: Uint8Array): TweakedKey | undefined {
    if (key.length !== KEY_BYTES || tweak.length !== TWEAK_BYTES) return undefined
    this.key.set(key, 1)
    try {
      this.library.publicKeyTweakAdd(this.key, tweak, true, this.result)
    } catch {
      return undefined // the key is no point, the tweak too large, or the sum infinity
    }
    return { key: this.result.slice(1), parity: this.result[0] === EVEN ? 0 : 1 }
  }

  /** libsecp256k1 takes nothing else. */
  private withLowS(signature: Uint8Array): Uint8Array {
    if (!isHigh(signature, 32)) return signature
    this.signature.set(signature)
    return this.library.signatureNormalize(this.signature)
  }
}

function endsWith(compressed: Uint8Array, x: Uint8Array): boolean {
  for (let i = 0; i < KEY_BYTES; i++) if (compressed[i + 1] !== x[i]) return false
  return true
}
