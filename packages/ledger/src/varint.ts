import { type ByteReader, type ByteWriter, DecodeError } from '@onehop/primitives'

const MAX_VARINT = (1n << 64n) - 1n

/** Appends Bitcoin Core's VARINT (`serialize.h`): base 128, most significant first, one form per number. */
export function writeVarint(writer: ByteWriter, value: bigint): void {
  const groups: number[] = []
  for (let rest = value; ; rest = (rest >> 7n) - 1n) {
    groups.push(Number(rest & 0x7fn) | (groups.length > 0 ? 0x80 : 0))
    if (rest <= 0x7fn) break
  }
  for (const group of groups.reverse()) writer.writeUint8(group)
}

/** @throws {DecodeError} above 64 bits. */
export function readVarint(reader: ByteReader): bigint {
  let value = 0n
  for (;;) {
    const byte = reader.readUint8()
    value = (value << 7n) | BigInt(byte & 0x7f)
    if (value > MAX_VARINT) throw new DecodeError('VARINT exceeds 64 bits')
    if ((byte & 0x80) === 0) return value
    value += 1n
  }
}
