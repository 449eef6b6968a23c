import { sha1 as nobleSha1 } from '@noble/hashes/legacy.js'
import { concatBytes } from './bytes.ts'
import { hashBackend, ripemd160, type Sha256, sha256 } from './hash-backend.ts'
import { utf8Encode } from './utf8.ts'

/** Port: SHA-1 (FIPS 180-4), 20 bytes out. Names BitTorrent v1 content; nothing here trusts it for more. */
export type Sha1 = (message: Uint8Array) => Uint8Array

/** SHA-1, 20 bytes. */
export const sha1: Sha1 = message => nobleSha1(message)

/** RIPEMD-160 of SHA-256, 20 bytes: key and script hashes. */
export function hash160(message: Uint8Array): Uint8Array {
  return ripemd160(sha256(message))
}

/** SHA-256 under a tag, 32 bytes (BIP 340). */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const tagHash = sha256(utf8Encode(tag))
  return sha256(concatBytes(tagHash, tagHash, ...parts))
}

/**
 * {@link taggedHash} for a tag that is used often: the tag is hashed once (and again by another backend).
 * @returns a function of the parts, whose result has 32 bytes.
 */
export function taggedHasher(tag: string): (...parts: readonly Uint8Array[]) => Uint8Array {
  let backend = hashBackend()
  let hash = hashAfterTag(tag)
  return (...parts) => {
    if (hashBackend() !== backend) {
      backend = hashBackend()
      hash = hashAfterTag(tag)
    }
    return hash(parts.length === 1 ? parts[0]! : concatBytes(...parts))
  }
}

function hashAfterTag(tag: string): Sha256 {
  const tagHash = sha256(utf8Encode(tag))
  return hashBackend().sha256After(concatBytes(tagHash, tagHash))
}
