import type { MessageCodec } from '@onehop/overlay'
import { ByteReader, DecodeError, utf8Encode } from '@onehop/primitives'
import { descriptorId } from './descriptor-id.ts'
import {
  byeLength,
  encodeBye,
  encodeDescriptor,
  encodePong,
  encodePush,
  encodeQuery,
  encodeQueryHit,
  type Header,
  type HitResult,
  PAYLOAD,
  pongLength,
  pushLength,
  queryHitLength,
  queryLength,
  readBye,
  readHeader,
  readPong,
  readPush,
  readQuery,
  readQueryHit,
  resultLength,
} from './descriptors.ts'
import {
  endpointOf,
  peerExtension,
  peerExtensionLength,
  pointerExtension,
  pointerExtensionLength,
  pongExtension,
  pongExtensionLength,
  readPeerExtension,
  readPointerExtension,
  readPongExtension,
  readToTryExtension,
  toTryExtension,
  toTryExtensionLength,
} from './extensions.ts'
import { decodeText, encodeText, isText, textLength } from './handshake-text.ts'
import { HEADER_BYTES, MAX_DESCRIPTOR_BYTES } from './limits.ts'
import {
  type Bye,
  type GnutellaMessage,
  type Pong,
  type Push,
  type QueryHit,
  type Result,
  soughtBy,
} from './messages.ts'

const NOTHING = new Uint8Array(0)

function encode(message: GnutellaMessage): Uint8Array {
  switch (message.type) {
    case 'ping':
      return encodeDescriptor(headerOf(message, PAYLOAD.ping), NOTHING)
    case 'pong':
      return encodeDescriptor(headerOf(message, PAYLOAD.pong), pongPayload(message))
    case 'query':
      return encodeDescriptor(
        headerOf(message, PAYLOAD.query),
        encodeQuery({ minimumSpeed: 0, criteria: message.sought.criteria }),
      )
    case 'query-hit':
      return encodeDescriptor(headerOf(message, PAYLOAD.queryHit), hitPayload(message))
    case 'push':
      return encodeDescriptor(headerOf(message, PAYLOAD.push), pushPayload(message))
    case 'bye':
      return encodeDescriptor(
        { id: message.id.bytes, payloadType: PAYLOAD.bye, ttl: 1, hops: 0 },
        byePayload(message),
      )
    default:
      return encodeText(message)
  }
}

function headerOf(
  { id, ttl, hops }: { readonly id: { readonly bytes: Uint8Array }; ttl: number; hops: number },
  payloadType: number,
): Header {
  return { id: id.bytes, payloadType, ttl, hops }
}

function pongPayload(pong: Pong): Uint8Array {
  const { peer, files, kilobytes } = pong
  return encodePong({ ...endpointOf(peer), files, kilobytes, extension: pongExtension(pong) })
}

function pushPayload({ serventId, fileIndex, peer }: Push): Uint8Array {
  return encodePush({ serventId, fileIndex, ...endpointOf(peer), extension: peerExtension(peer) })
}

function byePayload({ code, reason, peers }: Bye): Uint8Array {
  return encodeBye({ code, reason, extension: toTryExtension(peers) })
}

/** File names end with a zero, so what follows one is left out. */
function fileNameOf({ pointer }: Result): string {
  return pointer.displayName?.split('\0', 1)[0] ?? ''
}

function hitPayload({ serventId, results, endpoint }: QueryHit): Uint8Array {
  const encoded = results.map((result): HitResult => {
    const { fileIndex, pointer } = result
    const fileSize = (pointer.bytes ?? 0) >>> 0
    return { fileIndex, fileSize, fileName: fileNameOf(result), extension: pointerExtension(pointer) }
  })
  return encodeQueryHit({ ...endpoint, speed: 0, results: encoded, serventId })
}

/** The message measured last: a flood sends one to many. */
let lastMeasured: GnutellaMessage | undefined
let lastLength = 0

function encodedLength(message: GnutellaMessage): number {
  if (message === lastMeasured) return lastLength
  lastLength = measure(message)
  lastMeasured = message
  return lastLength
}

function measure(message: GnutellaMessage): number {
  switch (message.type) {
    case 'query':
      return queryLength(message.sought.criteriaBytes)
    case 'ping':
      return HEADER_BYTES
    case 'pong':
      return pongLength(pongExtensionLength(message.peer))
    case 'query-hit':
      return queryHitLength(resultsLength(message.results))
    case 'push':
      return pushLength(peerExtensionLength(message.peer))
    case 'bye':
      return byeLength(utf8Encode(message.reason).length, toTryExtensionLength(message.peers))
    default:
      return textLength(message)
  }
}

function resultsLength(results: readonly Result[]): number {
  let length = 0
  for (const result of results)
    length += resultLength(utf8Encode(fileNameOf(result)).length, pointerExtensionLength(result.pointer))
  return length
}

/** @throws {DecodeError} */
function decode(bytes: Uint8Array): GnutellaMessage {
  if (isText(bytes)) return decodeText(bytes)
  if (bytes.length > MAX_DESCRIPTOR_BYTES) throw new DecodeError('gnutella: a descriptor that is too long')
  const reader = new ByteReader(bytes)
  const message = messageOf(readHeader(reader), reader)
  reader.expectEnd()
  return message
}

function messageOf({ id: idBytes, payloadType, ttl, hops }: Header, reader: ByteReader): GnutellaMessage {
  const travelling = { id: descriptorId(idBytes), ttl, hops }
  switch (payloadType) {
    case PAYLOAD.ping:
      reader.readBytes(reader.remaining)
      return { type: 'ping', ...travelling }
    case PAYLOAD.pong: {
      const { files, kilobytes, extension } = readPong(reader)
      return { type: 'pong', ...travelling, ...readPongExtension(extension), files, kilobytes }
    }
    case PAYLOAD.query:
      return { type: 'query', ...travelling, sought: soughtBy(readQuery(reader).criteria) }
    case PAYLOAD.queryHit:
      return { type: 'query-hit', ...travelling, ...hitOf(reader) }
    case PAYLOAD.push: {
      const { serventId, fileIndex, extension } = readPush(reader)
      return { type: 'push', ...travelling, serventId, fileIndex, peer: readPeerExtension(extension) }
    }
    case PAYLOAD.bye: {
      const { code, reason, extension } = readBye(reader)
      return { type: 'bye', id: travelling.id, code, reason, peers: readToTryExtension(extension) }
    }
    default:
      throw new DecodeError(`gnutella: payload type ${payloadType}`)
  }
}

function hitOf(reader: ByteReader): Pick<QueryHit, 'endpoint' | 'serventId' | 'results'> {
  const { ip, port, results, serventId } = readQueryHit(reader)
  return {
    endpoint: { ip, port },
    serventId,
    results: results.map(({ fileIndex, extension }) => ({
      fileIndex,
      pointer: readPointerExtension(extension),
    })),
  }
}

/** Gnutella 0.4 on the wire. */
export const gnutellaCodec: MessageCodec<GnutellaMessage> = { encode, decode, encodedLength }
