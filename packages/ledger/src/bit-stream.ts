import { ByteWriter, DecodeError } from '@onehop/primitives'

/** Appends bits, the highest of a byte first. */
export class BitWriter {
  private readonly bytes = new ByteWriter()
  private current = 0
  private free = 8

  /** @param count lowest bits of the value that are written, up to 32. */
  write(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      this.free--
      this.current |= ((value >>> bit) & 1) << this.free
      if (this.free === 0) this.flush()
    }
  }

  /** What was written, the last byte filled with zeros. */
  toBytes(): Uint8Array {
    if (this.free < 8) this.flush()
    return this.bytes.toBytes()
  }

  private flush(): void {
    this.bytes.writeUint8(this.current)
    this.current = 0
    this.free = 8
  }
}

/** Reads bits, the highest of a byte first. */
export class BitReader {
  private readonly bytes: Uint8Array
  private next = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Bytes of which no bit was read. */
  get unreadBytes(): number {
    return this.bytes.length - Math.ceil(this.next / 8)
  }

  /** An unsigned integer of up to 32 bits. @throws {DecodeError} past the end. */
  read(count: number): number {
    if (this.next + count > this.bytes.length * 8) throw new DecodeError('unexpected end of bits')
    let value = 0
    for (let i = 0; i < count; i++, this.next++)
      value = (value << 1) | ((this.bytes[this.next >> 3]! >> (7 - (this.next & 7))) & 1)
    return value >>> 0
  }
}
