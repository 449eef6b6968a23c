import { invalid, OK, type Rejection, type Verdict } from '@onehop/primitives'
import { MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES } from '../limits.ts'
import {
  type BlockRange,
  HASHES_HEAD_BYTES,
  LENGTH_PREFIX_BYTES,
  MESSAGE_ID,
  PIECE_HEAD_BYTES,
  readHashRange,
  readUint32,
  type WholeMessage,
} from './wire-messages.ts'

/** Takes what a {@link WireDecoder} reads. Byte arrays are views that hold only during the call. */
export interface WireSink {
  /** Any message but `piece`. */
  onMessage(message: WholeMessage): void
  /** A piece message begins; its block arrives in parts, so that it goes where it belongs without being gathered. */
  onBlockStart(piece: number, begin: number, length: number): void
  onBlockBytes(bytes: Uint8Array): void
  onBlockEnd(): void
}

const HELD_INITIAL_BYTES = 64
const PIECE_FRAME_BYTES = LENGTH_PREFIX_BYTES + PIECE_HEAD_BYTES
const EMPTY_MESSAGES = ['choke', 'unchoke', 'interested', 'notInterested'] as const

/** Lengths of the messages that have one length only, by number. */
const FIXED_LENGTHS: Readonly<Record<number, number>> = {
  [MESSAGE_ID.choke]: 1,
  [MESSAGE_ID.unchoke]: 1,
  [MESSAGE_ID.interested]: 1,
  [MESSAGE_ID.notInterested]: 1,
  [MESSAGE_ID.have]: 5,
  [MESSAGE_ID.request]: 13,
  [MESSAGE_ID.cancel]: 13,
  [MESSAGE_ID.suggest]: 5,
  [MESSAGE_ID.haveAll]: 1,
  [MESSAGE_ID.haveNone]: 1,
  [MESSAGE_ID.reject]: 13,
  [MESSAGE_ID.allowedFast]: 5,
  [MESSAGE_ID.hashRequest]: HASHES_HEAD_BYTES,
  [MESSAGE_ID.hashReject]: HASHES_HEAD_BYTES,
}

/** Lengths that the other messages which we take have at least. */
const LEAST_LENGTHS: Readonly<Record<number, number>> = {
  [MESSAGE_ID.bitfield]: 1,
  [MESSAGE_ID.extended]: 2,
  [MESSAGE_ID.hashes]: HASHES_HEAD_BYTES,
}

/**
 * Reads messages from a stream, however it is cut up. What lies whole in a chunk is parsed in place; a block's bytes
 * are handed on as they come. Messages with unknown numbers are skipped (BEP 10 asks for that).
 */
export class WireDecoder {
  private readonly sink: WireSink
  private held = new Uint8Array(HELD_INITIAL_BYTES)
  private heldLength = 0
  private blockBytesLeft = 0
  private skipBytesLeft = 0
  private stopped = false
  private rejection: Rejection | undefined

  constructor(sink: WireSink) {
    this.sink = sink
  }

  /** Nothing more reaches the sink, not even the rest of the chunk being read. */
  stop(): void {
    this.stopped = true
  }

  /** @returns a rejection for a malformed or oversized message; from then on always. */
  push(chunk: Uint8Array): Verdict {
    let at = 0
    while (at < chunk.length && !this.stopped) {
      if (this.blockBytesLeft > 0) at = this.passBlock(chunk, at)
      else if (this.skipBytesLeft > 0) at = this.skip(chunk, at)
      else at = this.readFrame(chunk, at)
    }
    return this.rejection ?? OK
  }

