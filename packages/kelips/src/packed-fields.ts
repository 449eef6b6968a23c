import type { PeerAddress, PeerId } from '@onehop/overlay'
import { ByteReader, type ByteWriter } from '@onehop/primitives'

/** What an Ed25519 key's peer id begins with: an identity multihash of a protobuf with the key (libp2p peer-ids spec). */
const ED25519_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
const ED25519_ID_BYTES = 38
const TWO_TO_32 = 2 ** 32
const TWO_TO_48 = 2 ** 48

/** Whether the id is a key and nothing that does not go without saying. */
export function isEd25519Id(id: PeerId): boolean {
  return id.length === ED25519_ID_BYTES && ED25519_PREFIX.every((byte, i) => id[i] === byte)
}

export function writeId(writer: ByteWriter, id: PeerId): void {
  if (isEd25519Id(id)) writer.writeBytes(id.subarray(ED25519_PREFIX.length))
  else writeShort(writer, id)
}

export function readId(reader: ByteReader, isEd25519: boolean): PeerId {
  if (!isEd25519) return readShort(reader)
  const id = new Uint8Array(ED25519_ID_BYTES)
  id.set(ED25519_PREFIX)
  id.set(reader.readBytes(ED25519_ID_BYTES - ED25519_PREFIX.length), ED25519_PREFIX.length)
  return id
}

/** At most 255 bytes, with their length in one. */
export function writeShort(writer: ByteWriter, bytes: Uint8Array): void {
  writer.writeUint8(bytes.length).writeBytes(bytes)
}

export function readShort(reader: ByteReader): Uint8Array {
  return reader.readBytes(reader.readUint8())
}

export function writeAddresses(writer: ByteWriter, addresses: readonly PeerAddress[]): void {
  writer.writeUint8(addresses.length)
  for (const address of addresses) writeShort(writer, address)
}

export function readAddresses(reader: ByteReader): PeerAddress[] {
  return Array.from({ length: reader.readUint8() }, () => readShort(reader))
}

/** Whether an integer does not fit in 6 bytes: times in ms do for nine thousand years. */
export function isWide(value: number): boolean {
  return value >= TWO_TO_48
}

/** The last 48 bits of an integer in 6 bytes. */
export function writeTime(writer: ByteWriter, value: number): void {
  writer.writeUint32(value >>> 0).writeUint16((value / TWO_TO_32) & 0xffff)
}

export function readTime(reader: ByteReader): number {
  return reader.readUint32() + reader.readUint16() * TWO_TO_32
}

/** What 6 bytes leave of a wide integer: one byte. */
export function writeHighBits(writer: ByteWriter, value: number): void {
  writer.writeUint8(Math.floor(value / TWO_TO_48))
}

export function readHighBits(reader: ByteReader): number {
  return reader.readUint8() * TWO_TO_48
}

/** The integer of a row whose 6 bytes are here; what they leave of a wide one is the row's last byte. */
export function readRowTime(row: Uint8Array, at: number, isWide: boolean): number {
  const time = readTime(new ByteReader(row, at))
  return isWide ? time + readHighBits(new ByteReader(row, row.length - 1)) : time
}

/** The end of an id that begins here. */
export function idEnd(bytes: Uint8Array, at: number, isEd25519: boolean): number {
  return isEd25519 ? at + ED25519_ID_BYTES - ED25519_PREFIX.length : shortEnd(bytes, at)
}

/** The end of a field of at most 255 bytes that begins here with its length. */
export function shortEnd(bytes: Uint8Array, at: number): number {
  return at + 1 + bytes[at]!
}

export function addressesEnd(bytes: Uint8Array, at: number): number {
  let end = at + 1
  for (let left = bytes[at]!; left > 0; left--) end = shortEnd(bytes, end)
  return end
}
