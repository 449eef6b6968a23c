import { hash } from 'node:crypto'
import { nobleHashes } from '@onehop/primitives'
import { HASH_LENGTH } from './constants.ts'

const RIPEMD160_LENGTH = 20

/*
 * Node's OpenSSL, which uses the processor's instructions for SHA-256. The detour over a string is worth it: Node makes
 * a string at once, but an array of bytes slowly (3.0 against 0.6 million hashes of 250 bytes a second).
 */
function copyCharacters(characters: string, into: Uint8Array, at: number): void {
  for (let i = 0; i < characters.length; i++) into[at + i] = characters.charCodeAt(i)
}

/** Puts the SHA-256 of a message, 32 bytes, into `into`. */
export function nativeHashInto(message: Uint8Array, into: Uint8Array, at: number): void {
  copyCharacters(hash('sha256', message, 'binary'), into, at)
}

/** SHA-256, 32 bytes. */
export function nativeSha256(message: Uint8Array): Uint8Array {
  const digest = new Uint8Array(HASH_LENGTH)
  nativeHashInto(message, digest, 0)
  return digest
}

/** RIPEMD-160, 20 bytes. */
function nativeRipemd160(message: Uint8Array): Uint8Array {
  const digest = new Uint8Array(RIPEMD160_LENGTH)
  copyCharacters(hash('ripemd160', message, 'binary'), digest, 0)
  return digest
}

/** RIPEMD-160 by Node's OpenSSL, or by noble where OpenSSL was built without it. */
export function chooseRipemd160(): (message: Uint8Array) => Uint8Array {
  try {
    nativeRipemd160(new Uint8Array(0))
    return nativeRipemd160
  } catch {
    return nobleHashes.ripemd160
  }
}
