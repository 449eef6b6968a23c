import {
  decodePointer,
  encodedPointerLength,
  encodePointer,
  KEY_BYTES,
  type Key,
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_POINTER_BYTES,
  type MessageCodec,
  type PeerAddress,
  type Pointer,
} from '@onehop/overlay'
import {
  bytesFieldLength,
  DecodeError,
  ProtobufReader,
  ProtobufWriter,
  varintFieldLength,
} from '@onehop/primitives'
import { type Identifier, identifierFromBytes, identifierLength, identifierToBytes } from './identifiers.ts'
import {
  IDENTIFIER_BYTES,
  MAX_ENTRIES_PER_MESSAGE,
  MAX_MESSAGE_BYTES,
  MAX_POINTERS_PER_MESSAGE,
  MAX_ROUTE_HOPS,
  MOST_CHAIN,
} from './limits.ts'
import type { ChordMessage, Why } from './messages.ts'
import { checkedIndex, decodeRingEntry, type RingEntry } from './ring-entry.ts'

/** All fields of all messages: each has one number, so that one flat protobuf message carries any of them. */
interface Fields {
  readonly type: ChordMessage['type']
  readonly request?: number
  readonly why?: Why
  readonly strict?: boolean
  readonly isDone?: boolean
  readonly isMember?: boolean
  readonly isSettled?: boolean
  readonly isSame?: boolean
  readonly more?: boolean
  readonly index?: number
  readonly from?: number
  readonly limit?: number
  readonly known?: number
  readonly digest?: number
  readonly count?: number
  readonly accepted?: number
  readonly skip?: number
  readonly hops?: number
  readonly target?: Identifier
  readonly after?: Identifier
  readonly upTo?: Identifier
  readonly key?: Key
  readonly predecessor?: RingEntry
  readonly successors?: readonly RingEntry[]
  readonly entries?: readonly RingEntry[]
  readonly addresses?: readonly PeerAddress[]
  readonly chain?: readonly Identifier[]
  readonly pointers?: readonly Pointer[]
}

type Draft = { -readonly [Field in keyof Fields]?: Fields[Field] }

const TYPES: readonly ChordMessage['type'][] = [
  'find',
  'found',
  'neighbours',
  'neighbourhood',
  'notify',
  'ping',
  'pong',
  'hint',
  'leaving',
  'store',
  'stored',
  'get',
  'got',
  'compare',
  'compared',
  'pull',
  'share',
  'route',
  'accepted',
  'routed',
]

const WHYS: readonly Why[] = ['lookup', 'publication', 'join', 'maintenance']

const FIELD = {
  type: 1,
  request: 2,
  flags: 3,
  index: 4,
  from: 5,
  limit: 6,
  known: 7,
  digest: 8,
  count: 9,
  accepted: 10,
  skip: 11,
  hops: 12,
  target: 13,
  after: 14,
  upTo: 15,
  key: 16,
  predecessor: 17,
  successor: 18,
  entry: 19,
  address: 20,
  chain: 21,
  pointer: 22,
} as const

/** Plain numbers: written when they are not 0. */
const NUMBERS = [
  'request',
  'index',
  'from',
  'limit',
  'known',
  'digest',
  'count',
  'accepted',
  'skip',
  'hops',
] as const
const POINTS = ['target', 'after', 'upTo'] as const

const WHY_BITS = 3
/** A flag is the message's yes to its own question; `LISTS` says that successors are told, though there be none. */
const YES = 4
const LISTS = 8

function flagsOf(fields: Fields): number {
  const { strict, isDone, isMember, isSettled, isSame, more } = fields
  const isYes = strict || isDone || isMember || isSettled || isSame || more
  const why = fields.why === undefined ? 0 : WHYS.indexOf(fields.why)
  return why | (isYes ? YES : 0) | (fields.successors === undefined ? 0 : LISTS)
}

function encode(message: ChordMessage): Uint8Array {
  const fields: Fields = message
  const writer = new ProtobufWriter()
  writer.varint(FIELD.type, TYPES.indexOf(fields.type) + 1)
  writer.varint(FIELD.flags, flagsOf(fields))
  for (const name of NUMBERS) writer.varint(FIELD[name], fields[name] ?? 0)
  for (const name of POINTS) {
    const point = fields[name]
    if (point !== undefined) writer.bytes(FIELD[name], identifierToBytes(point))
  }
  if (fields.key !== undefined) writer.bytes(FIELD.key, fields.key)
  const { predecessor } = fields
  if (predecessor !== undefined) writer.message(FIELD.predecessor, nested => predecessor.write(nested))
  writeLists(writer, fields)
  return writer.toBytes()
}

