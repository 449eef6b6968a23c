import { isDeepStrictEqual } from 'node:util'
import { concatBytes, SeededRandom, sha1, sha256, utf8Encode } from '@onehop/primitives'
import {
  checkFileName,
  createInfo,
  decodeBencode,
  encodeBencode,
  encodeExtensionHandshake,
  encodeHandshake,
  encodeMessage,
  encodeMetadataMessage,
  encodeTorrentFile,
  filesOfPiece,
  PieceLayers,
  parseExtensionHandshake,
  parseHandshake,
  parseInfo,
  parseMetadataMessage,
  parseTorrentFile,
  pieceCount,
  pieceLengthAt,
  rootOfPieceLayer,
  type TorrentInfo,
  type TorrentVersion,
  toInfoHash,
  WireDecoder,
  type WireMessage,
} from '@onehop/swarm'
import { codecTarget, DECODER_LIMIT, Finding, requireVerdict, type Target } from '../target.ts'
import { bencodedTarget } from './mutate-bencoded.ts'
import { swarmMachineTarget } from './swarm-machine.ts'
import { swarmPeerTargets } from './swarm-peers.ts'

const random = new SeededRandom(11)

const PIECE_LENGTH = 32_768
const PIECE_HASHES = 7

/** The hashes of the pieces of a file, and the root that they lead to. */
const LAYER = random.bytes(32 * PIECE_HASHES)

function infoOf(version: TorrentVersion, isFolder: boolean): TorrentInfo {
  const lengthBytes = PIECE_LENGTH * PIECE_HASHES - 9
  const piecesRoot = rootOfPieceLayer(LAYER, PIECE_LENGTH, sha256)
  const files = [
    { path: ['b', 'song.mp3'], lengthBytes, piecesRoot },
    { path: ['c', 'empty'], lengthBytes: 0, isExecutable: true },
  ]
  const content = {
    name: 'songs',
    version,
    pieceLengthBytes: PIECE_LENGTH,
    pieceHashes: version === 'v2' ? new Uint8Array(0) : random.bytes(20 * PIECE_HASHES),
    ...(isFolder ? { files } : { lengthBytes, piecesRoot }),
  }
  const created = createInfo(content, sha1)
  if (!created.ok) throw new Error(created.detail)
  return created.value
}

const INFOS = (['v1', 'v2', 'hybrid'] as const).flatMap(version => [
  infoOf(version, false),
  infoOf(version, true),
])

function torrentFileOf(info: TorrentInfo): Uint8Array {
  const pieceLayers = new PieceLayers(info, sha256)
  for (const { piecesRoot } of info.files) if (piecesRoot) pieceLayers.add(piecesRoot, LAYER)
  const trackers = [['http://a/announce', 'udp://b:1'], ['https://c/announce']]
  return encodeTorrentFile({ info, trackers, pieceLayers, comment: 'x', createdBy: 'y', creationDate: 7 })
}

const PIECES_EXAMINED = 64

/** Whatever was accepted can be stored: every path is safe and its own, and the pieces are made of the files. */
function examineInfo(info: TorrentInfo): void {
  const stored = info.files.filter(file => !file.isPadding)
  const paths = new Set(stored.map(file => file.path.join('/')))
  if (paths.size !== stored.length) throw new Finding('two files have one path')
  for (const file of info.files)
    for (const name of file.path)
      if (!checkFileName(name).ok) throw new Finding(`unsafe name ${JSON.stringify(name)}`)
  for (let piece = 0; piece < Math.min(pieceCount(info), PIECES_EXAMINED); piece++) {
    let end = 0
    for (const slice of filesOfPiece(info, piece)) {
      if (slice.offsetInPiece !== end || slice.offsetInFile + slice.lengthBytes > slice.file.lengthBytes)
        throw new Finding(`piece ${piece} is not covered`)
      end += slice.lengthBytes
    }
    if (end !== pieceLengthAt(info, piece) || end === 0) throw new Finding(`piece ${piece} has ${end} bytes`)
  }
}

function metainfoTargets(): Target[] {
  const infos = INFOS.map(info => info.bytes)
  return [
    codecTarget({
      name: 'bencode',
      seeds: [...infos, ...['d1:ali-5e0:ee', 'd1:b1:x1:ai5ee', 'i0e'].map(utf8Encode)],
      decode: bytes => decodeBencode(bytes),
      encode: encodeBencode,
    }),
    bencodedTarget({
      name: 'metainfo',
      seeds: infos,
      decode: bytes => parseInfo(bytes, sha1),
      examine: result => {
        requireVerdict(result)
        if (result.ok) examineInfo(result.value)
      },
    }),
    bencodedTarget({
      name: 'torrent-file',
      seeds: INFOS.map(torrentFileOf),
      decode: bytes => parseTorrentFile(bytes, { sha1 }),
      examine: result => {
        requireVerdict(result)
        if (!result.ok) return
        examineInfo(result.value.info)
        const again = parseTorrentFile(encodeTorrentFile(result.value), { sha1 })
        if (!again.ok || !isDeepStrictEqual(again.value.trackers, result.value.trackers))
          throw new Finding('the .torrent changes')
      },
    }),
  ]
}

const HASH_RANGE = { piecesRoot: random.bytes(32), baseLayer: 1, index: 0, length: 2, proofLayers: 0 }

const MESSAGES: readonly WireMessage[] = [
  { type: 'keepAlive' },
  { type: 'choke' },
  { type: 'interested' },
  { type: 'have', piece: 7 },
  { type: 'bitfield', bits: random.bytes(9) },
  { type: 'request', piece: 1, begin: 16_384, length: 16_384 },
  { type: 'piece', piece: 1, begin: 0, block: random.bytes(50) },
  {
    type: 'extended',
    id: 0,
    payload: encodeExtensionHandshake({ metadataSize: 500, exchangesPeers: true, isUploadOnly: false }),
  },
  { type: 'haveAll' },
  { type: 'allowedFast', piece: 3 },
  { type: 'reject', piece: 1, begin: 16_384, length: 16_384 },
  { type: 'hashRequest', ...HASH_RANGE },
  { type: 'hashes', ...HASH_RANGE, hashes: random.bytes(64) },
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
  const peerId = random.bytes(20)
  return [
    ...metainfoTargets(),
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
      seeds: [
        encodeExtensionHandshake({ metadataSize: 500, exchangesPeers: true, isUploadOnly: false }),
        encodeExtensionHandshake({
          listenPort: 6881,
          yourHost: '1.2.3.4',
          exchangesPeers: false,
          isUploadOnly: true,
        }),
      ],
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
    ...swarmPeerTargets(),
    swarmMachineTarget(),
  ]
}
