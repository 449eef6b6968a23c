import { concatBytes, sha256, taggedHash, utf8Encode } from '@onehop/primitives'

const TAG = 'BIP0340/challenge'
const WORD_BYTES = 32
const PREFIX_BYTES = 2 * WORD_BYTES

/** Tag, tag, nonce, key and a message of the usual length: filled anew for every challenge. */
const preimage = new Uint8Array(PREFIX_BYTES + 3 * WORD_BYTES)
const tagHash = sha256(utf8Encode(TAG))
preimage.set(concatBytes(tagHash, tagHash))

/**
 * What a Schnorr signature answers, 32 bytes (BIP 340).
 * @param nonce 32 bytes, the first half of the signature.
 * @param publicKey x-only, 32 bytes.
 */
export function schnorrChallenge(nonce: Uint8Array, publicKey: Uint8Array, message: Uint8Array): Uint8Array {
  if (message.length !== WORD_BYTES) return taggedHash(TAG, nonce, publicKey, message)
  preimage.set(nonce, PREFIX_BYTES)
  preimage.set(publicKey, PREFIX_BYTES + WORD_BYTES)
  preimage.set(message, PREFIX_BYTES + 2 * WORD_BYTES)
  return sha256(preimage)
}
