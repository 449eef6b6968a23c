import { createRequire } from 'node:module'
import { nobleVerifier, type SignatureVerifier, type TweakedKey } from '@onehop/primitives'
import { askableKey, HASH_BYTES, KEY_BYTES, SIGNATURE_BYTES, TWEAK_BYTES } from './askable.ts'
import { isBelowOrder } from './scalars.ts'

/** What is used of the package `tiny-secp256k1`. */
type TinySecp256k1 = Pick<
  typeof import('tiny-secp256k1'),
  'isPoint' | 'isXOnlyPoint' | 'verify' | 'verifySchnorr' | 'xOnlyPointAddTweak'
>

/**
 * libsecp256k1 as WebAssembly, from the package `tiny-secp256k1`; runs everywhere.
 * @throws when it cannot be compiled or instantiated.
 */
export function loadWasmVerifier(): SignatureVerifier {
  return new WasmVerifier(createRequire(import.meta.url)('tiny-secp256k1') as TinySecp256k1)
}

/**
 * Asks nothing of the module that would make it throw: every exception that leaves it from inside leaves its stack
 * pointer where it was, so that some 3,000 keys which are no points would exhaust its stack for good. Should it throw
 * all the same, then the answer is the reference's.
 */
class WasmVerifier implements SignatureVerifier {
  readonly name = 'tiny-secp256k1 (WASM)'
  private readonly library: TinySecp256k1

  constructor(library: TinySecp256k1) {
    this.library = library
  }

  verifyEcdsa(signature: Uint8Array, messageHash: Uint8Array, publicKey: Uint8Array): boolean {
    const key = askableKey(signature, messageHash, publicKey)
    if (key === undefined) return false
    try {
      return this.library.isPoint(key) && this.library.verify(messageHash, key, signature)
    } catch {
      return nobleVerifier.verifyEcdsa(signature, messageHash, publicKey)
    }
  }

  verifySchnorr(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
    if (message.length !== HASH_BYTES) return nobleVerifier.verifySchnorr(signature, message, publicKey)
    if (signature.length !== SIGNATURE_BYTES || publicKey.length !== KEY_BYTES) return false
    // The module wants r below the order, BIP 340 only below the field's, which is a little more.
    if (!isBelowOrder(signature, 0)) return nobleVerifier.verifySchnorr(signature, message, publicKey)
    if (!isBelowOrder(signature, 32)) return false
    try {
      return this.library.isXOnlyPoint(publicKey) && this.library.verifySchnorr(message, publicKey, signature)
    } catch {
      return nobleVerifier.verifySchnorr(signature, message, publicKey)
    }
  }

  tweakPublicKey(key: Uint8Array, tweak: Uint8Array): TweakedKey | undefined {
    if (key.length !== KEY_BYTES || tweak.length !== TWEAK_BYTES || !isBelowOrder(tweak, 0)) return undefined
    try {
      if (!this.library.isXOnlyPoint(key)) return undefined
      const tweaked = this.library.xOnlyPointAddTweak(key, tweak)
      return tweaked === null ? undefined : { key: tweaked.xOnlyPubkey, parity: tweaked.parity }
    } catch {
      return nobleVerifier.tweakPublicKey(key, tweak)
    }
  }
}
