import { assert, bytesKey, DecodeError } from '@onehop/primitives'
import { MAX_BENCODE_DEPTH } from '../limits.ts'
import { MAX_BENCODE_KEY_BYTES, MAX_BENCODE_VALUES } from './limits.ts'

/** A bencoded value (BEP 3). Strings are bytes; a dictionary's keys are one character a byte (Latin-1). */
export type Bencoded = number | Uint8Array | readonly Bencoded[] | BencodedDictionary

/** A bencoded dictionary; its keys are one character a byte. */
export type BencodedDictionary = ReadonlyMap<string, Bencoded>

const I = 0x69
const L = 0x6c
const D = 0x64
const E = 0x65
const COLON = 0x3a
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
/** Digits of 2^53 - 1. */
const MAX_DIGITS = 16

/** What a dictionary counts for beside what is in it: empty ones take 300 bytes of memory, and two on the wire. */
const VALUES_OF_A_DICTIONARY = 3

class BencodeReader {
  readonly bytes: Uint8Array
  offset = 0
  private values = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  readValue(depth: number): Bencoded {
    if (depth > MAX_BENCODE_DEPTH) throw new DecodeError('bencoded value is nested too deeply')
    this.count(1)
    const first = this.bytes[this.offset]
    if (first === I) return this.readInteger()
    if (first === L) return this.readList(depth)
    if (first === D) return this.readDictionary(depth)
    return this.readString()
  }

  private count(values: number): void {
    this.values += values
    if (this.values > MAX_BENCODE_VALUES) throw new DecodeError('there are too many bencoded values')
  }

  private readInteger(): number {
    this.offset++
    const negative = this.bytes[this.offset] === MINUS
    if (negative) this.offset++
    const magnitude = this.readDigits(E)
    if (negative && magnitude === 0) throw new DecodeError('bencoded integer is minus zero')
    return negative ? -magnitude : magnitude
  }

  /** Digits without leading zeros, and the byte that ends them. */
  private readDigits(terminator: number): number {
    const start = this.offset
    let value = 0
    let byte = this.bytes[this.offset]
    while (byte !== undefined && byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO)
      byte = this.bytes[++this.offset]
      if (this.offset - start > MAX_DIGITS) break
    }
    const digits = this.offset - start
    if (byte !== terminator || digits === 0) throw new DecodeError('bencoded value is malformed')
    if (digits > 1 && this.bytes[start] === ZERO) throw new DecodeError('bencoded integer has a leading zero')
    if (!Number.isSafeInteger(value)) throw new DecodeError('bencoded integer is too large')
    this.offset++
    return value
  }

  private readString(): Uint8Array {
    const length = this.readDigits(COLON)
    const start = this.offset
    if (length > this.bytes.length - start) throw new DecodeError('unexpected end of bencoded data')
    this.offset = start + length
    return this.bytes.subarray(start, this.offset)
  }

  private readList(depth: number): Bencoded[] {
    this.offset++
    const list: Bencoded[] = []
    while (!this.readEnd()) list.push(this.readValue(depth + 1))
    return list
  }

  private readDictionary(depth: number): BencodedDictionary {
    return this.readEntries(depth, value => value)
  }

  /**
   * A dictionary of what is made from every value and from the bytes that it is encoded in. Keys in another order than
   * BEP 3's are taken: there are clients that write them.
   */
  readEntries<T>(depth: number, make: (value: Bencoded, encoded: Uint8Array) => T): Map<string, T> {
    this.offset++
    this.count(VALUES_OF_A_DICTIONARY)
    const entries = new Map<string, T>()
    while (!this.readEnd()) {
      const key = this.readKey()
      if (entries.has(key)) throw new DecodeError('bencoded dictionary repeats a key')
      const start = this.offset
      const value = this.readValue(depth + 1)
      entries.set(key, make(value, this.bytes.subarray(start, this.offset)))
    }
    return entries
  }

  private readKey(): string {
    const bytes = this.readString()
    if (bytes.length > MAX_BENCODE_KEY_BYTES) throw new DecodeError('a bencoded key is too long')
    return keyOf(bytes)
  }

  private readEnd(): boolean {
    if (this.bytes[this.offset] !== E) return false
    this.offset++
    return true
  }
}

/**
 * Decodes exactly one value. Strings are views of `bytes`.
 * @throws {DecodeError} on anything malformed, nested too deeply, or followed by more bytes.
 */
