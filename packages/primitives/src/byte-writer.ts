import { assert } from './assert.ts'

const INITIAL_CAPACITY_BYTES = 256
const TWO_TO_32 = 2 ** 32

/** Length in bytes of a CompactSize: 1, 3, 5 or 9. */
export function compactSizeLength(value: number): number {
  if (value < 0xfd) return 1
  if (value <= 0xffff) return 3
  return value <= 0xffff_ffff ? 5 : 9
}

/** Appends to a growing array. Little-endian integers, as Bitcoin serialises them. */
export class ByteWriter {
  private buffer: Uint8Array
  private used = 0

  constructor(capacityBytes = INITIAL_CAPACITY_BYTES) {
    this.buffer = new Uint8Array(capacityBytes)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.used
  }

  writeBytes(bytes: Uint8Array): this {
    const at = this.grow(bytes.length)
    this.buffer.set(bytes, at)
    return this
  }

  writeUint8(value: number): this {
    const at = this.grow(1)
    this.buffer[at] = value
    return this
  }

  writeUint16(value: number): this {
    const at = this.grow(2)
    this.buffer[at] = value
    this.buffer[at + 1] = value >>> 8
    return this
  }

  writeUint32(value: number): this {
    const at = this.grow(4)
    this.buffer[at] = value
    this.buffer[at + 1] = value >>> 8
    this.buffer[at + 2] = value >>> 16
    this.buffer[at + 3] = value >>> 24
    return this
  }

  writeInt32(value: number): this {
    return this.writeUint32(value)
  }

  writeUint64(value: bigint): this {
    const number = Number(value)
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) return this.writeSafeUint64(number)
    const unsigned = BigInt.asUintN(64, value)
    this.writeUint32(Number(unsigned & 0xffff_ffffn))
    return this.writeUint32(Number(unsigned >> 32n))
  }

  writeInt64(value: bigint): this {
    return this.writeUint64(value)
  }

  /** 64 bits of a number that is no bigint: up to 2^53 − 1. */
  private writeSafeUint64(value: number): this {
    return this.writeUint32(value >>> 0).writeUint32((value / TWO_TO_32) >>> 0)
  }

  /** Big-endian, as BitTorrent and network headers have it. */
  writeUint32BE(value: number): this {
    const at = this.grow(4)
    this.buffer[at] = value >>> 24
    this.buffer[at + 1] = value >>> 16
    this.buffer[at + 2] = value >>> 8
    this.buffer[at + 3] = value
    return this
  }

  /** Bitcoin's CompactSize in its shortest form. */
  writeCompactSize(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'CompactSize takes a non-negative safe integer')
    if (value < 0xfd) return this.writeUint8(value)
    if (value <= 0xffff) return this.writeUint8(0xfd).writeUint16(value)
    if (value <= 0xffff_ffff) return this.writeUint8(0xfe).writeUint32(value)
    return this.writeUint8(0xff).writeSafeUint64(value)
  }

  /** A CompactSize length and the bytes. */
  writeVarBytes(bytes: Uint8Array): this {
    return this.writeCompactSize(bytes.length).writeBytes(bytes)
  }

  /** What was written, to be looked at before the next {@link reset} or write. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.used)
  }

  /** Begins anew in the same memory: what is hashed and forgotten needs none of its own. Not with {@link toBytes}. */
  reset(): this {
    this.used = 0
    return this
  }

  /** What was written; nothing that is written later changes it. */
  toBytes(): Uint8Array {
    // What comes after a full buffer goes to a larger one.
    return this.used === this.buffer.length ? this.buffer : this.buffer.slice(0, this.used)
  }

  private grow(length: number): number {
    const at = this.used
    const needed = at + length
    if (needed > this.buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.buffer.length * 2))
      larger.set(this.buffer.subarray(0, at))
      this.buffer = larger
    }
    this.used = needed
    return at
  }
}
