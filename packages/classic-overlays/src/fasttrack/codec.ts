import {
  decodePeerEntry,
  decodePointer,
  encodedPointerLength,
  encodePointer,
  KEY_BYTES,
  type Key,
  MAX_PEER_ID_BYTES,
  MAX_POINTER_BYTES,
  type MessageCodec,
  type PeerEntry,
  type PeerId,
  type Pointer,
  peerEntryFieldLength,
  writePeerEntry,
} from '@onehop/overlay'
import {
  bytesFieldLength,
  DecodeError,
  ProtobufReader,
  ProtobufWriter,
  varintFieldLength,
} from '@onehop/primitives'
import { boundedVarint, hostLength, readHost, writeHost } from './host-entry.ts'
import { MAX_HOSTS, MAX_KEYS, MAX_MESSAGE_BYTES, MAX_POINTERS_PER_MESSAGE, MAX_WANTED } from './limits.ts'
import type { FastTrackMessage, HostEntry } from './messages.ts'

/** All fields of all messages: each has one number, so that one flat protobuf message carries any of them. */
interface Fields {
  readonly request: number
  readonly flags: number
  readonly high: number
  readonly low: number
  readonly ttl: number
  readonly hops: number
  readonly limit: number
  readonly children: number
  readonly room: number
  readonly capacity: number
  readonly keys: readonly Key[]
  readonly provider: PeerId | undefined
  readonly peer: PeerEntry | undefined
  readonly hosts: readonly HostEntry[]
  readonly pointers: readonly Pointer[]
}

const TYPES = [
  'hello',
  'welcome',
  'register',
  'registered',
  'find',
  'found',
  'query',
  'hits',
  'ping',
  'pong',
  'link',
  'linked',
  'invite',
  'invited',
  'check',
  'checked',
  'redirect',
  'bye',
  'push',
  'giv',
  'receipt',
] as const satisfies readonly FastTrackMessage['type'][]

const TYPE_NUMBERS = new Map<string, number>(TYPES.map((type, index) => [type, index + 1]))

/** Numbers, in the order of their fields, which are 2 and on; the type is field 1. */
const NUMBERS = [
  'request',
  'flags',
  'high',
  'low',
  'ttl',
  'hops',
  'limit',
  'children',
  'room',
  'capacity',
] as const
const FIRST_NUMBER = 2
const FIELD = { type: 1, key: 12, provider: 13, peer: 14, host: 15, pointer: 16 } as const

/** Flags: what is said of the one thing that the message is about, and of the one who sends it. */
const YES = 1
const SUPERNODE = 2
const ORPHAN = 4

const UINT32_END = 0x1_0000_0000

const NOTHING: Fields = {
  request: 0,
  flags: 0,
  high: 0,
  low: 0,
  ttl: 0,
  hops: 0,
  limit: 0,
  children: 0,
  room: 0,
  capacity: 0,
  keys: [],
  provider: undefined,
  peer: undefined,
  hosts: [],
  pointers: [],
}

function fieldsOf(message: FastTrackMessage): Fields {
  switch (message.type) {
    case 'hello':
    case 'ping':
    case 'link':
      return { ...NOTHING, ...message, peer: message.sender }
    case 'welcome':
    case 'linked':
    case 'registered':
    case 'invited':
    case 'checked':
      return { ...NOTHING, ...message, flags: message.accepted ? YES : 0 }
    case 'register':
      return { ...NOTHING, ...message, flags: message.moved ? YES : 0 }
    case 'found':
      return {
        ...NOTHING,
        ...message,
        flags: message.last ? YES : 0,
        limit: message.total,
        peer: message.supernode,
      }
    case 'hits':
      return { ...NOTHING, ...message, peer: message.supernode }
    case 'pong': {
      const said = (message.isKnown ? YES : 0) | (message.isOrphan ? ORPHAN : 0)
      const flags = said | (message.isSupernode ? SUPERNODE : 0)
      return { ...NOTHING, ...message, flags, peer: message.sender }
    }
    case 'push':
      return { ...NOTHING, ...message, keys: [message.key], peer: message.sender }
    default:
      return { ...NOTHING, ...message }
  }
}

function encode(message: FastTrackMessage): Uint8Array {
  const fields = fieldsOf(message)
  const writer = new ProtobufWriter()
  writer.varint(FIELD.type, TYPE_NUMBERS.get(message.type)!)
  NUMBERS.forEach((name, index) => {
    writer.varint(FIRST_NUMBER + index, fields[name])
  })
  for (const key of fields.keys) writer.bytes(FIELD.key, key)
  if (fields.provider !== undefined) writer.bytes(FIELD.provider, fields.provider)
  if (fields.peer !== undefined) writePeerEntry(writer, FIELD.peer, fields.peer)
  for (const host of fields.hosts) writer.message(FIELD.host, nested => writeHost(nested, host))
  for (const pointer of fields.pointers) writer.bytes(FIELD.pointer, encodePointer(pointer))
  return writer.toBytes()
}

/** The message that was measured last: one that floods is measured once for all who get it from one supernode. */
let lastMeasured: FastTrackMessage | undefined
let lastLength = 0

function encodedLength(message: FastTrackMessage): number {
  if (message !== lastMeasured) {
    lastLength = measure(message)
    lastMeasured = message
  }
  return lastLength
}

