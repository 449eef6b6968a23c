import { concatBytes, SeededRandom, sha1, utf8Encode } from '@onehop/primitives'
import {
  createInfo,
  decodeBencode,
  encodeBencode,
  encodeExtensionHandshake,
  encodeHandshake,
  encodeMessage,
  encodeMetadataMessage,
  parseExtensionHandshake,
  parseHandshake,
  parseInfo,
  parseMetadataMessage,
  toInfoHash,
  WireDecoder,
  type WireMessage,
} from '@onehop/swarm'
import { codecTarget, DECODER_LIMIT, Finding, requireVerdict, type Target } from '../target.ts'

const random = new SeededRandom(11)

function infoBytes(): Uint8Array {
  const content = {
    name: 'song.mp3',
    lengthBytes: 700_000,
    pieceLengthBytes: 262_144,
    pieceHashes: random.bytes(60),
  }
  const created = createInfo(content, sha1)
  if (!created.ok) throw new Error(created.code)
  return created.value.bytes
}

const MESSAGES: readonly WireMessage[] = [
  { type: 'keepAlive' },
  { type: 'choke' },
  { type: 'interested' },
  { type: 'have', piece: 7 },
  { type: 'bitfield', bits: random.bytes(9) },
  { type: 'request', piece: 1, begin: 16_384, length: 16_384 },
  { type: 'piece', piece: 1, begin: 0, block: random.bytes(50) },
  { type: 'extended', id: 0, payload: encodeExtensionHandshake(500) },
]

/** What the decoder reads, as text: the same however the bytes are cut up. */
function readAll(input: Uint8Array, chunkBytes: number): string {
  const read: string[] = []
  let block = 0
  const decoder = new WireDecoder({
    onMessage: message =>
      void read.push(
        JSON.stringify(message, (_, value) =>
          value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
        ),
      ),
    onBlockStart: (piece, begin, length) => void read.push(`piece ${piece} ${begin} ${length}`),
    onBlockBytes: bytes => {
      block += bytes.length
    },
    onBlockEnd: () => void read.push(`end ${block}`),
  })
  let last = 'ok'
  for (let at = 0; at < input.length; at += chunkBytes) {
    const verdict = decoder.push(input.subarray(at, at + chunkBytes))
    requireVerdict(verdict)
    last = verdict.ok ? 'ok' : verdict.code
  }
  return [...read, last].join('\n')
}

function wireTarget(): Target {
  return {
    name: 'wire-messages',
    seeds: [concatBytes(...MESSAGES.map(encodeMessage)), ...MESSAGES.map(encodeMessage)],
    limit: DECODER_LIMIT,
    run(input) {
      const whole = readAll(input, Math.max(1, input.length))
      for (const chunkBytes of [1, 7])
        if (readAll(input, chunkBytes) !== whole)
          throw new Finding(`chunks of ${chunkBytes} bytes are read otherwise`)
    },
  }
}

/** Everything that the swarm reads. */
export function swarmTargets(): Target[] {
  const info = infoBytes()
  const peerId = random.bytes(20)
  return [
    codecTarget({
      name: 'bencode',
      seeds: [info, utf8Encode('d1:ali-5e0:ee'), utf8Encode('i0e')],
      decode: bytes => decodeBencode(bytes),
      encode: encodeBencode,
      isCanonical: true,
    }),
    codecTarget({
      name: 'bencode-any-order',
      seeds: [info, utf8Encode('d1:b1:x1:ai5ee')],
      decode: bytes => decodeBencode(bytes, { keyOrder: 'any' }),
      encode: encodeBencode,
    }),
    codecTarget({
      name: 'metainfo',
      seeds: [info],
      decode: bytes => parseInfo(bytes, sha1),
      examine: requireVerdict,
    }),
    codecTarget({
      name: 'handshake',
      seeds: [true, false].map(extensions =>
        encodeHandshake({ infohash: toInfoHash(random.bytes(20)), peerId, extensions }),
      ),
      decode: parseHandshake,
      encode: encodeHandshake,
    }),
    codecTarget({
      name: 'extension-handshake',
      seeds: [encodeExtensionHandshake(500), encodeExtensionHandshake(undefined)],
      decode: parseExtensionHandshake,
      examine: requireVerdict,
    }),
    codecTarget({
      name: 'metadata-message',
      seeds: [
        encodeMetadataMessage({ type: 'request', piece: 0 }),
        encodeMetadataMessage({ type: 'reject', piece: 3 }),
        encodeMetadataMessage({ type: 'data', piece: 0, totalSize: 40, data: random.bytes(40) }),
      ],
      decode: parseMetadataMessage,
      examine: requireVerdict,
    }),
    wireTarget(),
  ]
}
