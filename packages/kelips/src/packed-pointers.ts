import {
  KEY_BYTES,
  type Key,
  type PeerId,
  POINTER_VERSION,
  type Pointer,
  type PointerKind,
  SIGNATURE_BYTES,
} from '@onehop/overlay'
import { assert, ByteReader, ByteWriter, equalBytes, utf8Decode, utf8Encode } from '@onehop/primitives'
import {
  addressesEnd,
  idEnd,
  isEd25519Id,
  isWide,
  readAddresses,
  readHighBits,
  readId,
  readRowTime,
  readShort,
  readTime,
  shortEnd,
  writeAddresses,
  writeHighBits,
  writeId,
  writeShort,
  writeTime,
} from './packed-fields.ts'
import { PackedRows } from './packed-rows.ts'
import { isSameIdentity, type PointerStore } from './pointer-store.ts'

const KINDS: readonly PointerKind[] = ['content', 'name', 'word']
const KIND_MASK = 3
const WITHDRAWN = 4
const ED25519 = 8
const HAS_TARGET = 16
const HAS_NAME = 32
const HAS_BYTES = 64
const WIDE = 128
/** The size of the content: 6 bytes and one. */
const SIZE_BYTES = 7

/** Where the fields of fixed length are in a row; signature and provider come behind the key. */
const SEQUENCE_AT = 1
const EXPIRES_AT = 7
const KEY_AT = 11
const PROVIDER_AT = KEY_AT + KEY_BYTES + SIGNATURE_BYTES

function pointerEnd(slab: Uint8Array, start: number): number {
  const flags = slab[start]!
  let end = addressesEnd(slab, idEnd(slab, start + PROVIDER_AT, (flags & ED25519) !== 0))
  if ((flags & HAS_TARGET) !== 0) end = shortEnd(slab, end)
  if ((flags & HAS_NAME) !== 0) end = shortEnd(slab, end)
  if ((flags & HAS_BYTES) !== 0) end += SIZE_BYTES
  return (flags & WIDE) === 0 ? end : end + 1
}

/** Pointers as bytes: some 152 each with one address and no name, decoded when somebody asks. */
export class PackedPointers implements PointerStore {
  private readonly rows = new PackedRows(pointerEnd)

  get byteLength(): number {
    return this.rows.byteLength
  }

  has(slot: number): boolean {
    return this.rows.has(slot)
  }

  at(slot: number): Pointer {
    const reader = new ByteReader(this.rows.at(slot).slice())
    const flags = reader.readUint8()
    const time = readTime(reader)
    const expiresAt = reader.readUint32()
    const key = reader.readBytes(KEY_BYTES)
    const signature = reader.readBytes(SIGNATURE_BYTES)
    const provider = readId(reader, (flags & ED25519) !== 0)
    const addresses = readAddresses(reader)
    const optional = {
      ...((flags & WITHDRAWN) === 0 ? {} : { withdrawn: true as const }),
      ...((flags & HAS_TARGET) === 0 ? {} : { target: readShort(reader) }),
      ...((flags & HAS_NAME) === 0 ? {} : { displayName: utf8Decode(readShort(reader)) }),
      ...((flags & HAS_BYTES) === 0 ? {} : { bytes: readTime(reader) + readHighBits(reader) }),
    }
    const sequence = (flags & WIDE) === 0 ? time : time + readHighBits(reader)
    const kind = KINDS[flags & KIND_MASK]!
    const fixed = { version: POINTER_VERSION, kind, key, provider, addresses, sequence, expiresAt, signature }
    return { ...fixed, ...optional }
  }

  keyAt(slot: number): Key {
    return this.rows.at(slot).subarray(KEY_AT, KEY_AT + KEY_BYTES)
  }

  hasKey(slot: number, key: Key): boolean {
    return equalBytes(this.keyAt(slot), key)
  }

  hasProvider(slot: number, provider: PeerId): boolean {
    const row = this.rows.at(slot)
    const reader = new ByteReader(row, PROVIDER_AT)
    return equalBytes(readId(reader, (row[0]! & ED25519) !== 0), provider)
  }

  isVersionOf(slot: number, pointer: Pointer): boolean {
    return this.hasKey(slot, pointer.key) && isSameIdentity(this.at(slot), pointer)
  }

  sequenceAt(slot: number): number {
    const row = this.rows.at(slot)
    return readRowTime(row, SEQUENCE_AT, (row[0]! & WIDE) !== 0)
  }

  expiresAtAt(slot: number): number {
    return new ByteReader(this.rows.at(slot), EXPIRES_AT).readUint32()
  }

  isWithdrawnAt(slot: number): boolean {
    return (this.rows.at(slot)[0]! & WITHDRAWN) !== 0
  }

  set(slot: number, pointer: Pointer): void {
    assert(pointer.version === POINTER_VERSION, 'a pointer of another version was checked')
    const { kind, key, provider, addresses, sequence, expiresAt, signature } = pointer
    const writer = new ByteWriter()
    writer.writeUint8(KINDS.indexOf(kind) | flagsOf(pointer))
    writeTime(writer, sequence)
    writer.writeUint32(expiresAt).writeBytes(key).writeBytes(signature)
    writeId(writer, provider)
    writeAddresses(writer, addresses)
    if (pointer.target !== undefined) writeShort(writer, pointer.target)
    if (pointer.displayName !== undefined) writeShort(writer, utf8Encode(pointer.displayName))
    if (pointer.bytes !== undefined) writeSize(writer, pointer.bytes)
    if (isWide(sequence)) writeHighBits(writer, sequence)
    this.rows.set(slot, writer.toBytes())
  }

  delete(slot: number): void {
    this.rows.delete(slot)
  }

  clear(): void {
    this.rows.clear()
  }
}

function writeSize(writer: ByteWriter, bytes: number): void {
  writeTime(writer, bytes)
  writeHighBits(writer, bytes)
}

function flagsOf(pointer: Pointer): number {
  return (
    (pointer.withdrawn ? WITHDRAWN : 0) |
    (isEd25519Id(pointer.provider) ? ED25519 : 0) |
    (pointer.target === undefined ? 0 : HAS_TARGET) |
    (pointer.displayName === undefined ? 0 : HAS_NAME) |
    (pointer.bytes === undefined ? 0 : HAS_BYTES) |
    (isWide(pointer.sequence) ? WIDE : 0)
  )
}