export function decodeBencode(bytes: Uint8Array): Bencoded {
  const { value, consumed } = decodeBencodePrefix(bytes)
  if (consumed !== bytes.length) throw new DecodeError('bytes follow the bencoded value')
  return value
}

/** Decodes one value at the start, and says how many bytes it took: ut_metadata has data after it (BEP 9). */
export function decodeBencodePrefix(bytes: Uint8Array): {
  readonly value: Bencoded
  readonly consumed: number
} {
  const reader = new BencodeReader(bytes)
  const value = reader.readValue(0)
  return { value, consumed: reader.offset }
}

/** A value of a dictionary, and the bytes that it is encoded in: what a hash of it is made from. */
export interface BencodedField {
  readonly value: Bencoded
  readonly encoded: Uint8Array
}

/** Decodes exactly one dictionary as {@link decodeBencode} does. */
export function decodeBencodeFields(bytes: Uint8Array): ReadonlyMap<string, BencodedField> {
  const reader = new BencodeReader(bytes)
  if (bytes[0] !== D) throw new DecodeError('not a bencoded dictionary')
  const fields = reader.readEntries(0, (value, encoded) => ({ value, encoded }))
  if (reader.offset !== bytes.length) throw new DecodeError('bytes follow the bencoded value')
  return fields
}

/** The canonical encoding: keys sorted by their bytes. Numbers must be safe integers. */
export function encodeBencode(value: Bencoded): Uint8Array {
  const parts: Uint8Array[] = []
  encodeInto(value, parts)
  return joinParts(parts)
}

/** The canonical dictionary of values that are encoded already. */
export function encodeBencodeFields(fields: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [latin1Bytes('d')]
  for (const [key, encoded] of sortedEntries(fields)) parts.push(encodedKey(key), encoded)
  parts.push(latin1Bytes('e'))
  return joinParts(parts)
}

/** There may be more parts than a function takes arguments. */
function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

function encodeInto(value: Bencoded, parts: Uint8Array[]): void {
  if (typeof value === 'number') {
    assert(Number.isSafeInteger(value), 'only safe integers are bencoded')
    parts.push(latin1Bytes(`i${value}e`))
  } else if (value instanceof Uint8Array) {
    parts.push(latin1Bytes(`${value.length}:`), value)
  } else if (value instanceof Map) {
    encodeDictionary(value, parts)
  } else {
    parts.push(latin1Bytes('l'))
    for (const item of value as readonly Bencoded[]) encodeInto(item, parts)
    parts.push(latin1Bytes('e'))
  }
}

function encodeDictionary(dictionary: BencodedDictionary, parts: Uint8Array[]): void {
  parts.push(latin1Bytes('d'))
  for (const [key, value] of sortedEntries(dictionary)) {
    parts.push(encodedKey(key))
    encodeInto(value, parts)
  }
  parts.push(latin1Bytes('e'))
}

function encodedKey(key: string): Uint8Array {
  return latin1Bytes(`${key.length}:${key}`)
}

/** Entries in the order of their keys' bytes, as a canonical dictionary has them. */
export function sortedEntries<T>(dictionary: ReadonlyMap<string, T>): [string, T][] {
  return [...dictionary].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** The bytes of a dictionary's key. */
export function keyBytes(key: string): Uint8Array {
  return latin1Bytes(key)
}

/** The dictionary's key of bytes. */
export function keyOf(bytes: Uint8Array): string {
  return bytesKey(bytes)
}

function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    assert(code < 256, 'a bencoded dictionary key holds one byte a character')
    bytes[i] = code
  }
  return bytes
}

/** The value as a dictionary. @throws {DecodeError} */
export function expectDictionary(value: Bencoded | undefined, what: string): BencodedDictionary {
  if (value instanceof Map) return value
  throw new DecodeError(`${what} is not a dictionary`)
}

/** The value as a string's bytes. @throws {DecodeError} */
export function expectBytes(value: Bencoded | undefined, what: string): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw new DecodeError(`${what} is not a string`)
}

/** The value as an integer. @throws {DecodeError} */
export function expectInteger(value: Bencoded | undefined, what: string): number {
  if (typeof value === 'number') return value
  throw new DecodeError(`${what} is not an integer`)
}

/** The value as a list. @throws {DecodeError} */
export function expectList(value: Bencoded | undefined, what: string): readonly Bencoded[] {
  if (Array.isArray(value)) return value
  throw new DecodeError(`${what} is not a list`)
}
