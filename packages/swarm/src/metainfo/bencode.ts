import { assert, compareBytes, DecodeError } from '@onehop/primitives'
import { MAX_BENCODE_DEPTH } from '../limits.ts'

/** A bencoded value (BEP 3). Strings are bytes; a dictionary's keys are one character a byte (Latin-1). */
export type Bencoded = number | Uint8Array | readonly Bencoded[] | BencodedDictionary

/** A bencoded dictionary; its keys are one character a byte. */
export type BencodedDictionary = ReadonlyMap<string, Bencoded>

/** How strictly bencoded bytes are read. */
export interface BencodeOptions {
  /** `sorted` (default) takes canonical dictionaries only; `any` is for what other clients send. */
  readonly keyOrder?: 'sorted' | 'any'
}

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

class BencodeReader {
  readonly bytes: Uint8Array
  offset = 0
  private readonly sorted: boolean

  constructor(bytes: Uint8Array, options: BencodeOptions) {
    this.bytes = bytes
    this.sorted = options.keyOrder !== 'any'
  }

  readValue(depth: number): Bencoded {
    if (depth > MAX_BENCODE_DEPTH) throw new DecodeError('bencoded value is nested too deeply')
    const first = this.bytes[this.offset]
    if (first === I) return this.readInteger()
    if (first === L) return this.readList(depth)
    if (first === D) return this.readDictionary(depth)
    return this.readString()
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
    this.offset++
    const dictionary = new Map<string, Bencoded>()
    let previous: Uint8Array | undefined
    while (!this.readEnd()) {
      const keyBytes = this.readString()
      if (this.sorted && previous && compareBytes(previous, keyBytes) >= 0) {
        throw new DecodeError('bencoded dictionary is not sorted')
      }
      const key = latin1(keyBytes)
      if (dictionary.has(key)) throw new DecodeError('bencoded dictionary repeats a key')
      previous = keyBytes
      dictionary.set(key, this.readValue(depth + 1))
    }
    return dictionary
  }

  private readEnd(): boolean {
    if (this.bytes[this.offset] !== E) return false
    this.offset++
    return true
  }
}

/**
 * Decodes exactly one value. Strings are views of `bytes`.
 * @throws {DecodeError} on anything malformed, not canonical, nested too deeply, or followed by more bytes.
 */
export function decodeBencode(bytes: Uint8Array, options: BencodeOptions = {}): Bencoded {
  const { value, consumed } = decodeBencodePrefix(bytes, options)
  if (consumed !== bytes.length) throw new DecodeError('bytes follow the bencoded value')
  return value
}

/** Decodes one value at the start, and says how many bytes it took: ut_metadata has data after it (BEP 9). */
export function decodeBencodePrefix(
  bytes: Uint8Array,
  options: BencodeOptions = {},
): { readonly value: Bencoded; readonly consumed: number } {
  const reader = new BencodeReader(bytes, options)
  const value = reader.readValue(0)
  return { value, consumed: reader.offset }
}

/** The canonical encoding: keys sorted by their bytes. Numbers must be safe integers. */
export function encodeBencode(value: Bencoded): Uint8Array {
  const parts: Uint8Array[] = []
  encodeInto(value, parts)
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
  // Comparing Latin-1 strings by code units compares their bytes.
  for (const key of [...dictionary.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))) {
    parts.push(latin1Bytes(`${key.length}:${key}`))
    encodeInto(dictionary.get(key)!, parts)
  }
  parts.push(latin1Bytes('e'))
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
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
