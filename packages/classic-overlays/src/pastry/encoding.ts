import {
  encodedPointerLength,
  encodePointer,
  type Key,
  type PeerEntry,
  type Pointer,
  peerEntryFieldLength,
  writePeerEntry,
} from '@onehop/overlay'
import { bytesFieldLength, ProtobufWriter, varintFieldLength } from '@onehop/primitives'
import type { Errand, PastryMessage } from './messages.ts'
import { ERRANDS, FIELD, FLAG, TYPES } from './wire-fields.ts'

/** All fields of all messages: each has one number, so that one flat protobuf message carries any of them. */
interface Fields {
  readonly type: PastryMessage['type']
  readonly request?: number
  readonly errand?: Errand
  readonly hops?: number
  readonly detours?: number
  readonly attempt?: number
  readonly number?: number
  readonly limit?: number
  readonly row?: number
  readonly skip?: number
  readonly held?: number
  readonly joining?: boolean
  readonly more?: boolean
  readonly moves?: boolean
  readonly wanted?: boolean
  readonly brief?: boolean
  readonly key?: Key
  readonly id?: Uint8Array
  readonly payload?: Uint8Array
  readonly sender?: PeerEntry
  readonly origin?: PeerEntry
  readonly members?: readonly PeerEntry[]
  readonly pointers?: readonly Pointer[]
}

function flagsOf(fields: Fields): number {
  return (
    (fields.joining ? FLAG.joining : 0) |
    (fields.more ? FLAG.more : 0) |
    (fields.moves ? FLAG.moves : 0) |
    (fields.wanted ? FLAG.wanted : 0) |
    (fields.brief ? FLAG.brief : 0)
  )
}

/** The number fields of a message in the order of their numbers, as both the writer and the measurer go through them. */
function eachNumber(fields: Fields, visit: (field: number, value: number) => void): void {
  visit(FIELD.type, TYPES.indexOf(fields.type) + 1)
  visit(FIELD.request, fields.request ?? 0)
  if (fields.errand !== undefined) visit(FIELD.errand, ERRANDS.indexOf(fields.errand) + 1)
  visit(FIELD.hops, fields.hops ?? 0)
  visit(FIELD.flags, flagsOf(fields))
  visit(FIELD.number, fields.number ?? 0)
  visit(FIELD.limit, fields.limit ?? 0)
  visit(FIELD.detours, fields.detours ?? 0)
  visit(FIELD.attempt, fields.attempt ?? 0)
  visit(FIELD.row, fields.row ?? 0)
  visit(FIELD.skip, fields.skip ?? 0)
  visit(FIELD.held, fields.held ?? 0)
}

/** Protobuf, one flat message. */
export function encode(message: PastryMessage): Uint8Array {
  const fields: Fields = message
  const writer = new ProtobufWriter()
  eachNumber(fields, (field, value) => writer.varint(field, value))
  const peer = fields.sender ?? fields.origin
  if (peer !== undefined) writePeerEntry(writer, FIELD.peer, peer)
  for (const member of fields.members ?? []) writePeerEntry(writer, FIELD.member, member)
  for (const pointer of fields.pointers ?? []) writer.bytes(FIELD.pointer, encodePointer(pointer))
  if (fields.key !== undefined) writer.bytes(FIELD.key, fields.key)
  if (fields.id !== undefined) writer.bytes(FIELD.id, fields.id)
  if (fields.payload !== undefined) writer.bytes(FIELD.payload, fields.payload)
  return writer.toBytes()
}

let measured = 0
const measureNumber = (field: number, value: number) => {
  measured += varintFieldLength(field, value)
}

/** Length of {@link encode}'s result, without encoding. */
export function encodedLength(message: PastryMessage): number {
  const fields: Fields = message
  measured = 0
  eachNumber(fields, measureNumber)
  let length = measured
  const peer = fields.sender ?? fields.origin
  if (peer !== undefined) length += peerEntryFieldLength(FIELD.peer, peer)
  if (fields.members !== undefined)
    for (const member of fields.members) length += peerEntryFieldLength(FIELD.member, member)
  if (fields.pointers !== undefined)
    for (const pointer of fields.pointers)
      length += bytesFieldLength(FIELD.pointer, encodedPointerLength(pointer))
  if (fields.key !== undefined) length += bytesFieldLength(FIELD.key, fields.key.length)
  if (fields.id !== undefined) length += bytesFieldLength(FIELD.id, fields.id.length)
  if (fields.payload !== undefined) length += bytesFieldLength(FIELD.payload, fields.payload.length)
  return length
}

/** Bytes that one peer in the tables takes as a message would carry it. */
export function entryBytes(entry: PeerEntry): number {
  return peerEntryFieldLength(FIELD.member, entry)
}
