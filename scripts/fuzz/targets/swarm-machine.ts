import {
  concatBytes,
  randomBelow,
  randomElement,
  SeededRandom,
  sha1,
  sha256,
  utf8Encode,
} from '@onehop/primitives'
import {
  Bitfield,
  BLOCK_BYTES,
  createInfo,
  encodeExtensionHandshake,
  encodeMessage,
  encodeMetadataMessage,
  encodePexMessage,
  isPieceGood,
  MAX_QUEUED_REQUESTS,
  merkleRoot,
  OUR_UT_METADATA_ID,
  type PeerKey,
  PieceLayers,
  pieceCheckAt,
  pieceCount,
  rootOfPieceLayer,
  TICK_INTERVAL_MS,
  type TorrentInfo,
  TorrentMachine,
  type TorrentVersion,
  WireDecoder,
  type WireMessage,
} from '@onehop/swarm'
import { Finding, requireVerdict, type Target } from '../target.ts'

const PIECE_LENGTH = 2 * BLOCK_BYTES
const LARGE_PIECES = 5
const STRANGER = 1 as PeerKey
const BYSTANDER = 2 as PeerKey

/** The hashes of all pieces of the large file, as one message has them. */
const PROOF = proofOf(LARGE_PIECES)

function proofOf(pieces: number): Uint8Array {
  const block = sha256(new Uint8Array(BLOCK_BYTES))
  const piece = merkleRoot(concatBytes(block, block), 2, sha256)
  const padding = merkleRoot(new Uint8Array(0), 2, sha256)
  return concatBytes(...Array.from({ length: 8 }, (_, i) => (i < pieces ? piece : padding)))
}

/** A torrent of zeros: every block of it is good wherever it stands. */
function zerosOf(version: TorrentVersion) {
  const block = sha256(new Uint8Array(BLOCK_BYTES))
  const layer = PROOF.subarray(0, 32 * LARGE_PIECES)
  const files = [
    {
      path: ['large'],
      lengthBytes: LARGE_PIECES * PIECE_LENGTH,
      piecesRoot: rootOfPieceLayer(layer, PIECE_LENGTH, sha256),
    },
    { path: ['one'], lengthBytes: BLOCK_BYTES, piecesRoot: block },
  ]
  const pieceHash = sha1(new Uint8Array(PIECE_LENGTH))
  const pieceHashes = concatBytes(
    ...new Array<Uint8Array>(LARGE_PIECES).fill(pieceHash),
    sha1(new Uint8Array(BLOCK_BYTES)),
  )
  const content = { name: 'zeros', version, pieceLengthBytes: PIECE_LENGTH, files }
  const info = createInfo({ ...content, ...(version !== 'v2' && { pieceHashes }) }, sha1)
  if (!info.ok) throw new Error(info.detail)
  return { info: info.value, layer, piecesRoot: files[0]!.piecesRoot }
}

/** What the machine that is spoken to knows and has. */
interface Scene {
  readonly version: TorrentVersion
  readonly knowsInfo: boolean
  readonly hasContent: boolean
}

const SCENES: readonly Scene[] = (['v1', 'v2'] as const).flatMap(version => [
  { version, knowsInfo: false, hasContent: false },
  { version, knowsInfo: true, hasContent: false },
  { version, knowsInfo: true, hasContent: true },
])
const TORRENTS = { v1: zerosOf('v1'), v2: zerosOf('v2'), hybrid: zerosOf('hybrid') }

/** Messages to one peer that no input can bring about: its pipeline, its answers, what everybody is told. */
const MAX_MESSAGES = 4 * MAX_QUEUED_REQUESTS

/** A machine with a stranger, who says what the input says, and somebody who says nothing. */
class MachineUnderTest {
  private readonly machine: TorrentMachine
  private readonly info: TorrentInfo
  private nowMs = 1
  private sent = 0
  private isConnected = true
  /** What the stranger is asked for; undefined where it does not care. */
  private readonly asked: WireMessage[] | undefined
  private readonly pieces: { piece: number; bytes: Uint8Array }[] = []
  private isInfoNews = false

