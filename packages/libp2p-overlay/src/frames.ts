import { DecodeError } from '@onehop/primitives'

/** 2^28 − 1 is the largest length that four bytes of a varint hold; no limit of ours is near it. */
const MAX_PREFIX_BYTES = 4

/** Room made for the first bytes of a frame; it doubles as they come. */
const FIRST_ROOM_BYTES = 4 * 1024

/** The length of a frame as an unsigned varint, as all libp2p protocols prefix theirs. */
export function framePrefix(length: number): Uint8Array {
  const bytes: number[] = []
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Cuts a stream of bytes into frames. Memory is at most twice the bytes received, in
 * however small chunks they come and whatever length was announced. */
export class FrameDecoder {
  private readonly maxFrameBytes: number
  private prefixBytes = 0
  private length = 0
  /** Bytes of the body still to come; undefined while the prefix is read. */
  private missing: number | undefined
  private body = new Uint8Array(0)
  private received = 0

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes
  }

  /**
   * Calls back with a copy of every frame that this chunk completes.
   * @throws {DecodeError} when a frame is longer than allowed or its prefix is none.
   */
  push(chunk: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    let offset = 0
    while (offset < chunk.length) {
      if (this.missing === undefined) this.readPrefixByte(chunk[offset++]!)
      else offset = this.readBody(chunk, offset, this.missing)
      if (this.missing === 0) onFrame(this.finishFrame())
    }
  }

  private readPrefixByte(byte: number): void {
    this.length += (byte & 0x7f) * 2 ** (7 * this.prefixBytes)
    this.prefixBytes++
    if (this.length > this.maxFrameBytes)
      throw new DecodeError(`frame of more than ${this.maxFrameBytes} bytes`)
    if (byte < 0x80) this.missing = this.length
    else if (this.prefixBytes === MAX_PREFIX_BYTES) throw new DecodeError('frame length is no short varint')
  }

  private readBody(chunk: Uint8Array, offset: number, missing: number): number {
    const end = Math.min(chunk.length, offset + missing)
    const part = chunk.subarray(offset, end)
    this.makeRoom(this.received + part.length)
    this.body.set(part, this.received)
    this.received += part.length
    this.missing = missing - part.length
    return end
  }

  private makeRoom(bytes: number): void {
    if (this.body.length >= bytes) return
    const room = Math.min(this.length, Math.max(bytes, 2 * this.body.length, FIRST_ROOM_BYTES))
    const body = new Uint8Array(room)
    body.set(this.body.subarray(0, this.received))
    this.body = body
  }

  private finishFrame(): Uint8Array {
    const frame = this.body
    this.body = new Uint8Array(0)
    this.received = 0
    this.missing = undefined
    this.prefixBytes = 0
    this.length = 0
    return frame
  }
}
