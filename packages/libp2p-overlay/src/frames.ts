import { concatBytes, DecodeError } from '@onehop/primitives'

/** 2^28 − 1 is the largest length that four bytes of a varint hold; no limit of ours is near it. */
const MAX_PREFIX_BYTES = 4

/** The length of a frame as an unsigned varint, as all libp2p protocols prefix theirs. */
export function framePrefix(length: number): Uint8Array {
  const bytes: number[] = []
  let rest = length
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Cuts a stream of bytes into frames. Memory grows with the bytes received, never with the length announced. */
export class FrameDecoder {
  private readonly maxFrameBytes: number
  private prefixBytes = 0
  private length = 0
  /** Bytes of the body still to come; undefined while the prefix is read. */
  private missing: number | undefined
  private parts: Uint8Array[] = []

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
    this.parts.push(chunk.slice(offset, end))
    this.missing = missing - (end - offset)
    return end
  }

  private finishFrame(): Uint8Array {
    const frame = this.parts.length === 1 ? this.parts[0]! : concatBytes(...this.parts)
    this.parts = []
    this.missing = undefined
    this.prefixBytes = 0
    this.length = 0
    return frame
  }
}
