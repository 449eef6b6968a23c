/** A block of a piece, or the request for one. */
export interface BlockRange {
  readonly piece: number
  /** Offset in the piece, in bytes. */
  readonly begin: number
  readonly length: number
}

/** A message after the handshake (BEP 3, BEP 10). */
export type WireMessage =
  | { readonly type: 'keepAlive' | 'choke' | 'unchoke' | 'interested' | 'notInterested' }
  | { readonly type: 'have'; readonly piece: number }
  | { readonly type: 'bitfield'; readonly bits: Uint8Array }
  | ({ readonly type: 'request' | 'cancel' } & BlockRange)
  | { readonly type: 'piece'; readonly piece: number; readonly begin: number; readonly block: Uint8Array }
  | { readonly type: 'extended'; readonly id: number; readonly payload: Uint8Array }

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
  extended: 20,
} as const

/** Bytes of the length in front of every message. */
export const LENGTH_PREFIX_BYTES = 4
/** Bytes of a piece message before its block: number, piece, begin. */
export const PIECE_HEAD_BYTES = 9

/** Bytes of the message on the wire, its length prefix included. */
export function encodedMessageLength(message: WireMessage): number {
  return LENGTH_PREFIX_BYTES + bodyLength(message)
}

function bodyLength(message: WireMessage): number {
  switch (message.type) {
    case 'keepAlive':
      return 0
    case 'have':
      return 5
    case 'bitfield':
      return 1 + message.bits.length
    case 'request':
    case 'cancel':
      return 13
    case 'piece':
      return PIECE_HEAD_BYTES + message.block.length
    case 'extended':
      return 2 + message.payload.length
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
      writeUint32(target, at, message.piece)
      break
    case 'bitfield':
      target.set(message.bits, at)
      break
    case 'request':
    case 'cancel':
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
  }
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
