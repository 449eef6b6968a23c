import { DecodeError } from './verdict.ts'

const NOTHING = new Uint8Array(0)
const TWO_TO_32 = 2 ** 32
/** The upper 32 bits of 2^53 − 1. */
const MAX_SAFE_HIGH = 0x1f_ffff

// A number is made a bigint once; arithmetic with bigints makes one at each step. What is seldom needed is apart, so
// that engines inline the rest.
function wideUint64(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}

/**
 * A cursor over bytes from outside. Little-endian integers, as Bitcoin serialises them.
 * Every read past the end throws {@link DecodeError}; nothing is allocated by a length that the data only claims.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes
    this.offset = offset
  }

  /** Bytes left to read. */
  get remaining(): number {
    return this.bytes.length - this.offset
  }

  /** A view (no copy) of the next `length` bytes. */
  readBytes(length: number): Uint8Array {
    const start = this.advance(length)
    if (length === 0) return NOTHING
    // Faster than `subarray`, and no Buffer where the whole is one.
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + start, length)
  }

  readUint8(): number {
    return this.bytes[this.advance(1)]!
  }

  readUint16(): number {
    const at = this.advance(2)
    return this.bytes[at]! | (this.bytes[at + 1]! << 8)
  }

  readUint32(): number {
    return this.readInt32() >>> 0
  }

  readInt32(): number {
    const at = this.advance(4)
    const b = this.bytes
    return b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)
  }

  readUint64(): bigint {
    const low = this.readUint32()
    const high = this.readUint32()
    return high <= MAX_SAFE_HIGH ? BigInt(high * TWO_TO_32 + low) : wideUint64(high, low)
  }

  readInt64(): bigint {
    const low = this.readUint32()
    const high = this.readUint32()
    if (high <= MAX_SAFE_HIGH) return BigInt(high * TWO_TO_32 + low)
    return BigInt.asIntN(64, wideUint64(high, low))
  }

  /** Big-endian, as BitTorrent and network headers have it. */
  readUint32BE(): number {
    const at = this.advance(4)
    const b = this.bytes
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0
  }

  /** Bitcoin's CompactSize, 1 to 9 bytes, shortest form only. @throws {DecodeError} above 2^53 - 1 too. */
  readCompactSize(): number {
    const first = this.readUint8()
    return first < 0xfd ? first : this.readLongCompactSize(first)
  }

  /**
   * A CompactSize count of items that follow, refused when they cannot fit in what is left.
   * @param leastBytesPerItem the shortest serialisation of one item.
   */
  readCount(leastBytesPerItem: number): number {
    const count = this.readCompactSize()
    if (count * leastBytesPerItem > this.remaining)
      throw new DecodeError('count exceeds the data that follows')
    return count
  }

  /** A CompactSize length and that many bytes (a view). */
  readVarBytes(maxLength: number = Number.MAX_SAFE_INTEGER): Uint8Array {
    const length = this.readCompactSize()
    if (length > maxLength) throw new DecodeError(`length ${length} exceeds ${maxLength}`)
    return this.readBytes(length)
  }

  /** @throws {DecodeError} when bytes are left over. */
  expectEnd(): void {
    if (this.remaining !== 0) throw new DecodeError(`${this.remaining} bytes left over`)
  }

  private readLongCompactSize(first: number): number {
    const value =
      first === 0xfd ? this.readUint16() : first === 0xfe ? this.readUint32() : Number(this.readUint64())
    const least = first === 0xfd ? 0xfd : first === 0xfe ? 0x1_0000 : 0x1_0000_0000
    if (value < least) throw new DecodeError('CompactSize is not in its shortest form')
    if (!Number.isSafeInteger(value)) throw new DecodeError('CompactSize is too large')
    return value
  }

  private advance(length: number): number {
    const start = this.offset
    if (length > this.bytes.length - start) throw new DecodeError('unexpected end of data')
    this.offset = start + length
    return start
  }
}

/** Decodes all of `bytes` with `read`. @throws {DecodeError} when bytes are left over. */
export function readAll<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T {
  const reader = new ByteReader(bytes)
  const value = read(reader)
  reader.expectEnd()
  return value
}