function measure(message: FastTrackMessage): number {
  const fields = fieldsOf(message)
  let length = varintFieldLength(FIELD.type, 1)
  NUMBERS.forEach((name, index) => {
    length += varintFieldLength(FIRST_NUMBER + index, fields[name])
  })
  for (const key of fields.keys) length += bytesFieldLength(FIELD.key, key.length)
  if (fields.provider !== undefined) length += bytesFieldLength(FIELD.provider, fields.provider.length)
  if (fields.peer !== undefined) length += peerEntryFieldLength(FIELD.peer, fields.peer)
  for (const host of fields.hosts) length += bytesFieldLength(FIELD.host, hostLength(host))
  for (const pointer of fields.pointers)
    length += bytesFieldLength(FIELD.pointer, encodedPointerLength(pointer))
  return length
}

type Draft = {
  -readonly [Name in (typeof NUMBERS)[number]]: number
} & {
  type: number
  keys: Key[]
  provider: PeerId | undefined
  peer: PeerEntry | undefined
  hosts: HostEntry[]
  pointers: Pointer[]
}

function oneMore<T>(list: T[], most: number, item: T): void {
  if (list.length === most) throw new DecodeError(`fasttrack: more than ${most} entries`)
  list.push(item)
}

function readField(reader: ProtobufReader, draft: Draft): void {
  const number = NUMBERS[reader.field - FIRST_NUMBER]
  if (number !== undefined) draft[number] = boundedVarint(reader, UINT32_END - 1)
  else if (reader.field === FIELD.type) draft.type = reader.varint()
  else if (reader.field === FIELD.key) oneMore(draft.keys, MAX_KEYS, reader.fixedBytes(KEY_BYTES))
  else if (reader.field === FIELD.provider) draft.provider = reader.bytes(MAX_PEER_ID_BYTES)
  else if (reader.field === FIELD.peer) draft.peer = decodePeerEntry(reader.bytes())
  else if (reader.field === FIELD.host) oneMore(draft.hosts, MAX_HOSTS, readHost(reader.bytes()))
  else if (reader.field === FIELD.pointer)
    oneMore(draft.pointers, MAX_POINTERS_PER_MESSAGE, decodePointer(reader.bytes(MAX_POINTER_BYTES)))
  else reader.skip()
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`fasttrack: ${name} is missing`)
  return value
}

/** @throws {DecodeError} */
function decode(bytes: Uint8Array): FastTrackMessage {
  if (bytes.length > MAX_MESSAGE_BYTES)
    throw new DecodeError(`fasttrack: message exceeds ${MAX_MESSAGE_BYTES} bytes`)
  const reader = new ProtobufReader(bytes)
  const draft: Draft = { ...NOTHING, type: 0, keys: [], hosts: [], pointers: [] }
  while (reader.next()) readField(reader, draft)
  return messageOf(draft)
}

function messageOf(draft: Draft): FastTrackMessage {
  const { request, flags, hosts, pointers, children } = draft
  const type = TYPES[draft.type - 1]
  const isYes = (flags & YES) !== 0
  switch (type) {
    case 'hello':
      return { type, request, sender: required(draft.peer, 'sender'), capacity: draft.capacity }
    case 'ping':
      return { type, request, sender: required(draft.peer, 'sender') }
    case 'link':
      return { type, request, sender: required(draft.peer, 'sender'), children }
    case 'pong':
      return pongOf(draft)
    case 'welcome':
      return { type, request, accepted: isYes, hosts }
    case 'linked':
      return { type, request, accepted: isYes, children, hosts }
    case 'registered':
    case 'invited':
    case 'checked':
      return { type, request, accepted: isYes }
    case 'register':
      return { type, request, moved: isYes, pointers }
    case 'invite':
    case 'giv':
      return { type, request }
    case 'check':
      return { type, request, peer: required(draft.peer, 'peer') }
    case 'redirect':
    case 'bye':
      return { type, hosts }
    case 'receipt':
      return { type, provider: required(draft.provider, 'provider') }
    case 'push':
      return pushOf(draft)
    default:
      return searchOf(draft)
  }
}

function pongOf({ request, flags, children, room, hosts, peer }: Draft): FastTrackMessage {
  return {
    type: 'pong',
    request,
    sender: required(peer, 'sender'),
    isSupernode: (flags & SUPERNODE) !== 0,
    isKnown: (flags & YES) !== 0,
    isOrphan: (flags & ORPHAN) !== 0,
    children,
    room,
    hosts,
  }
}

function pushOf({ request, peer, provider, keys }: Draft): FastTrackMessage {
  return {
    type: 'push',
    request,
    sender: required(peer, 'sender'),
    provider: required(provider, 'provider'),
    key: required(keys[0], 'key'),
  }
}

/** Messages of searches. */
function searchOf(draft: Draft): FastTrackMessage {
  const { request, high, low, ttl, hops, keys, pointers, peer } = draft
  const type = TYPES[draft.type - 1]
  if (type === 'find') return { type, request, keys: someKeys(keys), limit: wanted(draft) }
  if (type === 'query') return { type, high, low, ttl, hops, keys: someKeys(keys), limit: wanted(draft) }
  if (type === 'hits') return { type, high, low, hops, supernode: required(peer, 'supernode'), pointers }
  if (type !== 'found') throw new DecodeError(`fasttrack: message type ${draft.type}`)
  const found = { type, request, hops, pointers, last: (draft.flags & YES) !== 0, total: draft.limit }
  return peer === undefined ? found : { ...found, supernode: peer }
}

function someKeys(keys: readonly Key[]): readonly Key[] {
  required(keys[0], 'key')
  return keys
}

function wanted({ limit }: Draft): number {
  if (limit === 0 || limit > MAX_WANTED) throw new DecodeError(`fasttrack: ${limit} pointers wanted`)
  return limit
}

/** FastTrack messages in the protobuf wire format, hand-written. */
export const fastTrackCodec: MessageCodec<FastTrackMessage> = { encode, decode, encodedLength }
