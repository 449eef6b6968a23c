import {
  bytesToBigIntBE,
  concatBytes,
  DecodeError,
  hexToBytes,
  ProtobufReader,
  ProtobufWriter,
} from '@onehop/primitives'
import {
  MAX_BLOCKS_PER_REQUEST,
  MAX_HEADERS_PER_REQUEST,
  MAX_LOCATOR_HASHES,
  MAX_MEMPOOL_IDS,
  MAX_TRANSACTIONS_PER_REQUEST,
} from './limits.ts'

/** Version of the messages, told in the status: 2 has compact blocks and a fee floor, and is no break with 1. */
export const SYNC_VERSION = 2

/** From this version on, peers serve compact blocks. */
export const COMPACT_BLOCKS_VERSION = 2

const HASH_BYTES = 32
const HEADER_BYTES = 80
const MAX_WORK_BYTES = 32
const MAX_FEE_RATE_BYTES = 8

/** What a peer says of its chain. */
export interface PeerStatus {
  readonly version: number
  readonly genesisHash: Uint8Array
  readonly height: number
  readonly bestHash: Uint8Array
  readonly chainWork: bigint
  /** Satoshis per 1,000 virtual bytes, below which the peer's mempool takes nothing (as BIP 133's `feefilter`). */
  readonly minFeeRate: bigint
}

/**
 * The messages of `/onehop/<genesis>/sync/1`. `id` ties answers to a request; the status that opens a stream has 0.
 * Blocks and transactions come as one `block`, `transaction` or `notFound` for each hash, in the order asked.
 * `compactBlock`, `getBlockTransactions` and `blockTransactions` carry BIP 152's `cmpctblock`, `getblocktxn` and
 * `blocktxn`; instead of the first, the whole `block` may come, and instead of the last, `notFound`.
 */
export type SyncMessage =
  | { readonly type: 'status'; readonly id: number; readonly status: PeerStatus }
  | { readonly type: 'getStatus'; readonly id: number }
  | {
      readonly type: 'getHeaders'
      readonly id: number
      readonly hashes: readonly Uint8Array[]
      readonly limit: number
    }
  | { readonly type: 'headers'; readonly id: number; readonly headers: readonly Uint8Array[] }
  | { readonly type: 'getBlocks'; readonly id: number; readonly hashes: readonly Uint8Array[] }
  | { readonly type: 'block'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'getTransactions'; readonly id: number; readonly hashes: readonly Uint8Array[] }
  /** By txid: the parents of a transaction. */
  | { readonly type: 'getParents'; readonly id: number; readonly hashes: readonly Uint8Array[] }
  | { readonly type: 'transaction'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'getMempool'; readonly id: number }
  | { readonly type: 'mempool'; readonly id: number; readonly hashes: readonly Uint8Array[] }
  | { readonly type: 'getCompactBlock'; readonly id: number; readonly hash: Uint8Array }
  | { readonly type: 'compactBlock'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'getBlockTransactions'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'blockTransactions'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: 'notFound'; readonly id: number; readonly hash: Uint8Array }
  | { readonly type: 'busy'; readonly id: number }

/** A message that asks for something. */
export type SyncRequest = Extract<SyncMessage, { type: `get${string}` }>

/** A message that answers. */
export type SyncAnswer = Exclude<SyncMessage, SyncRequest>

type MessageType = SyncMessage['type']

/** Field numbers of the envelope: 1 is the request id, the body's number tells the type. */
const FIELDS: Readonly<Record<MessageType, number>> = {
  status: 2,
  getStatus: 3,
  getHeaders: 4,
  headers: 5,
  getBlocks: 6,
  block: 7,
  getTransactions: 8,
  transaction: 9,
  getMempool: 10,
  mempool: 11,
  notFound: 12,
  busy: 13,
  getCompactBlock: 14,
  compactBlock: 15,
  getBlockTransactions: 16,
  blockTransactions: 17,
  getParents: 18,
}
const TYPES = new Map(Object.entries(FIELDS).map(([type, field]) => [field, type as MessageType]))
const EMPTY = new Uint8Array(0)

/** Bytes of one sync frame. */
export function encodeSyncMessage(message: SyncMessage): Uint8Array {
  return new ProtobufWriter().varint(1, message.id).bytes(FIELDS[message.type], encodeBody(message)).toBytes()
}

/** @throws {DecodeError} for bytes that are no message of this protocol, or exceed its limits. */
export function decodeSyncMessage(bytes: Uint8Array): SyncMessage {
  const reader = new ProtobufReader(bytes)
  let id = 0
  let type: MessageType | undefined
  let body = EMPTY as Uint8Array
  while (reader.next()) {
    if (reader.field === 1) id = reader.varint()
    else if (TYPES.has(reader.field)) {
      type = TYPES.get(reader.field)
      body = reader.bytes()
    } else reader.skip()
  }
  if (type === undefined) throw new DecodeError('sync message without a body')
  return decodeBody(type, id, body)
}

