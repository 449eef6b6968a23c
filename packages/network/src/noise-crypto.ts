import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import type { ICryptoInterface } from '@chainsafe/libp2p-noise'
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto'
import { releaseMemory } from './release-memory.ts'
import { onEncrypted } from './send-memory.ts'

type Encrypt = ICryptoInterface['chaCha20Poly1305Encrypt']

const CIPHER = 'chacha20-poly1305'
const TAG_BYTES = 16

/** Noise's messages are no longer (Noise specification §3). */
const MAX_MESSAGE_BYTES = 65_535

/** Shorter messages are left to the library: its WebAssembly is faster than to set up a cipher of OpenSSL. */
const MIN_NATIVE_BYTES = 1200

/** Each message lies here while it is encrypted: one at a time, as encryption does not wait. */
const plain = new Uint8Array(MAX_MESSAGE_BYTES)

function joined(bytes: Iterable<Uint8Array>): Uint8Array {
  let offset = 0
  for (const part of bytes) {
    plain.set(part, offset)
    offset += part.length
  }
  return plain.subarray(0, offset)
}

/** Those of connections as OpenSSL has them: to make one for each message took a quarter of its time. */
const keys = new WeakMap<Uint8Array, KeyObject>()

function keyOf(bytes: Uint8Array): KeyObject {
  const known = keys.get(bytes)
  if (known) return known
  const key = createSecretKey(bytes)
  keys.set(bytes, key)
  return key
}

function encrypted(...[plaintext, nonce, ad, key]: Parameters<Encrypt>): ReturnType<Encrypt> {
  const { byteLength } = plaintext
  const isOurs = byteLength >= MIN_NATIVE_BYTES && byteLength <= MAX_MESSAGE_BYTES
  if (plaintext instanceof Uint8Array || !isOurs)
    return defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key)
  const cipher = createCipheriv(CIPHER, keyOf(key), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(ad, { plaintextLength: byteLength })
  const message = plaintext.sublist(0, 0)
  message.append(cipher.update(joined(plaintext)))
  cipher.final()
  message.append(cipher.getAuthTag())
  return message
}

/**
 * The library's cryptography, but each long message goes through the cipher in one piece. The library takes every part
 * of a message by itself, and what comes out in many parts is written to the socket in as many writes.
 */
export const noiseCrypto: ICryptoInterface = {
  ...defaultCrypto,

  chaCha20Poly1305Encrypt(plaintext, nonce, ad, key) {
    if (plaintext instanceof Uint8Array)
      return defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key)
    const message = encrypted(plaintext, nonce, ad, key)
    for (const part of plaintext) onEncrypted(part)
    return message
  },

  chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, target) {
    const length = ciphertext.byteLength - TAG_BYTES
    if (length < MIN_NATIVE_BYTES || target?.length !== length)
      return defaultCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, target)
    const decipher = createDecipheriv(CIPHER, keyOf(key), nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(ad, { plaintextLength: length })
    decipher.setAuthTag(ciphertext.subarray(length))
    // The memory for the result holds the encrypted bytes: of those that are scattered, a copy in one piece.
    const decrypted = decipher.update(target)
    decipher.final()
    releaseMemory(target)
    return decrypted
  },
}
