import { type ByteReader, ByteWriter, DecodeError, utf8Decode, utf8Encode } from '@onehop/primitives'
import {
  HEADER_BYTES,
  ID_BYTES,
  MAX_CRITERIA_BYTES,
  MAX_DESCRIPTOR_BYTES,
  MAX_FILE_NAME_BYTES,
  MAX_REASON_BYTES,
  MAX_RESULTS,
} from './limits.ts'

/**
 * Gnutella 0.4's formats as plain values ("The Gnutella Protocol Specification v0.4", Clip2, 2001): everything little
 * endian but IP addresses. What later versions add stands behind a payload's own fields as an extension.
 */
export const PAYLOAD = { ping: 0x00, pong: 0x01, bye: 0x02, push: 0x40, query: 0x80, queryHit: 0x81 } as const

/** What every descriptor begins with. */
export interface Header {
  /** 16 bytes. */
  readonly id: Uint8Array
  readonly payloadType: number
  readonly ttl: number
  readonly hops: number
}

/** Where a servent listens: 0.4 knows IPv4 only. All zero where there is no such address. */
export interface Endpoint {
  /** 4 bytes in the order in which they are written. */
  readonly ip: Uint8Array
  readonly port: number
}

/** What a Pong says of a servent. */
export interface PongPayload extends Endpoint {
  readonly files: number
  readonly kilobytes: number
  readonly extension: Uint8Array
}

/** Asks a servent to open a connection and deliver. */
export interface PushPayload extends Endpoint {
  readonly serventId: Uint8Array
  readonly fileIndex: number
  readonly extension: Uint8Array
}

/** What somebody looks for. */
export interface QueryPayload {
  /** kB/s that a servent must have to answer. */
  readonly minimumSpeed: number
  readonly criteria: string
}

/** One file of a QueryHit. */
export interface HitResult {
  readonly fileIndex: number
  /** Bytes, 32 bits of it. */
  readonly fileSize: number
  readonly fileName: string
  /** Between the two zeros that end a result: none of its bytes is zero. */
  readonly extension: Uint8Array
}

/** What a servent has. */
export interface QueryHitPayload extends Endpoint {
  readonly speed: number
  readonly results: readonly HitResult[]
  readonly serventId: Uint8Array
}

/** Why a servent ends a connection (Bye 1.0.2, Manfredi 2002). */
export interface ByePayload {
  readonly code: number
  readonly reason: string
  readonly extension: Uint8Array
}

/** Who made the servent, 4 characters as 0.6's query-hit descriptor has them. */
const VENDOR = utf8Encode('1HOP')
const PONG_BYTES = 14
const PUSH_BYTES = 26
const HIT_BYTES = 11
/** Vendor, length of the open data, the open data: two bytes of flags. */
const TRAILER_BYTES = 7
const OPEN_DATA_BYTES = 2

export function pongLength(extensionBytes: number): number {
  return HEADER_BYTES + PONG_BYTES + extensionBytes
}

export function pushLength(extensionBytes: number): number {
  return HEADER_BYTES + PUSH_BYTES + extensionBytes
}

export function queryLength(criteriaBytes: number): number {
  return HEADER_BYTES + 2 + criteriaBytes + 1
}

/** @param resultBytes the {@link resultLength}s together. */
export function queryHitLength(resultBytes: number): number {
  return HEADER_BYTES + HIT_BYTES + resultBytes + TRAILER_BYTES + ID_BYTES
}

export function resultLength(fileNameBytes: number, extensionBytes: number): number {
  return 8 + fileNameBytes + 1 + extensionBytes + 1
}

export function byeLength(reasonBytes: number, extensionBytes: number): number {
  return HEADER_BYTES + 2 + reasonBytes + 1 + extensionBytes
}

/** A header with its payload behind it. */
export function encodeDescriptor({ id, payloadType, ttl, hops }: Header, payload: Uint8Array): Uint8Array {
  const writer = new ByteWriter(HEADER_BYTES + payload.length)
  writer.writeBytes(id).writeUint8(payloadType).writeUint8(ttl).writeUint8(hops)
  return writer.writeUint32(payload.length).writeBytes(payload).toBytes()
}

/** Reads a header; the payload, whose length must be all that follows, comes next. @throws {DecodeError} */
export function readHeader(reader: ByteReader): Header {
  const id = reader.readBytes(ID_BYTES)
  const header = {
    id,
    payloadType: reader.readUint8(),
    ttl: reader.readUint8(),
    hops: reader.readUint8(),
  }
  const length = reader.readUint32()
  if (length !== reader.remaining || length > MAX_DESCRIPTOR_BYTES)
    throw new DecodeError('gnutella: payload length')
  return header
}

