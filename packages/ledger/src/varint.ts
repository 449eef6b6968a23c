import { type ByteReader, type ByteWriter, DecodeError } from '@onehop/primitives'

const MAX_VARINT = (1n << 64n) - 1n
/** From here on, seven more bits may leave the safe integers. */
const TOO_WIDE = 2 ** 46

/** Appends Bitcoin Core's VARINT (`serialize.h`): base 128, most significant first, one form per number. */
export function writeVarint(writer: ByteWriter, value: number): void {
  if (value > 0x7f) writeLeadingGroups(writer, Math.floor(value / 0x80) - 1)
  writer.writeUint8(value % 0x80)
}

function writeLeadingGroups(writer: ByteWriter, value: number): void {
  if (value > 0x7f) writeLeadingGroups(writer, Math.floor(value / 0x80) - 1)
  writer.writeUint8((value % 0x80) | 0x80)
}

/** Appends a VARINT of up to 64 bits. */
export function writeWideVarint(writer: ByteWriter, value: bigint): void {
  const groups: number[] = []
  for (let rest = value; ; rest = (rest >> 7n) - 1n) {
    groups.push(Number(rest & 0x7fn) | (groups.length > 0 ? 0x80 : 0))
    if (rest <= 0x7fn) break
  }
  for (const group of groups.reverse()) writer.writeUint8(group)
}

/** Reads a VARINT of up to some 53 bits; undefined, and nothing is read, for one that may have more. @throws {DecodeError} */
export function readNarrowVarint(reader: ByteReader): number | undefined {
  const start = reader.offset
  let value = 0
  for (;;) {
    const byte = reader.readUint8()
    value = value * 0x80 + (byte & 0x7f)
    if ((byte & 0x80) === 0) return value
    value += 1
    if (value >= TOO_WIDE) {
      reader.offset = start
      return undefined
    }
  }
}

/** Reads a VARINT. @throws {DecodeError} for one of more than some 53 bits. */
export function readVarint(reader: ByteReader): number {
  const value = readNarrowVarint(reader)
  if (value === undefined) throw new DecodeError('VARINT is too large')
  return value
}

/** Reads a VARINT of up to 64 bits. @throws {DecodeError} above them. */
export function readWideVarint(reader: ByteReader): bigint {
  let value = 0n
  for (;;) {
    const byte = reader.readUint8()
    value = (value << 7n) | BigInt(byte & 0x7f)
    if (value > MAX_VARINT) throw new DecodeError('VARINT exceeds 64 bits')
    if ((byte & 0x80) === 0) return value
    value += 1n
  }
}
