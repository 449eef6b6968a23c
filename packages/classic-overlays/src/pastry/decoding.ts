import {
  decodePeerEntry,
  decodePointer,
  KEY_BYTES,
  type Key,
  MAX_POINTER_BYTES,
  type PeerEntry,
  type Pointer,
} from '@onehop/overlay'
import { DecodeError, equalBytes, ProtobufReader } from '@onehop/primitives'
import {
  MAX_MEMBERS_PER_MESSAGE,
  MAX_MESSAGE_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_POINTERS_PER_ANSWER,
  MAX_ROUTE_HOPS,
  MULTICAST_ID_BYTES,
} from './limits.ts'
import type { Errand, PastryMessage, Route } from './messages.ts'
import { ERRANDS, FIELD, FLAG, TYPES } from './wire-fields.ts'

interface Draft {
  type: number
  request: number
  errand: number
  hops: number
  flags: number
  number: number
  limit: number
  detours: number
  attempt: number
  row: number
  skip: number
  held: number
  peer?: PeerEntry
  key?: Key
  id?: Uint8Array
  payload?: Uint8Array
  members: PeerEntry[]
  pointers: Pointer[]
}

const NUMBER_FIELDS: readonly (readonly [number, keyof Draft & NumberField])[] = [
  [FIELD.type, 'type'],
  [FIELD.request, 'request'],
  [FIELD.errand, 'errand'],
  [FIELD.hops, 'hops'],
  [FIELD.flags, 'flags'],
  [FIELD.number, 'number'],
  [FIELD.limit, 'limit'],
  [FIELD.detours, 'detours'],
  [FIELD.attempt, 'attempt'],
  [FIELD.row, 'row'],
  [FIELD.skip, 'skip'],
  [FIELD.held, 'held'],
]
type NumberField =
  | 'type'
  | 'request'
  | 'errand'
  | 'hops'
  | 'flags'
  | 'number'
  | 'limit'
  | 'detours'
  | 'attempt'
  | 'row'
  | 'skip'
  | 'held'
const NUMBER_FIELD_NAMES = new Map<number, NumberField>(NUMBER_FIELDS)

function readField(reader: ProtobufReader, draft: Draft): void {
  const name = NUMBER_FIELD_NAMES.get(reader.field)
  if (name !== undefined) {
    draft[name] = reader.varint()
    return
  }
  switch (reader.field) {
    case FIELD.peer:
      draft.peer = decodePeerEntry(reader.bytes())
      break
    case FIELD.member:
      if (draft.members.length === MAX_MEMBERS_PER_MESSAGE) throw new DecodeError('pastry: too many members')
      draft.members.push(decodePeerEntry(reader.bytes()))
      break
    case FIELD.pointer:
      if (draft.pointers.length === MAX_POINTERS_PER_ANSWER)
        throw new DecodeError('pastry: too many pointers')
      draft.pointers.push(decodePointer(reader.bytes(MAX_POINTER_BYTES)))
      break
    case FIELD.key:
      draft.key = reader.fixedBytes(KEY_BYTES)
      break
    case FIELD.id:
      draft.id = reader.fixedBytes(MULTICAST_ID_BYTES)
      break
    case FIELD.payload:
      draft.payload = reader.bytes(MAX_PAYLOAD_BYTES)
      break
    default:
      reader.skip()
  }
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new DecodeError(`pastry: ${name} is missing`)
  return value
}

/** @throws {DecodeError} for bytes that are no message. */
export function decode(bytes: Uint8Array): PastryMessage {
  if (bytes.length > MAX_MESSAGE_BYTES)
    throw new DecodeError(`pastry: message exceeds ${MAX_MESSAGE_BYTES} bytes`)
  const reader = new ProtobufReader(bytes)
  const draft: Draft = {
    type: 0,
    request: 0,
    errand: 0,
    hops: 0,
    flags: 0,
    number: 0,
    limit: 0,
    detours: 0,
    attempt: 0,
    row: 0,
    skip: 0,
    held: 0,
    members: [],
    pointers: [],
  }
  while (reader.next()) readField(reader, draft)
  if (draft.hops > MAX_ROUTE_HOPS) throw new DecodeError(`pastry: more than ${MAX_ROUTE_HOPS} hops`)
  return messageOf(draft)
}