  /** @param isHelpful whether the stranger answers what it is asked, beside all else that it says. */
  constructor({ version, knowsInfo, hasContent }: Scene, isHelpful: boolean) {
    const { info, layer, piecesRoot } = TORRENTS[version]
    this.info = info
    this.asked = isHelpful ? [] : undefined
    const pieceLayers = new PieceLayers(info, sha256)
    if (hasContent && version === 'v2') pieceLayers.add(piecesRoot, layer)
    this.machine = new TorrentMachine({
      infohash: info.infohash,
      environment: {
        now: () => this.nowMs,
        random: new SeededRandom(7).next,
        sha1,
        send: (peer, message) => this.onSend(peer, message),
        drop: (peer, reason) => {
          requireVerdict(reason)
          if (peer === STRANGER) this.isConnected = false
        },
        uploadsReady: () => {},
        storePiece: (piece, bytes) => void this.pieces.push({ piece, bytes }),
        metadataReady: () => {
          this.isInfoNews = true
        },
        metadataRefused: () => {
          throw new Finding('metadata with the right hash was refused')
        },
        pieceVerified: () => {},
        completed: () => {},
        peersLearned: () => {},
        peerListensAt: () => {},
      },
      ...(knowsInfo ? { info, pieceLayers } : {}),
    })
    const pieces = pieceCount(info)
    if (knowsInfo) this.machine.start(hasContent ? Bitfield.full(pieces) : new Bitfield(pieces))
    this.machine.setFetching(true)
    for (const key of [STRANGER, BYSTANDER]) {
      const common = { extensions: true, fast: true, isOutbound: false, peerId: new Uint8Array(20) }
      this.machine.addPeer({ ...common, key, remotePeer: `${key}` })
    }
  }

  private onSend(peer: PeerKey, message: WireMessage): void {
    if (peer !== STRANGER) return
    if (!this.isConnected) throw new Finding(`${message.type} to a peer that was dropped`)
    encodeMessage(message)
    this.asked?.push(message)
    if (++this.sent > MAX_MESSAGES) throw new Finding('messages without end')
  }

  hear(stream: Uint8Array): void {
    const { machine } = this
    const decoder = new WireDecoder({
      onMessage: message => machine.onMessage(STRANGER, message),
      onBlockStart: (piece, begin, length) => machine.onBlockStart(STRANGER, piece, begin, length),
      onBlockBytes: bytes => machine.onBlockBytes(STRANGER, bytes),
      onBlockEnd: () => machine.onBlockEnd(STRANGER),
    })
    for (const part of this.asked ? framesOf(stream) : chunksOf(stream)) {
      const answers = (this.asked?.splice(0) ?? []).flatMap(message => answerTo(message, this.info))
      for (const bytes of [...answers.map(encodeMessage), part]) {
        if (!this.isConnected) break
        const verdict = decoder.push(bytes)
        requireVerdict(verdict)
        if (verdict.ok) machine.afterBatch(STRANGER)
        else machine.onMalformed(STRANGER, verdict)
      }
      this.goOn()
    }
    machine.removePeer(STRANGER)
    this.isConnected = false
    this.goOn()
  }

  /** What a driver does in between. */
  private goOn(): void {
    const { machine, info } = this
    if (this.isInfoNews) machine.start(new Bitfield(pieceCount(info)))
    this.isInfoNews = false
    for (const { piece, bytes } of this.pieces.splice(0)) {
      const isGood = isPieceGood(bytes, pieceCheckAt(info, piece, machine.pieceLayers)!, { sha1, sha256 })
      machine.onPieceStored(piece, isGood ? 'stored' : 'corrupt')
    }
    while (machine.takeUpload(STRANGER)) this.sent++
    this.nowMs += TICK_INTERVAL_MS
    machine.tick()
  }
}

const CHUNK_BYTES = 4096

function* chunksOf(stream: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < stream.length; at += CHUNK_BYTES) yield stream.subarray(at, at + CHUNK_BYTES)
}

/** Message by message, so that others fit in between; what is cut off at the end is left out. */
function* framesOf(stream: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength)
  for (let at = 0; at + 4 <= stream.length; ) {
    const end = at + 4 + view.getUint32(at)
    if (end > stream.length) return
    yield stream.subarray(at, end)
    at = end
  }
}

/** What an honest peer with everything answers. */
function answerTo(message: WireMessage, info: TorrentInfo): WireMessage[] {
  if (message.type === 'request') {
    const { piece, begin, length } = message
    return [{ type: 'piece', piece, begin, block: new Uint8Array(length) }]
  }
  if (message.type === 'hashRequest') return [{ ...message, type: 'hashes', hashes: PROOF }]
  if (message.type !== 'extended' || message.id !== OUR_UT_METADATA_ID) return []
  const data = { type: 'data', piece: 0, totalSize: info.bytes.length, data: info.bytes } as const
  return [{ type: 'extended', id: OUR_UT_METADATA_ID, payload: encodeMetadataMessage(data) }]
}
const MAX_GENERATED = 40
const NUMBERS = [0, 1, 2, 4, 5, 6, 100, 2 ** 31, 2 ** 32 - 1]
const LENGTHS = [0, 1, BLOCK_BYTES, PIECE_LENGTH, 2 ** 17, 2 ** 32 - 1]

