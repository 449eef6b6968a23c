import {
  decodePeerEntry,
  decodePointer,
  encodedPointerLength,
  encodePointer,
  KEY_BYTES,
  type Key,
  MAX_PEER_ID_BYTES,
  MAX_POINTER_BYTES,
  MAX_SEARCH_WORDS,
  MAX_WORD_BYTES,
  type MessageCodec,
  MIN_PEER_ID_BYTES,
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
  utf8Encode,
  varintFieldLength,
} from '@onehop/primitives'
import { MAX_MESSAGE_BYTES, MAX_POINTERS_PER_ANSWER, MAX_POINTERS_PER_UPLOAD, MAX_SERVERS } from './limits.ts'
import type { NapsterMessage } from './messages.ts'

/** All fields of all messages: each has one number, so that one flat protobuf message carries any of them. */
interface Fields {
  readonly type: NapsterMessage['type']
  readonly request?: number
  readonly session?: number
  readonly token?: number
  readonly limit?: number
  readonly clients?: number
  readonly silent?: number
  readonly accepted?: boolean
  readonly isKnown?: boolean
  readonly isBusy?: boolean
  readonly isMove?: boolean
  readonly isForwarded?: boolean
  readonly isFromOther?: boolean
  readonly key?: Key
  readonly host?: PeerId
  readonly self?: PeerEntry
  readonly caller?: PeerEntry
  readonly words?: readonly string[]
  readonly refused?: readonly number[]
  readonly servers?: readonly PeerEntry[]
  readonly pointers?: readonly Pointer[]
}

const TYPES = [
  'login',
  'link',
  'where',
  'welcome',
  'upload',
  'held',
  'keepAlive',
  'alive',
  'logout',
  'closing',
  'introduce',
  'find',
  'search',
  'found',
  'ping',
  'pong',
  'call',
] as const

const NUMBERS = ['request', 'session', 'token', 'limit', 'clients', 'silent'] as const
const FLAGS = ['accepted', 'isKnown', 'isBusy', 'isMove', 'isForwarded', 'isFromOther'] as const

const FIRST_NUMBER = 2
const FIELD = {
  type: 1,
  flags: 8,
  key: 9,
  host: 10,
  peer: 11,
  word: 12,
  refused: 13,
  server: 14,
  pointer: 15,
} as const

function flagsOf(fields: Fields): number {
  let flags = 0
  FLAGS.forEach((name, bit) => {
    if (fields[name]) flags |= 1 << bit
  })
  return flags
}

function encode(message: NapsterMessage): Uint8Array {
  const fields: Fields = message
  const writer = new ProtobufWriter()
  writer.varint(FIELD.type, TYPES.indexOf(fields.type) + 1)
  NUMBERS.forEach((name, i) => {
    writer.varint(FIRST_NUMBER + i, fields[name] ?? 0)
  })
  writer.varint(FIELD.flags, flagsOf(fields))
  if (fields.key !== undefined) writer.bytes(FIELD.key, fields.key)
  if (fields.host !== undefined) writer.bytes(FIELD.host, fields.host)
  const peer = fields.self ?? fields.caller
  if (peer !== undefined) writePeerEntry(writer, FIELD.peer, peer)
  for (const word of fields.words ?? []) writer.string(FIELD.word, word)
  for (const position of fields.refused ?? []) writer.varint(FIELD.refused, position + 1)
  for (const server of fields.servers ?? []) writePeerEntry(writer, FIELD.server, server)
  for (const pointer of fields.pointers ?? []) writer.bytes(FIELD.pointer, encodePointer(pointer))
  return writer.toBytes()
}

/** Bytes that a pointer adds to a message. */
export function pointerCost(pointer: Pointer): number {
  return bytesFieldLength(FIELD.pointer, encodedPointerLength(pointer))
}

function encodedLength(message: NapsterMessage): number {
  const fields: Fields = message
  let length = varintFieldLength(FIELD.type, 1) + varintFieldLength(FIELD.flags, flagsOf(fields))
  NUMBERS.forEach((name, i) => {
    length += varintFieldLength(FIRST_NUMBER + i, fields[name] ?? 0)
  })
  if (fields.key !== undefined) length += bytesFieldLength(FIELD.key, fields.key.length)
  if (fields.host !== undefined) length += bytesFieldLength(FIELD.host, fields.host.length)
  const peer = fields.self ?? fields.caller
  if (peer !== undefined) length += peerEntryFieldLength(FIELD.peer, peer)
  return length + listsLength(fields)
}

function listsLength({ words = [], refused = [], servers = [], pointers = [] }: Fields): number {
  let length = 0
  for (const word of words) length += bytesFieldLength(FIELD.word, utf8Encode(word).length)
  for (const position of refused) length += varintFieldLength(FIELD.refused, position + 1)
  for (const server of servers) length += peerEntryFieldLength(FIELD.server, server)
  for (const pointer of pointers) length += pointerCost(pointer)
  return length
}

interface Draft {
  type: number
  readonly numbers: number[]
  flags: number
  key?: Key
  host?: PeerId
  peer?: PeerEntry
  readonly words: string[]
  readonly refused: number[]
  readonly servers: PeerEntry[]
  readonly pointers: Pointer[]
}