function errandOf(draft: Draft): Errand {
  return required(ERRANDS[draft.errand - 1], 'the errand')
}

function routeOf(draft: Draft): Route {
  const { request, hops, detours, attempt, number, limit, row, pointers } = draft
  const origin = required(draft.peer, 'the origin')
  const base = { type: 'route' as const, request, hops, detours, attempt, origin, number }
  const errand = errandOf(draft)
  switch (errand) {
    case 'get':
      return { ...base, errand, key: required(draft.key, 'the key'), limit }
    case 'put':
      return { ...base, errand, pointers: ofOneKey(pointers) }
    case 'join':
      return { ...base, errand, row }
    case 'near':
      return { ...base, errand }
    case 'subscribe':
      return { ...base, errand, key: required(draft.key, 'the group') }
    case 'multicast':
      return {
        ...base,
        errand,
        key: required(draft.key, 'the group'),
        id: required(draft.id, 'the number'),
        payload: required(draft.payload, 'the payload'),
      }
  }
}

/** What is routed to one place. */
function ofOneKey(pointers: readonly Pointer[]): readonly Pointer[] {
  const { key } = required(pointers[0], 'the pointer')
  if (!pointers.every(pointer => equalBytes(pointer.key, key)))
    throw new DecodeError('pastry: pointers of different keys are routed together')
  return pointers
}

function messageOf(draft: Draft): PastryMessage {
  const { request, hops, detours, members, pointers, held, flags } = draft
  const joining = (flags & FLAG.joining) !== 0
  const type = TYPES[draft.type - 1]
  switch (type) {
    case 'route':
      return routeOf(draft)
    case 'ack':
      return { type, request, errand: errandOf(draft) }
    case 'found':
      return { type, request, hops, detours, pointers, members }
    case 'stored':
      return { type, request, hops, detours, held }
    case 'rows':
      return { type, request, members }
    case 'leaves':
      return { type, request, joining, hops, sender: required(draft.peer, 'the sender'), members }
    case 'hello':
      return {
        type,
        request,
        joining,
        brief: (flags & FLAG.brief) !== 0,
        sender: required(draft.peer, 'the sender'),
      }
    case 'exchange':
      return { type, request, sender: required(draft.peer, 'the sender'), members }
    case 'ping':
      return draft.peer === undefined
        ? { type, request, joining }
        : { type, request, joining, sender: draft.peer }
    case 'pong':
      return { type, request, joining }
    case 'row-ask':
      return { type, request, joining, row: draft.row }
    case 'row':
      return { type, request, joining, members }
    default:
      return contentMessageOf(type, draft)
  }
}

function contentMessageOf(type: PastryMessage['type'] | undefined, draft: Draft): PastryMessage {
  const { request, hops, pointers, flags, held, limit, skip } = draft
  const moves = (flags & FLAG.moves) !== 0
  switch (type) {
    case 'pull':
      return { type, request, skip }
    case 'share':
      return { type, request, pointers, more: (flags & FLAG.more) !== 0 }
    case 'hold':
      return { type, request, moves, pointers }
    case 'held':
      return { type, request, moves, held }
    case 'fetch':
      return { type, request, key: required(draft.key, 'the key'), limit }
    case 'farewell':
      return { type }
    case 'beat':
      return { type, request, hops, key: required(draft.key, 'the group') }
    case 'beaten':
      return { type, request, wanted: (flags & FLAG.wanted) !== 0 }
    case 'prune':
      return { type, key: required(draft.key, 'the group') }
    case 'deliver':
      return {
        type,
        key: required(draft.key, 'the group'),
        id: required(draft.id, 'the number'),
        hops,
        payload: required(draft.payload, 'the payload'),
      }
    default:
      throw new DecodeError(`pastry: message type ${draft.type}`)
  }
}
