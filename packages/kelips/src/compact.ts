import { decodePointer, encodedPointerLength, encodePointer, type Pointer } from '@onehop/overlay'
import { ProtobufWriter } from '@onehop/primitives'
import { entryLength, type MemberRecord, readEntry, writeEntry } from './member-record.ts'

/** A decoded message's fields are views of it: what is kept must not keep a whole message in memory. */
const TOLERATED_WASTE = 2

/** Whether the bytes may lie within others: then they do not begin where their memory does. To ask for the buffer
 * itself would move small arrays out of V8's heap. */
function isView(bytes: Uint8Array): boolean {
  return bytes.byteOffset > 0
}

/** The pointer in memory of its own. */
export function compactPointer(pointer: Pointer): Pointer {
  if (!isView(pointer.signature)) return pointer
  const wanted = encodedPointerLength(pointer) * TOLERATED_WASTE
  return pointer.signature.buffer.byteLength <= wanted ? pointer : decodePointer(encodePointer(pointer))
}

/** The record in memory of its own. */
export function compactRecord(record: MemberRecord): MemberRecord {
  if (!isView(record.signature)) return record
  const entry = { record, ageMs: 0 }
  if (record.signature.buffer.byteLength <= entryLength(entry) * TOLERATED_WASTE) return record
  const writer = new ProtobufWriter()
  writeEntry(writer, entry)
  return readEntry(writer.toBytes()).record
}
