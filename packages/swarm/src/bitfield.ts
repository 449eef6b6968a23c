import { DecodeError } from '@onehop/primitives'

/** Which pieces someone has. On the wire the first piece is the highest bit of the first byte (BEP 3). */
export class Bitfield {
  /** Number of pieces. */
  readonly length: number
  private readonly bytes: Uint8Array
  private ones = 0

  constructor(length: number) {
    this.length = length
    this.bytes = new Uint8Array(Math.ceil(length / 8))
  }

  /** @throws {DecodeError} when the number of bytes is wrong or a bit beyond the last piece is set. */
  static parse(bytes: Uint8Array, length: number): Bitfield {
    const field = new Bitfield(length)
    if (bytes.length !== field.bytes.length) throw new DecodeError('bitfield of a wrong length')
    field.bytes.set(bytes)
    const spareBits = field.bytes.length * 8 - length
    if (spareBits > 0 && (field.bytes.at(-1)! & ((1 << spareBits) - 1)) !== 0) {
      throw new DecodeError('bitfield has bits beyond the last piece')
    }
    for (const byte of bytes) field.ones += onesOf(byte)
    return field
  }

  /** All pieces. */
  static full(length: number): Bitfield {
    const field = new Bitfield(length)
    field.bytes.fill(0xff)
    const spareBits = field.bytes.length * 8 - length
    if (spareBits > 0) field.bytes[field.bytes.length - 1] = 0xff & (0xff << spareBits)
    field.ones = length
    return field
  }

  /** Pieces that are there. */
  get count(): number {
    return this.ones
  }

  get isFull(): boolean {
    return this.ones === this.length
  }

  has(piece: number): boolean {
    return ((this.bytes[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0
  }

  /** The pieces that are there, in order. */
  *members(): Generator<number> {
    for (const [at, byte] of this.bytes.entries()) {
      for (let bit = 0; byte !== 0 && bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) yield at * 8 + bit
    }
  }

  /** Returns whether the piece was not there before. */
  set(piece: number): boolean {
    if (piece < 0 || piece >= this.length || this.has(piece)) return false
    this.bytes[piece >> 3]! |= 0x80 >> (piece & 7)
    this.ones++
    return true
  }

  /** Returns whether the piece was there. */
  clear(piece: number): boolean {
    if (!this.has(piece)) return false
    this.bytes[piece >> 3]! &= ~(0x80 >> (piece & 7))
    this.ones--
    return true
  }

  /** A copy of the bytes as they go over the wire. */
  toBytes(): Uint8Array {
    return this.bytes.slice()
  }

  copy(): Bitfield {
    return Bitfield.parse(this.bytes, this.length)
  }
}

function onesOf(byte: number): number {
  let ones = 0
  for (let rest = byte; rest !== 0; rest &= rest - 1) ones++
  return ones
}