/** What a peer with everything says first. */
function preludeOf(info: TorrentInfo): WireMessage[] {
  const handshake = { exchangesPeers: true, isUploadOnly: true, metadataSize: info.bytes.length }
  return [
    { type: 'extended', id: 0, payload: encodeExtensionHandshake(handshake) },
    { type: 'haveAll' },
    { type: 'unchoke' },
    ...new Array<WireMessage>(6).fill({ type: 'keepAlive' }),
  ]
}

/** A message that means something here, or nearly. */
function messageOf(random: SeededRandom, { info, piecesRoot }: (typeof TORRENTS)['v1']): WireMessage {
  const pick = <T>(list: readonly T[]): T => randomElement(random.next, list)!
  const range = { piece: pick(NUMBERS), begin: pick(LENGTHS), length: pick(LENGTHS) }
  const hashes = {
    piecesRoot,
    baseLayer: 1,
    index: pick(NUMBERS),
    length: pick([1, 2, 8, 512]),
    proofLayers: pick(NUMBERS),
  }
  const whole = { piecesRoot, baseLayer: 1, index: 0, length: 8, proofLayers: 2 }
  const bare = ['choke', 'unchoke', 'unchoke', 'interested', 'notInterested', 'haveAll', 'haveNone'] as const
  const handshake = {
    exchangesPeers: true,
    isUploadOnly: false,
    metadataSize: pick([info.bytes.length, ...LENGTHS]),
  }
  const metadata = { type: 'data', piece: 0, totalSize: info.bytes.length, data: info.bytes } as const
  const pex = { added: [{ host: '127.0.0.1', port: 1, flags: 0 }], dropped: [] }
  return pick<WireMessage>([
    { type: pick(bare) },
    { type: pick(['have', 'suggest', 'allowedFast'] as const), piece: pick(NUMBERS) },
    { type: 'bitfield', bits: pick([Uint8Array.of(0xfc), random.bytes(1), random.bytes(3)]) },
    { type: pick(['request', 'cancel', 'reject'] as const), ...range },
    {
      type: 'piece',
      piece: pick(NUMBERS),
      begin: pick(LENGTHS),
      block: new Uint8Array(pick([0, 1, BLOCK_BYTES])),
    },
    { type: pick(['hashRequest', 'hashReject'] as const), ...hashes },
    { type: 'hashes', ...hashes, hashes: random.bytes(64) },
    { type: 'hashes', ...whole, hashes: PROOF },
    { type: 'extended', id: 0, payload: encodeExtensionHandshake(handshake) },
    {
      type: 'extended',
      id: 1,
      payload: encodeMetadataMessage(pick([metadata, { type: 'request', piece: pick(NUMBERS) }])),
    },
    {
      type: 'extended',
      id: pick([1, 2, 9]),
      payload: pick([encodePexMessage(pex), utf8Encode('de'), random.bytes(9)]),
    },
  ])
}

/** All messages of a peer, to a machine of any state: the first byte says which, and whether it answers. */
export function swarmMachineTarget(): Target {
  const random = new SeededRandom(3)
  const generate = (source: SeededRandom) => {
    const which = randomBelow(source.next, 2 * SCENES.length)
    const torrent = TORRENTS[SCENES[which % SCENES.length]!.version]
    const count = randomBelow(source.next, MAX_GENERATED)
    const prelude = randomBelow(source.next, 2) === 0 ? [] : preludeOf(torrent.info)
    const messages = [...prelude, ...Array.from({ length: count }, () => messageOf(source, torrent))]
    return concatBytes(Uint8Array.of(which), ...messages.map(encodeMessage))
  }
  return {
    name: 'torrent-machine',
    seeds: SCENES.map(() => generate(random)),
    limit: { baseMs: 100, microsecondsPerByte: 30 },
    generate,
    run(input) {
      const [which = 0] = input
      const scene = SCENES[which % SCENES.length]!
      new MachineUnderTest(scene, which >= SCENES.length).hear(input.subarray(1))
    },
  }
}