function writeLists(writer: ProtobufWriter, fields: Fields): void {
  for (const entry of fields.successors ?? []) writer.message(FIELD.successor, nested => entry.write(nested))
  for (const entry of fields.entries ?? []) writer.message(FIELD.entry, nested => entry.write(nested))
  for (const address of fields.addresses ?? []) writer.bytes(FIELD.address, address)
  for (const point of fields.chain ?? []) writer.bytes(FIELD.chain, identifierToBytes(point))
  for (const pointer of fields.pointers ?? []) writer.bytes(FIELD.pointer, encodePointer(pointer))
}

/** Bytes that a pointer adds to a message. */
export function pointerCost(pointer: Pointer): number {
  return bytesFieldLength(FIELD.pointer, encodedPointerLength(pointer))
}

function encodedLength(message: ChordMessage): number {
  const fields: Fields = message
  let length = varintFieldLength(FIELD.type, 1) + varintFieldLength(FIELD.flags, flagsOf(fields))
  for (const name of NUMBERS) length += varintFieldLength(FIELD[name], fields[name] ?? 0)
  for (const name of POINTS) {
    const point = fields[name]
    if (point !== undefined) length += bytesFieldLength(FIELD[name], identifierLength(point))
  }
  if (fields.key !== undefined) length += bytesFieldLength(FIELD.key, fields.key.length)
  return length + listsLength(fields)
}

function listsLength(fields: Fields): number {
  let length = 0
  if (fields.predecessor) length += bytesFieldLength(FIELD.predecessor, fields.predecessor.encodedLength)
  if (fields.successors)
    for (const entry of fields.successors) length += bytesFieldLength(FIELD.successor, entry.encodedLength)
  if (fields.entries)
    for (const entry of fields.entries) length += bytesFieldLength(FIELD.entry, entry.encodedLength)
  if (fields.addresses)
    for (const address of fields.addresses) length += bytesFieldLength(FIELD.address, address.length)
  if (fields.chain)
    for (const point of fields.chain) length += bytesFieldLength(FIELD.chain, identifierLength(point))
  if (fields.pointers) for (const pointer of fields.pointers) length += pointerCost(pointer)
  return length
}

const NAME_OF_FIELD = new Map<number, string>(Object.entries(FIELD).map(([name, field]) => [field, name]))

interface Read extends Draft {
  flags: number
  successors: RingEntry[]
  entries: RingEntry[]
  addresses: PeerAddress[]
  chain: Identifier[]
  pointers: Pointer[]
}

function push<T>(list: T[], most: number, item: T): void {
  if (list.length >= most) throw new DecodeError('chord: a list is too long')
  list.push(item)
}

function readField(reader: ProtobufReader, draft: Read): void {
  const name = NAME_OF_FIELD.get(reader.field)
  if (name === 'type') draft.type = typeOf(reader.varint())
  else if (name === 'flags') draft.flags = reader.varint()
  else if (name === 'key') draft.key = reader.fixedBytes(KEY_BYTES)
  else if (name === 'predecessor') draft.predecessor = decodeRingEntry(reader.bytes())
  else if ((NUMBERS as readonly string[]).includes(name ?? ''))
    draft[name as (typeof NUMBERS)[number]] = reader.varint()
  else if ((POINTS as readonly string[]).includes(name ?? ''))
    draft[name as (typeof POINTS)[number]] = readPoint(reader)
  else readListed(reader, name, draft)
}

function readListed(reader: ProtobufReader, name: string | undefined, draft: Read): void {
  switch (name) {
    case 'successor':
      push(draft.successors, MAX_ENTRIES_PER_MESSAGE, decodeRingEntry(reader.bytes()))
      break
    case 'entry':
      push(draft.entries, MAX_ENTRIES_PER_MESSAGE, decodeRingEntry(reader.bytes()))
      break
    case 'address':
      push(draft.addresses, MAX_ADDRESSES, reader.bytes(MAX_ADDRESS_BYTES))
      break
    case 'chain':
      push(draft.chain, MOST_CHAIN, readPoint(reader))
      break
    case 'pointer':
      push(draft.pointers, MAX_POINTERS_PER_MESSAGE, decodePointer(reader.bytes(MAX_POINTER_BYTES)))
      break
    default:
      reader.skip()
  }
}

