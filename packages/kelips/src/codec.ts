import {
  decodePointer,
  encodedPointerLength,
  encodePointer,
  KEY_BYTES,
  type Key,
  MAX_PEER_ID_BYTES,
  MAX_POINTER_BYTES,
  type MessageCodec,
  type PeerId,
  type Pointer,
} from '@onehop/overlay'
import {
  bytesFieldLength,
  DecodeError,
  ProtobufReader,
  ProtobufWriter,
  varintFieldLength,
} from '@onehop/primitives'
import { MAX_MEMBERS_PER_MESSAGE, MAX_MESSAGE_BYTES, MAX_POINTERS_PER_MESSAGE } from './limits.ts'
import { ageLength, entryLength, type MemberEntry, readEntry, writeEntry } from './member-record.ts'
import type { Gossip, KelipsMessage, Pull, Share } from './messages.ts'
import type { Census } from './population.ts'

/** All fields of all messages: each has one number, so that one flat protobuf message carries any of them. */
interface Fields {
  readonly type: KelipsMessage['type']
  readonly request?: number
  readonly groups?: number
  readonly wantsReply?: boolean
  readonly more?: boolean
  readonly settled?: boolean
  readonly filetuples?: boolean
  readonly busy?: boolean
  readonly skip?: number
  readonly census?: Census
  readonly limit?: number
  readonly low?: number
  readonly high?: number
  readonly key?: Key
  readonly target?: PeerId
  readonly sender?: MemberEntry
  readonly members?: readonly MemberEntry[]
  readonly pointers?: readonly Pointer[]
}

const TYPES = [
  'gossip',
  'pull',
  'share',
  'store',
  'stored',
  'find',
  'found',
  'ping',
  'pong',
  'locate',
  'news',
] as const

const FIELD = {
  type: 1,
  request: 2,
  groups: 3,
  flags: 4,
  limit: 5,
  low: 6,
  high: 7,
  key: 8,
  target: 9,
  sender: 10,
  member: 11,
  pointer: 12,
  skip: 13,
  nodes: 14,
  files: 15,
} as const

const WANTS_REPLY = 1
const MORE = 2
const SETTLED = 4
const FILETUPLES = 8
const BUSY = 16

function flagsOf(fields: Fields): number {
  return (
    (fields.wantsReply ? WANTS_REPLY : 0) |
    (fields.more ? MORE : 0) |
    (fields.settled ? SETTLED : 0) |
    (fields.filetuples ? FILETUPLES : 0) |
    (fields.busy ? BUSY : 0)
  )
}

function writeCensus(writer: ProtobufWriter, { nodes, files }: Census): void {
  writer.varint(FIELD.nodes, nodes).varint(FIELD.files, files)
}

/** Bytes that a statement of how large the network is adds to a message. */
function censusLength(census: Census | undefined): number {
  if (census === undefined) return 0
  return varintFieldLength(FIELD.nodes, census.nodes) + varintFieldLength(FIELD.files, census.files)
}

function encode(message: KelipsMessage): Uint8Array {
  const fields: Fields = message
  const writer = new ProtobufWriter()
  writer.varint(FIELD.type, TYPES.indexOf(fields.type) + 1)
  writer.varint(FIELD.request, fields.request ?? 0)
  writer.varint(FIELD.groups, fields.groups ?? 0)
  writer.varint(FIELD.flags, flagsOf(fields))
  writer.varint(FIELD.limit, fields.limit ?? 0)
  writer.varint(FIELD.low, fields.low ?? 0)
  writer.varint(FIELD.high, fields.high ?? 0)
  writer.varint(FIELD.skip, fields.skip ?? 0)
  if (fields.census !== undefined) writeCensus(writer, fields.census)
  if (fields.key !== undefined) writer.bytes(FIELD.key, fields.key)
  if (fields.target !== undefined) writer.bytes(FIELD.target, fields.target)
  const { sender } = fields
  if (sender !== undefined) writer.message(FIELD.sender, nested => writeEntry(nested, sender))
  for (const member of fields.members ?? [])
    writer.message(FIELD.member, nested => writeEntry(nested, member))
  for (const pointer of fields.pointers ?? []) writer.bytes(FIELD.pointer, encodePointer(pointer))
  return writer.toBytes()
}