/** Adds to a list that has room. @throws {DecodeError} when it has none. */
function push<T>(list: T[], item: T, limit: number, name: string): void {
  if (list.length === limit) throw new DecodeError(`napster: too many ${name}`)
  list.push(item)
}

function readField(reader: ProtobufReader, draft: Draft): void {
  const { field } = reader
  if (field >= FIRST_NUMBER && field < FIRST_NUMBER + NUMBERS.length) {
    draft.numbers[field - FIRST_NUMBER] = reader.varint()
    return
  }
  switch (field) {
    case FIELD.type:
      draft.type = reader.varint()
      break
    case FIELD.flags:
      draft.flags = reader.varint()
      break
    case FIELD.key:
      draft.key = reader.fixedBytes(KEY_BYTES)
      break
    case FIELD.host:
      draft.host = reader.bytes(MAX_PEER_ID_BYTES)
      break
    case FIELD.peer:
      draft.peer = decodePeerEntry(reader.bytes())
      break
    default:
      readListField(reader, draft)
  }
}

function readListField(reader: ProtobufReader, { words, refused, servers, pointers }: Draft): void {
  switch (reader.field) {
    case FIELD.word:
      push(words, reader.string(MAX_WORD_BYTES), MAX_SEARCH_WORDS, 'words')
      break
    case FIELD.refused:
      push(refused, reader.varint() - 1, MAX_POINTERS_PER_UPLOAD, 'refusals')
      break
    case FIELD.server:
      push(servers, decodePeerEntry(reader.bytes()), MAX_SERVERS, 'servers')
      break
    case FIELD.pointer:
      push(pointers, decodePointer(reader.bytes(MAX_POINTER_BYTES)), MAX_POINTERS_PER_ANSWER, 'pointers')
      break
    default:
      reader.skip()
  }
}

/** A field that the message cannot be without. @throws {DecodeError} when it is missing. */
function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`napster: no ${name}`)
  return value
}

function decode(bytes: Uint8Array): NapsterMessage {
  if (bytes.length > MAX_MESSAGE_BYTES) throw new DecodeError(`napster: exceeds ${MAX_MESSAGE_BYTES} bytes`)
  const reader = new ProtobufReader(bytes)
  const draft: Draft = {
    type: 0,
    numbers: NUMBERS.map(() => 0),
    flags: 0,
    words: [],
    refused: [],
    servers: [],
    pointers: [],
  }
  while (reader.next()) readField(reader, draft)
  return messageOf(draft)
}

function messageOf(draft: Draft): NapsterMessage {
  const [request = 0, session = 0, token = 0, limit = 0, clients = 0, silent = 0] = draft.numbers
  const [accepted, isKnown, isBusy, isMove, isForwarded, isFromOther] = FLAGS.map(
    (_, bit) => (draft.flags & (1 << bit)) !== 0,
  ) as [boolean, boolean, boolean, boolean, boolean, boolean]
  const { servers, pointers, words, refused } = draft
  const type = TYPES[draft.type - 1]
  if (type === undefined) throw new DecodeError(`napster: type ${draft.type}`)
  switch (type) {
    case 'login':
    case 'keepAlive':
      return { type, request, session }
    case 'link':
      return { type, request, self: needed(draft.peer, 'peer'), clients }
    case 'where':
      return { type, request }
    case 'welcome':
      return { type, request, accepted, isKnown, clients, servers }
    case 'upload':
      return { type, request, session, isMove, pointers: atMostAnUpload(pointers) }
    case 'held':
      return { type, request, isMove, isKnown, isBusy, refused: checkedPositions(refused) }
    case 'alive':
      return { type, request, isKnown, servers }
    case 'logout':
      return { type, session }
    case 'closing':
    case 'introduce':
      return { type, servers }
    case 'find':
      return { type, request, key: needed(draft.key, 'key'), limit, isForwarded }
    case 'search':
      return { type, request, words, limit, isForwarded }
    case 'found':
      return { type, request, isKnown, silent, isFromOther, pointers }
    case 'ping':
      return { type, request, token }
    case 'pong':
      return { type, request }
    case 'call':
      return { type, token, host: checkedId(draft.host), caller: needed(draft.peer, 'caller') }
  }
}

function atMostAnUpload(pointers: Pointer[]): Pointer[] {
  if (pointers.length > MAX_POINTERS_PER_UPLOAD) throw new DecodeError('napster: too many pointers')
  return pointers
}

function checkedPositions(positions: number[]): number[] {
  if (positions.some(position => position < 0 || position >= MAX_POINTERS_PER_UPLOAD))
    throw new DecodeError('napster: a position outside of the upload')
  return positions
}

function checkedId(id: PeerId | undefined): PeerId {
  const host = needed(id, 'host')
  if (host.length < MIN_PEER_ID_BYTES) throw new DecodeError('napster: no id')
  return host
}

/** Protobuf, one flat message. */
export const napsterCodec: MessageCodec<NapsterMessage> = Object.freeze({ encode, decode, encodedLength })