function writeEndpoint(writer: ByteWriter, { ip, port }: Endpoint): ByteWriter {
  return writer.writeUint16(port).writeBytes(ip)
}

export function encodePong(pong: PongPayload): Uint8Array {
  const writer = writeEndpoint(new ByteWriter(), pong)
  return writer.writeUint32(pong.files).writeUint32(pong.kilobytes).writeBytes(pong.extension).toBytes()
}

export function readPong(reader: ByteReader): PongPayload {
  const port = reader.readUint16()
  const ip = reader.readBytes(4)
  const files = reader.readUint32()
  const kilobytes = reader.readUint32()
  return { port, ip, files, kilobytes, extension: reader.readBytes(reader.remaining) }
}

/** The address stands before the port here, and behind it in a Pong. */
export function encodePush({ serventId, fileIndex, ip, port, extension }: PushPayload): Uint8Array {
  const writer = new ByteWriter().writeBytes(serventId).writeUint32(fileIndex)
  return writer.writeBytes(ip).writeUint16(port).writeBytes(extension).toBytes()
}

export function readPush(reader: ByteReader): PushPayload {
  const serventId = reader.readBytes(ID_BYTES)
  const fileIndex = reader.readUint32()
  const ip = reader.readBytes(4)
  const port = reader.readUint16()
  return { serventId, fileIndex, ip, port, extension: reader.readBytes(reader.remaining) }
}

export function encodeQuery({ minimumSpeed, criteria }: QueryPayload): Uint8Array {
  return new ByteWriter().writeUint16(minimumSpeed).writeBytes(utf8Encode(criteria)).writeUint8(0).toBytes()
}

/** What stands behind the criteria's zero is of later versions, and left unread. */
export function readQuery(reader: ByteReader): QueryPayload {
  const minimumSpeed = reader.readUint16()
  const criteria = utf8Decode(readToZero(reader, MAX_CRITERIA_BYTES))
  reader.readBytes(reader.remaining)
  return { minimumSpeed, criteria }
}

export function encodeQueryHit({ results, ip, port, speed, serventId }: QueryHitPayload): Uint8Array {
  const writer = new ByteWriter()
  writeEndpoint(writer.writeUint8(results.length), { ip, port }).writeUint32(speed)
  for (const { fileIndex, fileSize, fileName, extension } of results) {
    writer.writeUint32(fileIndex).writeUint32(fileSize).writeBytes(utf8Encode(fileName)).writeUint8(0)
    writer.writeBytes(extension).writeUint8(0)
  }
  writer.writeBytes(VENDOR).writeUint8(OPEN_DATA_BYTES).writeUint16(0)
  return writer.writeBytes(serventId).toBytes()
}

/** The servent's id is the last thing; what stands between it and the results is the vendor's. */
export function readQueryHit(reader: ByteReader): QueryHitPayload {
  const count = reader.readUint8()
  if (count > MAX_RESULTS) throw new DecodeError('gnutella: too many results')
  const port = reader.readUint16()
  const ip = reader.readBytes(4)
  const speed = reader.readUint32()
  const results = Array.from({ length: count }, () => readResult(reader))
  if (reader.remaining < ID_BYTES) throw new DecodeError('gnutella: no servent id')
  reader.readBytes(reader.remaining - ID_BYTES)
  return { port, ip, speed, results, serventId: reader.readBytes(ID_BYTES) }
}

function readResult(reader: ByteReader): HitResult {
  const fileIndex = reader.readUint32()
  const fileSize = reader.readUint32()
  const fileName = utf8Decode(readToZero(reader, MAX_FILE_NAME_BYTES))
  return { fileIndex, fileSize, fileName, extension: readToZero(reader, MAX_DESCRIPTOR_BYTES) }
}

export function encodeBye({ code, reason, extension }: ByePayload): Uint8Array {
  const writer = new ByteWriter().writeUint16(code).writeBytes(utf8Encode(reason)).writeUint8(0)
  return writer.writeBytes(extension).toBytes()
}

export function readBye(reader: ByteReader): ByePayload {
  const code = reader.readUint16()
  const reason = utf8Decode(readToZero(reader, MAX_REASON_BYTES))
  return { code, reason, extension: reader.readBytes(reader.remaining) }
}

/** The bytes up to a zero, which is read too. */
function readToZero(reader: ByteReader, most: number): Uint8Array {
  const { bytes, offset } = reader
  const end = bytes.indexOf(0, offset)
  if (end < 0 || end - offset > most) throw new DecodeError('gnutella: a text without an end')
  const text = reader.readBytes(end - offset)
  reader.readUint8()
  return text
}
