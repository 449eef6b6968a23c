import { randomBytes, randomInt } from 'node:crypto'
import { hashOf } from './key-exchange.ts'
import { Rc4 } from './rc4.ts'

/** Longest padding (MSE). */
export const MAX_PAD_BYTES = 512

/** Bytes of the zeros that show that a key is right. */
export const VERIFICATION_BYTES = 8

/** Bytes of a SHA-1 hash. */
export const HASH_BYTES = 20

/** What the stream after the handshake can be (`crypto_provide`, `crypto_select`). */
export const CRYPTO = { plain: 1, rc4: 2 } as const

/** The first 1024 bytes of an RC4 key stream tell of the key. */
const DISCARDED_BYTES = 1024

/** The ciphers of both directions. */
export interface KeyStreams {
  /** From who dialled to who was dialled. */
  readonly a: Rc4
  readonly b: Rc4
}

/** @param skey the infohash. */
export function keyStreams(secret: Uint8Array, skey: Uint8Array): KeyStreams {
  const a = new Rc4(hashOf('keyA', secret, skey))
  const b = new Rc4(hashOf('keyB', secret, skey))
  a.skip(DISCARDED_BYTES)
  b.skip(DISCARDED_BYTES)
  return { a, b }
}

/** As much random padding as it may be, so that lengths tell nothing. */
export function randomPad(): Uint8Array {
  return randomBytes(randomInt(MAX_PAD_BYTES + 1))
}

export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!)
}

/** @param bytes 16-bit and 32-bit numbers, big endian, by their length in bytes. */
export function numbers(...parts: readonly (readonly [value: number, bytes: 2 | 4])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(parts.reduce((sum, [, bytes]) => sum + bytes, 0)))
  let at = 0
  for (const [value, bytes] of parts) {
    if (bytes === 2) view.setUint16(at, value)
    else view.setUint32(at, value)
    at += bytes
  }
  return new Uint8Array(view.buffer)
}

export function readUint16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) * 0x10000 + readUint16(bytes, at + 2)
}
