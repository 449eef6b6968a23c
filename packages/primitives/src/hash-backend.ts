import { ripemd160 as nobleRipemd160 } from '@noble/hashes/legacy.js'
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'

/** Port: SHA-256 (FIPS 180-4), 32 bytes out. */
export type Sha256 = (message: Uint8Array) => Uint8Array

/**
 * Port: SHA-256 in the shapes that Bitcoin needs it in, and RIPEMD-160. Backends agree on every byte; they differ in speed. No result is
 * ever a view of a buffer that a later call writes to.
 */
export interface HashBackend {
  /** For people: logs and status. */
  readonly name: string
  /** SHA-256, 32 bytes. */
  readonly sha256: Sha256
  /** SHA-256 twice, 32 bytes. */
  readonly sha256d: Sha256
  /**
   * SHA-256 of messages that share their first bytes, which are hashed once.
   * @param prefix 64 bytes, one block.
   */
  sha256After(prefix: Uint8Array): Sha256
  /** RIPEMD-160, 20 bytes. */
  readonly ripemd160: (message: Uint8Array) => Uint8Array
  /** SHA-256 twice of each message, 32 bytes each, in their order. */
  sha256dMany(messages: readonly Uint8Array[]): Uint8Array[]
  /**
   * One level of a merkle tree: SHA-256 twice of each 64 bytes.
   * @param children concatenated, a multiple of 64 bytes.
   * @returns the parents concatenated, half as many bytes.
   */
  merkleParents(children: Uint8Array): Uint8Array
}

const PAIR_LENGTH = 64

function nobleSha256d(message: Uint8Array): Uint8Array {
  return nobleSha256(nobleSha256(message))
}

/** The reference: always there. */
export const nobleHashes: HashBackend = {
  name: 'noble',
  sha256: message => nobleSha256(message),
  sha256d: nobleSha256d,
  sha256After: prefix => {
    const midstate = nobleSha256.create().update(prefix)
    return message => midstate.clone().update(message).digest()
  },
  ripemd160: message => nobleRipemd160(message),
  sha256dMany: messages => messages.map(nobleSha256d),
  merkleParents: children => {
    const parents = new Uint8Array(children.length / 2)
    for (let at = 0; at < children.length; at += PAIR_LENGTH) {
      parents.set(nobleSha256d(children.subarray(at, at + PAIR_LENGTH)), at / 2)
    }
    return parents
  },
}

let current = nobleHashes

/** What this process or worker hashes with. */
export function hashBackend(): HashBackend {
  return current
}

/** Makes all of this process or worker hash with `backend`. To be called once, at its start. */
export function useHashBackend(backend: HashBackend): void {
  current = backend
}

/** SHA-256, 32 bytes. */
export const sha256: Sha256 = message => current.sha256(message)

/** SHA-256 twice, 32 bytes: transaction ids, block hashes, Base58Check. */
export const sha256d: Sha256 = message => current.sha256d(message)

/** RIPEMD-160, 20 bytes. */
export function ripemd160(message: Uint8Array): Uint8Array {
  return current.ripemd160(message)
}

/** {@link sha256d} of each message, in their order; faster than one by one. */
export function sha256dMany(messages: readonly Uint8Array[]): Uint8Array[] {
  return current.sha256dMany(messages)
}

/**
 * One level of a merkle tree, {@link sha256d} of each two neighbours.
 * @param children an even number of 32-byte hashes, concatenated.
 * @returns their parents, concatenated.
 */
export function merkleParents(children: Uint8Array): Uint8Array {
  return current.merkleParents(children)
}