function readPoint(reader: ProtobufReader): Identifier {
  return identifierFromBytes(reader.bytes(IDENTIFIER_BYTES))
}

function typeOf(number: number): ChordMessage['type'] {
  const type = TYPES[number - 1]
  if (type === undefined) throw new DecodeError(`chord: message type ${number}`)
  return type
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new DecodeError('chord: a field is missing')
  return value
}

const LARGEST_NUMBER = 0xffff_ffff

function checkNumbers(draft: Read): void {
  for (const name of NUMBERS)
    if ((draft[name] ?? 0) > LARGEST_NUMBER) throw new DecodeError(`chord: ${name} is too large`)
  checkedIndex(draft.index ?? 0)
  checkedIndex(draft.from ?? 0)
  if ((draft.hops ?? 0) > MAX_ROUTE_HOPS) throw new DecodeError('chord: too many hops')
}

/** @throws {DecodeError} for bytes that are no message. */
function decode(bytes: Uint8Array): ChordMessage {
  if (bytes.length > MAX_MESSAGE_BYTES) throw new DecodeError(`chord: exceeds ${MAX_MESSAGE_BYTES} bytes`)
  const reader = new ProtobufReader(bytes)
  const lists = { successors: [], entries: [], addresses: [], chain: [], pointers: [] }
  const draft: Read = { flags: 0, ...lists }
  while (reader.next()) readField(reader, draft)
  checkNumbers(draft)
  return messageOf(draft)
}

function messageOf(draft: Read): ChordMessage {
  const { entries, addresses, chain, pointers } = draft
  const type = required(draft.type)
  const request = draft.request ?? 0
  const isYes = (draft.flags & YES) !== 0
  const why = WHYS[draft.flags & WHY_BITS]!
  const index = draft.index ?? 0
  const limit = draft.limit ?? 0
  const range = () => ({ after: required(draft.after), upTo: required(draft.upTo) })
  const predecessor = draft.predecessor === undefined ? {} : { predecessor: draft.predecessor }
  switch (type) {
    case 'find':
      return { type, request, why, target: required(draft.target), strict: isYes, limit }
    case 'found':
      return { type, request, why, isDone: isYes, index, entries }
    case 'neighbours':
      return { type, request, index, known: draft.known ?? 0 }
    case 'neighbourhood': {
      const told = (draft.flags & LISTS) === 0 ? {} : { successors: draft.successors }
      return { type, request, isMember: isYes, digest: draft.digest ?? 0, ...predecessor, ...told }
    }
    case 'notify':
      return { type, index, from: draft.from ?? 0, addresses, chain }
    case 'ping':
      return { type, request, index }
    case 'pong':
      return { type, request, isMember: isYes, ...predecessor }
    case 'hint':
      return { type, index, hops: draft.hops ?? 0, entries }
    case 'leaving':
      return { type, index }
    case 'store':
      return { type, request, why, pointers }
    case 'stored':
      return { type, request, why, accepted: draft.accepted ?? 0 }
    case 'get':
      return { type, request, key: required(draft.key), limit }
    case 'got':
      return { type, request, pointers, isSettled: isYes }
    case 'compare':
      return { type, request, why, ...range(), count: draft.count ?? 0, digest: draft.digest ?? 0 }
    case 'compared':
      return { type, request, why, isSame: isYes }
    case 'pull':
      return { type, request, why, ...range(), skip: draft.skip ?? 0 }
    case 'share':
      return { type, request, why, pointers, more: isYes }
    case 'route':
      return { type, request, why, target: required(draft.target), limit, hops: draft.hops ?? 0 }
    case 'accepted':
      return { type, request, why }
    case 'routed':
      return { type, request, why, hops: draft.hops ?? 0, entries }
  }
}

export const chordCodec: MessageCodec<ChordMessage> = { encode, decode, encodedLength }
