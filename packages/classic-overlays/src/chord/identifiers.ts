import type { Key, PeerId } from '@onehop/overlay'
import { concatBytes, sha1 } from '@onehop/primitives'
import { IDENTIFIER_BYTES, MOST_IDENTIFIER_BITS } from './limits.ts'

/**
 * A point on the ring: 20 characters of a byte each, most significant first, so that strings compare as numbers do.
 * The m bits of the ring stand first, the rest is 0.
 */
export type Identifier = string & { readonly __brand: 'Identifier' }

/** How peers and keys get their places on a ring of 2^m points. */
export interface IdentifierSpace {
  /** m. */
  readonly bits: number
  /** Where a peer's virtual node of this number stands. */
  ofPeer(id: PeerId, index: number): Identifier
  ofKey(key: Key): Identifier
}

/** The identifier whose first bytes these are. */
export function identifierFromBytes(bytes: Uint8Array): Identifier {
  let text = ''
  for (let i = 0; i < IDENTIFIER_BYTES; i++) text += String.fromCharCode(bytes[i] ?? 0)
  return text as Identifier
}

/** A number of the ring of 2^bits points. */
export function identifierFromNumber(value: number | bigint, bits: number): Identifier {
  let rest = BigInt(value) << BigInt(MOST_IDENTIFIER_BITS - bits)
  const bytes = new Uint8Array(IDENTIFIER_BYTES)
  for (let i = IDENTIFIER_BYTES - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return identifierFromBytes(bytes)
}

/** As a number of the ring of 2^bits points. */
export function identifierToNumber(identifier: Identifier, bits: number): bigint {
  let value = 0n
  for (let i = 0; i < IDENTIFIER_BYTES; i++) value = (value << 8n) | BigInt(identifier.charCodeAt(i))
  return value >> BigInt(MOST_IDENTIFIER_BITS - bits)
}

/** For people: decimal on a small ring, as in textbooks, hexadecimal on others. */
export function identifierText(identifier: Identifier, bits: number): string {
  const value = identifierToNumber(identifier, bits)
  return bits <= 16 ? value.toString() : value.toString(16).padStart(Math.ceil(bits / 4), '0')
}

/** Bytes up to the last that is not 0. */
export function identifierLength(identifier: Identifier): number {
  let length = IDENTIFIER_BYTES
  while (length > 0 && identifier.charCodeAt(length - 1) === 0) length--
  return length
}

/** The bytes, without zeros at the end. */
export function identifierToBytes(identifier: Identifier): Uint8Array {
  const bytes = new Uint8Array(identifierLength(identifier))
  for (let i = 0; i < bytes.length; i++) bytes[i] = identifier.charCodeAt(i)
  return bytes
}

/** Whether x stands strictly between the two on the way up from `low`. All but `low` do when both are the same. */
export function isBetween(low: Identifier, x: Identifier, high: Identifier): boolean {
  return low < high ? low < x && x < high : x > low || x < high
}

/** Whether x is in (after, upTo]; everything is when both are the same. */
export function isInRange(after: Identifier, x: Identifier, upTo: Identifier): boolean {
  return after < upTo ? after < x && x <= upTo : x > after || x <= upTo
}

/** n + 2^power (mod 2^bits). */
export function plusPower(identifier: Identifier, power: number, bits: number): Identifier {
  const bit = bits - 1 - power
  let carry = 1 << (7 - (bit & 7))
  let head = ''
  for (let i = bit >> 3; i >= 0; i--) {
    carry += identifier.charCodeAt(i)
    head = String.fromCharCode(carry & 0xff) + head
    carry >>= 8
  }
  return (head + identifier.slice((bit >> 3) + 1)) as Identifier
}

const TOP_BYTES = 6
const TOP_RANGE = 2 ** (8 * TOP_BYTES)

function topOf(identifier: Identifier): number {
  let top = 0
  for (let i = 0; i < TOP_BYTES; i++) top = top * 256 + identifier.charCodeAt(i)
  return top
}

/** The way up from one to the other as a part of the ring, from 0 to 1: to 48 bits. */
export function partOfRing(from: Identifier, to: Identifier): number {
  const distance = topOf(to) - topOf(from)
  return (distance < 0 ? distance + TOP_RANGE : distance) / TOP_RANGE
}

/** Consistent hashing with SHA-1 truncated to m bits: of the peer id and the virtual node's number, and of keys. */
export class Sha1Space implements IdentifierSpace {
  readonly bits: number
  private readonly ofKeys = new WeakMap<Key, Identifier>()

  constructor(bits: number) {
    this.bits = bits
  }

  ofPeer(id: PeerId, index: number): Identifier {
    return this.truncated(sha1(concatBytes(id, Uint8Array.of(index))))
  }

  /** Remembered for as long as the key's bytes are. */
  ofKey(key: Key): Identifier {
    const known = this.ofKeys.get(key)
    if (known !== undefined) return known
    const identifier = this.truncated(sha1(key))
    this.ofKeys.set(key, identifier)
    return identifier
  }

  private truncated(digest: Uint8Array): Identifier {
    const whole = this.bits >> 3
    digest.fill(0, whole + (this.bits % 8 === 0 ? 0 : 1))
    if (this.bits % 8 !== 0) digest[whole] = digest[whole]! & (0xff00 >> (this.bits % 8))
    return identifierFromBytes(digest)
  }
}
