/** A block of a piece, or the request for one. */
export interface BlockRange {
  readonly piece: number
  /** Offset in the piece, in bytes. */
  readonly begin: number
  readonly length: number
}

/** Hashes of a file's tree (BEP 52): what is asked for, or refused. */
export interface HashRange {
  /** Root of the tree, 32 bytes. */
  readonly piecesRoot: Uint8Array
  /** 0 are the hashes of blocks of 16 KiB; each layer above has half as many. */
  readonly baseLayer: number
  /** Of the first hash in its layer. */
  readonly index: number
  /** Hashes of the base layer; a power of two. */
  readonly length: number
  /** Layers above the base for which uncle hashes are wanted. */
  readonly proofLayers: number
}

/** A message after the handshake (BEP 3; 10; from `suggest` on 6; from `hashRequest` on 52). */
export type WireMessage =
  | { readonly type: 'keepAlive' | 'choke' | 'unchoke' | 'interested' | 'notInterested' }
  | { readonly type: 'have'; readonly piece: number }
  | { readonly type: 'bitfield'; readonly bits: Uint8Array }
  | ({ readonly type: 'request' | 'cancel' } & BlockRange)
  | { readonly type: 'piece'; readonly piece: number; readonly begin: number; readonly block: Uint8Array }
  | { readonly type: 'extended'; readonly id: number; readonly payload: Uint8Array }
  | { readonly type: 'suggest' | 'allowedFast'; readonly piece: number }
  | { readonly type: 'haveAll' | 'haveNone' }
  | ({ readonly type: 'reject' } & BlockRange)
  | ({ readonly type: 'hashRequest' | 'hashReject' } & HashRange)
  | ({ readonly type: 'hashes'; readonly hashes: Uint8Array } & HashRange)

/** A message that is taken whole: a piece is taken as its bytes come. */
export type WholeMessage = Exclude<WireMessage, { type: 'piece' }>

/** Numbers of the messages on the wire. */
export const MESSAGE_ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
  hashRequest: 21,
  hashes: 22,
  hashReject: 23,
} as const

/** Bytes of the length in front of every message. */
export const LENGTH_PREFIX_BYTES = 4
/** Bytes of a piece message before its block: number, piece, begin. */
export const PIECE_HEAD_BYTES = 9
/** Bytes of a message about a tree's hashes before the hashes: number, root, four integers (BEP 52). */
export const HASHES_HEAD_BYTES = 49
const ROOT_BYTES = 32

/** Bytes of the message on the wire, its length prefix included. */
export function encodedMessageLength(message: WireMessage): number {
  return LENGTH_PREFIX_BYTES + bodyLength(message)
}

function bodyLength(message: WireMessage): number {
  switch (message.type) {
    case 'keepAlive':
      return 0
    case 'have':
    case 'suggest':
    case 'allowedFast':
      return 5
    case 'bitfield':
      return 1 + message.bits.length
    case 'request':
    case 'cancel':
    case 'reject':
      return 13
    case 'piece':
      return PIECE_HEAD_BYTES + message.block.length
    case 'extended':
      return 2 + message.payload.length
    case 'hashRequest':
    case 'hashReject':
      return HASHES_HEAD_BYTES
    case 'hashes':
      return HASHES_HEAD_BYTES + message.hashes.length
    default:
      return 1
  }
}

/**
 * Writes the message into `target` at `offset`, where {@link encodedMessageLength} bytes must be free.
 * @returns the offset after it.
 */
export function writeMessage(message: WireMessage, target: Uint8Array, offset: number): number {
  const length = bodyLength(message)
  const at = writeUint32(target, offset, length)
  if (message.type === 'keepAlive') return at
  target[at] = MESSAGE_ID[message.type]
  writeBody(message, target, at + 1)
  return at + length
}

function writeBody(message: WireMessage, target: Uint8Array, at: number): void {
  switch (message.type) {
    case 'have':
    case 'suggest':
    case 'allowedFast':
      writeUint32(target, at, message.piece)
      break
    case 'bitfield':
      target.set(message.bits, at)
      break
    case 'request':
    case 'cancel':
    case 'reject':
      writeUint32(
        target,
        writeUint32(target, writeUint32(target, at, message.piece), message.begin),
        message.length,
      )
      break
    case 'piece':
      target.set(message.block, writeUint32(target, writeUint32(target, at, message.piece), message.begin))
      break
    case 'extended':
      target[at] = message.id
      target.set(message.payload, at + 1)
      break
    case 'hashRequest':
    case 'hashReject':
      writeHashRange(message, target, at)
      break
    case 'hashes':
      target.set(message.hashes, writeHashRange(message, target, at))
      break
  }
}

function writeHashRange(range: HashRange, target: Uint8Array, offset: number): number {
  target.set(range.piecesRoot, offset)
  let at = offset + ROOT_BYTES
  for (const value of [range.baseLayer, range.index, range.length, range.proofLayers]) {
    at = writeUint32(target, at, value)
  }
  return at
}

function writeUint32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
  return at + 4
}

/** The message alone, in an array of its own. Senders gather several with {@link writeMessage}. */
export function encodeMessage(message: WireMessage): Uint8Array {
  const bytes = new Uint8Array(encodedMessageLength(message))
  writeMessage(message, bytes, 0)
  return bytes
}

/** @param at where a message's fields begin, after its number. The root is a view. */
export function readHashRange(bytes: Uint8Array, at: number): HashRange {
  const [baseLayer, index, length, proofLayers] = [0, 4, 8, 12].map(offset =>
    readUint32(bytes, at + ROOT_BYTES + offset),
  )
  return {
    piecesRoot: bytes.subarray(at, at + ROOT_BYTES),
    baseLayer: baseLayer!,
    index: index!,
    length: length!,
    proofLayers: proofLayers!,
  }
}

/** Big-endian, as all numbers on the wire. */
export function readUint32(b: Uint8Array, at: number): number {
  return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0
}