  private passBlock(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.blockBytesLeft)
    this.blockBytesLeft -= end - at
    this.sink.onBlockBytes(chunk.subarray(at, end))
    if (this.blockBytesLeft === 0 && !this.stopped) this.sink.onBlockEnd()
    return end
  }

  private skip(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.skipBytesLeft)
    this.skipBytesLeft -= end - at
    return end
  }

  /** Parses a frame that lies whole in the chunk, or holds what there is of it. */
  private readFrame(chunk: Uint8Array, at: number): number {
    if (this.heldLength === 0) {
      const needed = this.neededOf(chunk, at, chunk.length - at)
      if (this.stopped) return chunk.length
      if (needed <= chunk.length - at) return at + this.dispatch(chunk, at)
    }
    return this.holdMore(chunk, at)
  }

  private holdMore(chunk: Uint8Array, at: number): number {
    const needed = this.neededOf(this.held, 0, this.heldLength)
    const taken = Math.min(needed - this.heldLength, chunk.length - at)
    this.reserve(this.heldLength + taken)
    this.held.set(chunk.subarray(at, at + taken), this.heldLength)
    this.heldLength += taken
    const complete = this.neededOf(this.held, 0, this.heldLength) <= this.heldLength
    if (complete && !this.stopped) {
      this.heldLength = 0
      this.dispatch(this.held, 0)
    }
    return at + taken
  }

  /** Grows with what has arrived, not with what a length prefix claims. */
  private reserve(length: number): void {
    if (length <= this.held.length) return
    const larger = new Uint8Array(Math.max(length, this.held.length * 2))
    larger.set(this.held.subarray(0, this.heldLength))
    this.held = larger
  }

  /**
   * Bytes that must be together before the frame at `at` can be dispatched, judged by the `available` ones: all of a
   * message, but only the head of a piece or of a message to be skipped.
   */
  private neededOf(bytes: Uint8Array, at: number, available: number): number {
    if (available < LENGTH_PREFIX_BYTES) return LENGTH_PREFIX_BYTES
    const length = readUint32(bytes, at)
    if (length === 0) return LENGTH_PREFIX_BYTES
    if (length > MAX_MESSAGE_BYTES + PIECE_HEAD_BYTES)
      return this.reject('message-too-long', `${length} bytes`)
    if (available === LENGTH_PREFIX_BYTES) return LENGTH_PREFIX_BYTES + 1
    return this.checkLength(bytes[at + LENGTH_PREFIX_BYTES]!, length)
  }

  private checkLength(id: number, length: number): number {
    if (id === MESSAGE_ID.piece) {
      if (length < PIECE_HEAD_BYTES || length > MAX_REQUEST_BYTES + PIECE_HEAD_BYTES)
        return this.rejectLength(id)
      return PIECE_FRAME_BYTES
    }
    const fixed = FIXED_LENGTHS[id]
    if (fixed !== undefined && fixed !== length) return this.rejectLength(id)
    const least = fixed ?? LEAST_LENGTHS[id]
    if (least === undefined) return LENGTH_PREFIX_BYTES + 1
    return length < least ? this.rejectLength(id) : LENGTH_PREFIX_BYTES + length
  }

  private rejectLength(id: number): number {
    return this.reject('bad-message-length', `message ${id}`)
  }

  private reject(code: string, detail: string): number {
    this.rejection = invalid(code, detail)
    this.stopped = true
    return LENGTH_PREFIX_BYTES
  }

  /** Hands the frame on. @returns the bytes it took of `bytes`. */
  private dispatch(bytes: Uint8Array, at: number): number {
    const length = readUint32(bytes, at)
    if (length === 0) {
      this.sink.onMessage({ type: 'keepAlive' })
      return LENGTH_PREFIX_BYTES
    }
    const id = bytes[at + LENGTH_PREFIX_BYTES]!
    if (id === MESSAGE_ID.piece) return this.startBlock(bytes, at, length - PIECE_HEAD_BYTES)
    const end = at + LENGTH_PREFIX_BYTES + length
    const message = parseBody(id, bytes, at + LENGTH_PREFIX_BYTES + 1, end)
    if (message === undefined) {
      this.skipBytesLeft = length - 1
      return LENGTH_PREFIX_BYTES + 1
    }
    this.sink.onMessage(message)
    return LENGTH_PREFIX_BYTES + length
  }

  private startBlock(bytes: Uint8Array, at: number, blockBytes: number): number {
    const body = at + LENGTH_PREFIX_BYTES + 1
    this.blockBytesLeft = blockBytes
    this.sink.onBlockStart(readUint32(bytes, body), readUint32(bytes, body + 4), blockBytes)
    if (blockBytes === 0 && !this.stopped) this.sink.onBlockEnd()
    return PIECE_FRAME_BYTES
  }
}

/** @returns undefined for a number that we do not know. Byte arrays in the message are views. */
function parseBody(id: number, bytes: Uint8Array, at: number, end: number): WholeMessage | undefined {
  const empty = EMPTY_MESSAGES[id]
  if (empty !== undefined) return { type: empty }
  switch (id) {
    case MESSAGE_ID.have:
      return { type: 'have', piece: readUint32(bytes, at) }
    case MESSAGE_ID.bitfield:
      return { type: 'bitfield', bits: bytes.subarray(at, end) }
    case MESSAGE_ID.request:
      return { type: 'request', ...readBlockRange(bytes, at) }
    case MESSAGE_ID.cancel:
      return { type: 'cancel', ...readBlockRange(bytes, at) }
    case MESSAGE_ID.extended:
      return { type: 'extended', id: bytes[at]!, payload: bytes.subarray(at + 1, end) }
    default:
      return parseFastBody(id, bytes, at) ?? parseHashesBody(id, bytes, at, end)
  }
}

/** The messages of BEP 6. */
function parseFastBody(id: number, bytes: Uint8Array, at: number): WholeMessage | undefined {
  switch (id) {
    case MESSAGE_ID.haveAll:
      return { type: 'haveAll' }
    case MESSAGE_ID.haveNone:
      return { type: 'haveNone' }
    case MESSAGE_ID.suggest:
      return { type: 'suggest', piece: readUint32(bytes, at) }
    case MESSAGE_ID.allowedFast:
      return { type: 'allowedFast', piece: readUint32(bytes, at) }
    case MESSAGE_ID.reject:
      return { type: 'reject', ...readBlockRange(bytes, at) }
    default:
      return undefined
  }
}

/** The messages of BEP 52. */
function parseHashesBody(id: number, bytes: Uint8Array, at: number, end: number): WholeMessage | undefined {
  switch (id) {
    case MESSAGE_ID.hashRequest:
      return { type: 'hashRequest', ...readHashRange(bytes, at) }
    case MESSAGE_ID.hashReject:
      return { type: 'hashReject', ...readHashRange(bytes, at) }
    case MESSAGE_ID.hashes: {
      const hashes = bytes.subarray(at + HASHES_HEAD_BYTES - 1, end)
      return { type: 'hashes', ...readHashRange(bytes, at), hashes }
    }
    default:
      return undefined
  }
}

function readBlockRange(bytes: Uint8Array, at: number): BlockRange {
  return {
    piece: readUint32(bytes, at),
    begin: readUint32(bytes, at + 4),
    length: readUint32(bytes, at + 8),
  }
}