function encodeBody(message: SyncMessage): Uint8Array {
  switch (message.type) {
    case 'status':
      return encodeStatus(message.status)
    case 'getHeaders':
      return new ProtobufWriter()
        .bytes(1, concatBytes(...message.hashes))
        .varint(2, message.limit)
        .toBytes()
    case 'headers':
      return concatBytes(...message.headers)
    case 'getBlocks':
    case 'getTransactions':
    case 'getParents':
    case 'mempool':
      return concatBytes(...message.hashes)
    case 'block':
    case 'transaction':
    case 'compactBlock':
    case 'getBlockTransactions':
    case 'blockTransactions':
      return message.bytes
    case 'notFound':
    case 'getCompactBlock':
      return message.hash
    default:
      return EMPTY
  }
}

function decodeBody(type: MessageType, id: number, body: Uint8Array): SyncMessage {
  switch (type) {
    case 'status':
      return { type, id, status: decodeStatus(body) }
    case 'getHeaders':
      return decodeGetHeaders(id, body)
    case 'headers':
      return { type, id, headers: splitBytes(body, HEADER_BYTES, MAX_HEADERS_PER_REQUEST) }
    case 'getBlocks':
      return { type, id, hashes: splitBytes(body, HASH_BYTES, MAX_BLOCKS_PER_REQUEST) }
    case 'getTransactions':
    case 'getParents':
      return { type, id, hashes: splitBytes(body, HASH_BYTES, MAX_TRANSACTIONS_PER_REQUEST) }
    case 'mempool':
      return { type, id, hashes: splitBytes(body, HASH_BYTES, MAX_MEMPOOL_IDS) }
    case 'block':
    case 'transaction':
    case 'compactBlock':
    case 'getBlockTransactions':
    case 'blockTransactions':
      return { type, id, bytes: body }
    case 'notFound':
    case 'getCompactBlock':
      return { type, id, hash: exactly(HASH_BYTES, body) }
    default:
      return { type, id }
  }
}

function encodeStatus(status: PeerStatus): Uint8Array {
  return new ProtobufWriter()
    .varint(1, status.version)
    .bytes(2, status.genesisHash)
    .varint(3, status.height)
    .bytes(4, status.bestHash)
    .bytes(5, shortestBytes(status.chainWork))
    .bytes(6, shortestBytes(status.minFeeRate))
    .toBytes()
}

function shortestBytes(value: bigint): Uint8Array {
  const hex = value.toString(16)
  return hexToBytes(hex.length % 2 === 0 ? hex : `0${hex}`)
}

function decodeStatus(body: Uint8Array): PeerStatus {
  const reader = new ProtobufReader(body)
  const status: { -readonly [K in keyof PeerStatus]: PeerStatus[K] } = {
    version: 0,
    genesisHash: EMPTY,
    height: 0,
    bestHash: EMPTY,
    chainWork: 0n,
    minFeeRate: 0n,
  }
  while (reader.next()) {
    switch (reader.field) {
      case 1:
        status.version = reader.varint()
        break
      case 2:
        status.genesisHash = reader.fixedBytes(HASH_BYTES)
        break
      case 3:
        status.height = reader.varint()
        break
      case 4:
        status.bestHash = reader.fixedBytes(HASH_BYTES)
        break
      case 5:
        status.chainWork = bytesToBigIntBE(reader.bytes(MAX_WORK_BYTES))
        break
      case 6:
        status.minFeeRate = bytesToBigIntBE(reader.bytes(MAX_FEE_RATE_BYTES))
        break
      default:
        reader.skip()
    }
  }
  if (status.genesisHash.length === 0 || status.bestHash.length === 0)
    throw new DecodeError('status without its hashes')
  return status
}

function decodeGetHeaders(id: number, body: Uint8Array): SyncMessage {
  const reader = new ProtobufReader(body)
  let hashes: readonly Uint8Array[] = []
  let limit = 0
  while (reader.next()) {
    if (reader.field === 1) hashes = splitBytes(reader.bytes(), HASH_BYTES, MAX_LOCATOR_HASHES)
    else if (reader.field === 2) limit = reader.varint()
    else reader.skip()
  }
  return { type: 'getHeaders', id, hashes, limit }
}

/** Cuts equal items out of one field. @throws {DecodeError} when they do not fit, or are too many. */
export function splitBytes(bytes: Uint8Array, itemBytes: number, maxItems: number): Uint8Array[] {
  const count = bytes.length / itemBytes
  if (!Number.isInteger(count)) throw new DecodeError(`not a list of items of ${itemBytes} bytes`)
  if (count > maxItems) throw new DecodeError(`more than ${maxItems} items`)
  return Array.from({ length: count }, (_, i) => bytes.slice(i * itemBytes, (i + 1) * itemBytes))
}

function exactly(length: number, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== length) throw new DecodeError(`not ${length} bytes`)
  return bytes
}