/** Bytes that a member entry adds to a message. */
export function memberCost(entry: MemberEntry): number {
  return bytesFieldLength(FIELD.member, entryLength(entry))
}

/** The same for a record of so many bytes. */
export function memberCostOf(recordBytes: number, ageMs: number): number {
  return bytesFieldLength(FIELD.member, recordBytes + ageLength(ageMs))
}

/** Bytes that a pointer adds to a message. */
export function pointerCost(pointer: Pointer): number {
  return bytesFieldLength(FIELD.pointer, encodedPointerLength(pointer))
}

/** The message that was measured last: who sends one asks what it costs, and the network asks again. */
let lastMeasured: KelipsMessage | undefined
let lastLength = 0

function encodedLength(message: KelipsMessage): number {
  if (message !== lastMeasured) {
    lastLength = measure(message)
    lastMeasured = message
  }
  return lastLength
}

/** Whoever has put a message together out of parts that it measured knows its length already. */
export function noteLength(message: KelipsMessage, length: number): void {
  lastMeasured = message
  lastLength = length
}

function measure(message: KelipsMessage): number {
  const fields: Fields = message
  let length =
    varintFieldLength(FIELD.type, 1) +
    varintFieldLength(FIELD.request, fields.request ?? 0) +
    varintFieldLength(FIELD.groups, fields.groups ?? 0) +
    varintFieldLength(FIELD.flags, flagsOf(fields)) +
    varintFieldLength(FIELD.limit, fields.limit ?? 0) +
    varintFieldLength(FIELD.low, fields.low ?? 0) +
    varintFieldLength(FIELD.high, fields.high ?? 0) +
    varintFieldLength(FIELD.skip, fields.skip ?? 0) +
    censusLength(fields.census)
  if (fields.key !== undefined) length += bytesFieldLength(FIELD.key, fields.key.length)
  if (fields.target !== undefined) length += bytesFieldLength(FIELD.target, fields.target.length)
  if (fields.sender !== undefined) length += bytesFieldLength(FIELD.sender, entryLength(fields.sender))
  if (fields.members !== undefined) for (const member of fields.members) length += memberCost(member)
  if (fields.pointers !== undefined) for (const pointer of fields.pointers) length += pointerCost(pointer)
  return length
}

interface Draft {
  type: number
  request: number
  groups: number
  flags: number
  limit: number
  low: number
  high: number
  skip: number
  nodes: number
  files: number
  key?: Key
  target?: PeerId
  sender?: MemberEntry
  members: MemberEntry[]
  pointers: Pointer[]
}

function readField(reader: ProtobufReader, draft: Draft): void {
  switch (reader.field) {
    case FIELD.type:
      draft.type = reader.varint()
      break
    case FIELD.request:
      draft.request = reader.varint()
      break
    case FIELD.groups:
      draft.groups = reader.varint()
      break
    case FIELD.flags:
      draft.flags = reader.varint()
      break
    case FIELD.limit:
      draft.limit = reader.varint()
      break
    case FIELD.low:
      draft.low = hash(reader.varint())
      break
    case FIELD.high:
      draft.high = hash(reader.varint())
      break
    case FIELD.skip:
      draft.skip = reader.varint()
      break
    case FIELD.nodes:
      draft.nodes = reader.varint()
      break
    case FIELD.files:
      draft.files = reader.varint()
      break
    default:
      readLongField(reader, draft)
  }
}

