import { SIGNATURE_BYTES } from '@onehop/overlay'
import { ByteReader, ByteWriter } from '@onehop/primitives'
import { type MemberRecord, recordLength } from './member-record.ts'
import {
  addressesEnd,
  idEnd,
  isEd25519Id,
  isWide,
  readAddresses,
  readHighBits,
  readId,
  readRowTime,
  readTime,
  writeAddresses,
  writeHighBits,
  writeId,
  writeTime,
} from './packed-fields.ts'
import { PackedRows } from './packed-rows.ts'
import type { RecordStore } from './record-store.ts'

const LEFT = 1
const ED25519 = 2
const WIDE = 4
const DEPTH_SHIFT = 3
const HEARTBEAT_AT = 1
const ID_AT = HEARTBEAT_AT + 6 + SIGNATURE_BYTES

function recordEnd(slab: Uint8Array, start: number): number {
  const standing = slab[start]!
  const end = addressesEnd(slab, idEnd(slab, start + ID_AT, (standing & ED25519) !== 0))
  return (standing & WIDE) === 0 ? end : end + 1
}

/** Records as bytes: some 117 each with one address, decoded when somebody asks. For a node with memory of its own. */
export class PackedRecords implements RecordStore {
  private readonly rows = new PackedRows(recordEnd)

  get byteLength(): number {
    return this.rows.byteLength
  }

  at(slot: number): MemberRecord {
    const reader = new ByteReader(this.rows.at(slot).slice())
    const standing = reader.readUint8()
    const time = readTime(reader)
    const signature = reader.readBytes(SIGNATURE_BYTES)
    const id = readId(reader, (standing & ED25519) !== 0)
    const addresses = readAddresses(reader)
    const left = (standing & LEFT) !== 0
    const heartbeat = (standing & WIDE) === 0 ? time : time + readHighBits(reader)
    return { id, addresses, heartbeat, depth: standing >>> DEPTH_SHIFT, left, signature }
  }

  heartbeatAt(slot: number): number {
    const row = this.rows.at(slot)
    return readRowTime(row, HEARTBEAT_AT, (row[0]! & WIDE) !== 0)
  }

  depthAt(slot: number): number {
    return this.rows.at(slot)[0]! >>> DEPTH_SHIFT
  }

  hasLeftAt(slot: number): boolean {
    return (this.rows.at(slot)[0]! & LEFT) !== 0
  }

  lengthAt(slot: number): number {
    return recordLength(this.at(slot))
  }

  isFresher(record: MemberRecord, slot: number): boolean {
    return record.heartbeat > this.heartbeatAt(slot)
  }

  set(slot: number, record: MemberRecord): void {
    const { id, addresses, heartbeat, depth, left, signature } = record
    const writer = new ByteWriter()
    const standing = (left ? LEFT : 0) | (isEd25519Id(id) ? ED25519 : 0) | (isWide(heartbeat) ? WIDE : 0)
    writer.writeUint8(standing | (depth << DEPTH_SHIFT))
    writeTime(writer, heartbeat)
    writer.writeBytes(signature)
    writeId(writer, id)
    writeAddresses(writer, addresses)
    if (isWide(heartbeat)) writeHighBits(writer, heartbeat)
    this.rows.set(slot, writer.toBytes())
  }

  delete(slot: number): void {
    this.rows.delete(slot)
  }

  move(from: number, to: number): void {
    this.rows.move(from, to)
  }

  swap(a: number, b: number): void {
    this.rows.swap(a, b)
  }

  reserve(): void {}

  truncate(size: number): void {
    if (size === 0) this.rows.clear()
  }
}
