import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { utf8Decode, utf8Encode } from './utf8.ts'
import { DecodeError } from './verdict.ts'

/** Protocol Buffers wire types; groups are refused, as everywhere today. */
const WIRE_VARINT = 0
const WIRE_FIXED64 = 1
const WIRE_BYTES = 2
const WIRE_FIXED32 = 5

const HIGH_PART = 0x1000_0000

/** Length in bytes of a varint of a safe integer, 1 to 8. */
function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  return length
}

/** Length of a varint field with its tag; 0 for the default value 0, which is not written. */
export function varintFieldLength(field: number, value: number): number {
  return value === 0 ? 0 : varintLength(field * 8) + varintLength(value)
}

/** Length of a bytes, string or message field of `length` bytes with its tag and length prefix. */
export function bytesFieldLength(field: number, length: number): number {
  return varintLength(field * 8) + varintLength(length) + length
}

/** Writes the Protocol Buffers wire format. Fields in the order of the calls; use ascending numbers. */
export class ProtobufWriter {
  private readonly out = new ByteWriter()

  /** An unsigned safe integer; 0 is the default and takes no bytes. */
  varint(field: number, value: number): this {
    if (value === 0) return this
    this.tag(field, WIRE_VARINT)
    this.rawVarint(value)
    return this
  }

  /** Always written, even when empty. */
  bytes(field: number, value: Uint8Array): this {
    this.tag(field, WIRE_BYTES)
    this.rawVarint(value.length)
    this.out.writeBytes(value)
    return this
  }

  /** Always written, even when empty. */
  string(field: number, value: string): this {
    return this.bytes(field, utf8Encode(value))
  }

  /** A nested message. */
  message(field: number, write: (writer: ProtobufWriter) => void): this {
    const nested = new ProtobufWriter()
    write(nested)
    return this.bytes(field, nested.toBytes())
  }

  toBytes(): Uint8Array {
    return this.out.toBytes()
  }

  private tag(field: number, wireType: number): void {
    this.rawVarint(field * 8 + wireType)
  }

  private rawVarint(value: number): void {
    let rest = value
    while (rest >= HIGH_PART) {
      this.out.writeUint8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    while (rest >= 0x80) {
      this.out.writeUint8((rest & 0x7f) | 0x80)
      rest >>>= 7
    }
    this.out.writeUint8(rest)
  }
}

/**
 * Reads the Protocol Buffers wire format:
 * `while (reader.next()) switch (reader.field) { case 1: … = reader.bytes(); break; default: reader.skip() }`.
 * All methods throw {@link DecodeError} on malformed bytes or a field of another wire type.
 */
export class ProtobufReader {
  /** Number of the field that {@link next} found. */
  field = 0
  private wireType = 0
  private readonly input: ByteReader

  constructor(bytes: Uint8Array) {
    this.input = new ByteReader(bytes)
  }

  /** Moves to the next field; false at the end. */
  next(): boolean {
    if (this.input.remaining === 0) return false
    const tag = this.rawVarint()
    this.field = Math.floor(tag / 8)
    this.wireType = tag % 8
    if (this.field === 0) throw new DecodeError('protobuf: field number 0')
    return true
  }

  /** An unsigned integer up to 2^53 − 1. */
  varint(): number {
    this.expect(WIRE_VARINT)
    return this.rawVarint()
  }

  /** A view of the field's bytes. */
  bytes(maxLength = Number.MAX_SAFE_INTEGER): Uint8Array {
    this.expect(WIRE_BYTES)
    const length = this.rawVarint()
    if (length > maxLength) throw new DecodeError(`protobuf: field ${this.field} exceeds ${maxLength} bytes`)
    return this.input.readBytes(length)
  }

  /** The field's bytes, of exactly this length. */
  fixedBytes(length: number): Uint8Array {
    const value = this.bytes(length)
    if (value.length !== length)
      throw new DecodeError(`protobuf: field ${this.field} must have ${length} bytes`)
    return value
  }

  /** A UTF-8 string of at most `maxLengthBytes`. */
  string(maxLengthBytes = Number.MAX_SAFE_INTEGER): string {
    return utf8Decode(this.bytes(maxLengthBytes))
  }

  /** Passes over a field that this version does not know. */
  skip(): void {
    switch (this.wireType) {
      case WIRE_VARINT:
        this.rawVarint()
        break
      case WIRE_FIXED64:
        this.input.readBytes(8)
        break
      case WIRE_BYTES:
        this.input.readBytes(this.rawVarint())
        break
      case WIRE_FIXED32:
        this.input.readBytes(4)
        break
      default:
        throw new DecodeError(`protobuf: wire type ${this.wireType}`)
    }
  }

  private expect(wireType: number): void {
    if (this.wireType !== wireType) throw new DecodeError(`protobuf: field ${this.field} has another type`)
  }

  private rawVarint(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.input.readUint8()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break
        return value
      }
      scale *= 0x80
    }
    throw new DecodeError('protobuf: integer exceeds 2^53 - 1')
  }
}