function readLongField(reader: ProtobufReader, draft: Draft): void {
  switch (reader.field) {
    case FIELD.key:
      draft.key = reader.fixedBytes(KEY_BYTES)
      break
    case FIELD.target:
      draft.target = reader.bytes(MAX_PEER_ID_BYTES)
      break
    case FIELD.sender:
      draft.sender = readEntry(reader.bytes())
      break
    case FIELD.member:
      if (draft.members.length === MAX_MEMBERS_PER_MESSAGE) throw new DecodeError('kelips: too many members')
      draft.members.push(readEntry(reader.bytes()))
      break
    case FIELD.pointer:
      if (draft.pointers.length === MAX_POINTERS_PER_MESSAGE)
        throw new DecodeError('kelips: too many pointers')
      draft.pointers.push(decodePointer(reader.bytes(MAX_POINTER_BYTES)))
      break
    default:
      reader.skip()
  }
}

function hash(value: number): number {
  if (value > 0xffff_ffff) throw new DecodeError('kelips: a hash has 32 bits')
  return value
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`kelips: ${name} is missing`)
  return value
}

/** @throws {DecodeError} */
function decode(bytes: Uint8Array): KelipsMessage {
  if (bytes.length > MAX_MESSAGE_BYTES)
    throw new DecodeError(`kelips: message exceeds ${MAX_MESSAGE_BYTES} bytes`)
  const reader = new ProtobufReader(bytes)
  const draft: Draft = {
    type: 0,
    request: 0,
    groups: 0,
    flags: 0,
    limit: 0,
    low: 0,
    high: 0,
    skip: 0,
    nodes: 0,
    files: 0,
    members: [],
    pointers: [],
  }
  while (reader.next()) readField(reader, draft)
  return messageOf(draft)
}

function gossipOf(draft: Draft): Gossip {
  const { groups, members, pointers, flags } = draft
  const wantsReply = (flags & WANTS_REPLY) !== 0
  const sender = required(draft.sender, 'sender')
  return { type: 'gossip', groups, sender, wantsReply, ...censusOf(draft), members, pointers }
}

function pullOf(draft: Draft): Pull {
  const { request, groups, limit, skip, low, high, flags, key } = draft
  const sender = required(draft.sender, 'sender')
  const filetuples = (flags & FILETUPLES) !== 0
  const pull = { type: 'pull' as const, request, groups, sender, limit, skip, filetuples, low, high }
  return key === undefined ? pull : { ...pull, key }
}

function shareOf(draft: Draft): Share {
  const { request, groups, members, skip, pointers, flags } = draft
  return {
    type: 'share',
    request,
    groups,
    sender: required(draft.sender, 'sender'),
    ...censusOf(draft),
    members,
    skip,
    pointers,
    more: (flags & MORE) !== 0,
    settled: (flags & SETTLED) !== 0,
    busy: (flags & BUSY) !== 0,
  }
}

/** Nothing is stated where the number of nodes is 0. */
function censusOf({ nodes, files }: Draft): { census?: Census } {
  return nodes === 0 ? {} : { census: { nodes, files } }
}

function messageOf(draft: Draft): KelipsMessage {
  const { request, limit, members, pointers, flags } = draft
  const type = TYPES[draft.type - 1]
  switch (type) {
    case 'gossip':
      return gossipOf(draft)
    case 'news':
      return { type, groups: draft.groups, pointers }
    case 'pull':
      return pullOf(draft)
    case 'share':
      return shareOf(draft)
    case 'store':
      return { type, request, pointers }
    case 'stored':
      return { type, request, limit, members }
    case 'find':
      return { type, request, key: required(draft.key, 'key'), limit }
    case 'found':
      return { type, request, pointers, members, settled: (flags & SETTLED) !== 0 }
    case 'ping':
      return draft.target === undefined ? { type, request } : { type, request, target: draft.target }
    case 'locate':
      return { type, request, target: required(draft.target, 'target') }
    case 'pong':
      return { type, request, sender: required(draft.sender, 'sender') }
    default:
      throw new DecodeError(`kelips: message type ${draft.type}`)
  }
}

/** Kelips messages in the protobuf wire format, hand-written. */
export const kelipsCodec: MessageCodec<KelipsMessage> = { encode, decode, encodedLength }
