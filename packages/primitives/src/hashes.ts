import { ripemd160 as nobleRipemd160, sha1 as nobleSha1 } from '@noble/hashes/legacy.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from './bytes.ts'
import { utf8Encode } from './utf8.ts'

/** Port: SHA-256 (FIPS 180-4), 32 bytes out. */
export type Sha256 = (message: Uint8Array) => Uint8Array

/** Port: SHA-1 (FIPS 180-4), 20 bytes out. Names BitTorrent v1 content; nothing here trusts it for more. */
export type Sha1 = (message: Uint8Array) => Uint8Array

/** SHA-256, 32 bytes. */
export const sha256: Sha256 = message => nobleSha256(message)

/** SHA-1, 20 bytes. */
export const sha1: Sha1 = message => nobleSha1(message)

/** SHA-256 twice, 32 bytes: transaction ids, block hashes, Base58Check. */
export function sha256d(message: Uint8Array): Uint8Array {
  return nobleSha256(nobleSha256(message))
}

/** RIPEMD-160 of SHA-256, 20 bytes: key and script hashes. */
export function hash160(message: Uint8Array): Uint8Array {
  return nobleRipemd160(nobleSha256(message))
}

/** RIPEMD-160, 20 bytes. */
export function ripemd160(message: Uint8Array): Uint8Array {
  return nobleRipemd160(message)
}

/** SHA-256 under a tag, 32 bytes (BIP 340). */
export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const tagHash = nobleSha256(utf8Encode(tag))
  return nobleSha256(concatBytes(tagHash, tagHash, ...parts))
}

/**
 * {@link taggedHash} for a tag that is used often: the tag is hashed once.
 * @returns a function of the parts, whose result has 32 bytes.
 */
export function taggedHasher(tag: string): (...parts: readonly Uint8Array[]) => Uint8Array {
  const tagHash = nobleSha256(utf8Encode(tag))
  const midstate = nobleSha256.create().update(tagHash).update(tagHash)
  return (...parts) => {
    const hash = midstate.clone()
    for (const part of parts) hash.update(part)
    return hash.digest()
  }
}
