import { type ByteReader, ByteWriter, DecodeError, utf8Encode } from '@onehop/primitives'
import { cobsLength, decodeCobs, encodeCobs } from './cobs.ts'
import { MAX_GGEP_DATA_BYTES, MAX_GGEP_EXTENSIONS } from './limits.ts'

/** One extension of a block. */
export interface GgepExtension {
  /** 1 to 15 ASCII characters. */
  readonly id: string
  readonly data: Uint8Array
}

/** Every GGEP block begins with it. */
export const GGEP_MAGIC = 0xc3

const LAST = 0x80
const COBS = 0x40
const DEFLATE = 0x20
const RESERVED = 0x10
const ID_LENGTH = 0x0f
const MORE_CHUNKS = 0x80
const LAST_CHUNK = 0x40
const CHUNK_BITS = 6
const CHUNK = 0x3f
const MOST_CHUNKS = 3

/** Bytes that a data length takes: none of them is ever zero. */
function lengthBytes(length: number): number {
  return length <= CHUNK ? 1 : length <= 0xfff ? 2 : 3
}

function writeLength(writer: ByteWriter, length: number): void {
  for (let chunk = lengthBytes(length) - 1; chunk >= 0; chunk--)
    writer.writeUint8((chunk > 0 ? MORE_CHUNKS : LAST_CHUNK) | ((length >>> (chunk * CHUNK_BITS)) & CHUNK))
}

function readLength(reader: ByteReader): number {
  let length = 0
  for (let chunk = 0; chunk < MOST_CHUNKS; chunk++) {
    const byte = reader.readUint8()
    const kind = byte & (MORE_CHUNKS | LAST_CHUNK)
    length = (length << CHUNK_BITS) | (byte & CHUNK)
    if (kind === LAST_CHUNK) return length
    if (kind !== MORE_CHUNKS) break
  }
  throw new DecodeError('ggep: a length that is none')
}

/**
 * A block of extensions (GGEP 0.51, "Gnutella Generic Extension Protocol", Thomas 2002).
 * @param noZeros whether the block stands where no byte may be zero: data go through COBS.
 */
export function encodeGgep(extensions: readonly GgepExtension[], noZeros = false): Uint8Array {
  const writer = new ByteWriter()
  writer.writeUint8(GGEP_MAGIC)
  extensions.forEach(({ id, data }, i) => {
    const name = utf8Encode(id)
    const isLast = i === extensions.length - 1
    writer.writeUint8((isLast ? LAST : 0) | (noZeros ? COBS : 0) | name.length).writeBytes(name)
    const carried = noZeros ? encodeCobs(data) : data
    writeLength(writer, carried.length)
    writer.writeBytes(carried)
  })
  return writer.toBytes()
}

/** Length of what {@link encodeGgep} makes of one extension, whose data have this length once they are in the block. */
export function ggepExtensionLength(id: string, carriedBytes: number): number {
  return 1 + id.length + lengthBytes(carriedBytes) + carriedBytes
}

/** The same where no byte may be zero. */
export function ggepZeroFreeLength(id: string, data: Uint8Array): number {
  return ggepExtensionLength(id, cobsLength(data))
}

/**
 * Reads a block. What is compressed is skipped: nothing of ours is.
 * @throws {DecodeError} for what is no block.
 */
export function readGgep(reader: ByteReader): GgepExtension[] {
  if (reader.readUint8() !== GGEP_MAGIC) throw new DecodeError('ggep: no block')
  const extensions: GgepExtension[] = []
  for (;;) {
    const flags = reader.readUint8()
    if ((flags & RESERVED) !== 0 || (flags & ID_LENGTH) === 0) throw new DecodeError('ggep: flags')
    const name = reader.readBytes(flags & ID_LENGTH)
    const length = readLength(reader)
    if (length > MAX_GGEP_DATA_BYTES) throw new DecodeError('ggep: too long')
    const carried = reader.readBytes(length)
    if (extensions.length === MAX_GGEP_EXTENSIONS) throw new DecodeError('ggep: too many extensions')
    if ((flags & DEFLATE) === 0)
      extensions.push({ id: asciiOf(name), data: (flags & COBS) !== 0 ? decodeCobs(carried) : carried })
    if ((flags & LAST) !== 0) return extensions
  }
}

/** The data of the first extension with this id. */
export function extensionData(extensions: readonly GgepExtension[], id: string): Uint8Array | undefined {
  return extensions.find(extension => extension.id === id)?.data
}

function asciiOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes)
}
