import { type KelipsMessage, kelipsCodec, type MemberEntry } from '@onehop/kelips'
import { serializeBlock, serializeTransaction } from '@onehop/ledger'
import { FrameDecoder, framePrefix } from '@onehop/libp2p-overlay'
import {
  checkPointer,
  decodePointer,
  encodedPointerLength,
  encodePointer,
  nameKey,
  type Pointer,
  pointerPayload,
} from '@onehop/overlay'
import { concatBytes, SeededRandom } from '@onehop/primitives'
import {
  decodeSyncMessage,
  encodeSyncMessage,
  type SyncMessage,
} from '../../../packages/network/src/sync-messages.ts'
import { attempt, codecTarget, DECODER_LIMIT, Finding, requireVerdict, type Target } from '../target.ts'
import type { Corpus } from './corpus.ts'

const random = new SeededRandom(5)
const NOW_S = 1_767_225_600

function pointer(kind: Pointer['kind']): Pointer {
  return {
    version: 1,
    kind,
    key: nameKey('song.mp3'),
    ...(kind === 'content'
      ? {}
      : { target: random.bytes(22), displayName: 'Song – é.mp3', bytes: 5_000_000_000 }),
    provider: random.bytes(38),
    addresses: [random.bytes(8), random.bytes(20)],
    sequence: 1_700_000_000_123,
    expiresAt: NOW_S + 30,
    signature: random.bytes(64),
  }
}

function member(): MemberEntry {
  const record = {
    id: random.bytes(38),
    addresses: [random.bytes(8), random.bytes(30)],
    heartbeat: 1_767_225_600_123,
    depth: 8,
    left: false,
    signature: random.bytes(64),
  }
  return { record, ageMs: 1234 }
}

function kelipsMessages(): KelipsMessage[] {
  const sender = member()
  const members = [member(), member()]
  const pointers = [pointer('content'), pointer('name')]
  const key = nameKey('song.mp3')
  return [
    { type: 'gossip', groups: 4, sender, wantsReply: true, members, pointers },
    {
      type: 'pull',
      request: 1,
      groups: 4,
      sender,
      limit: 50,
      skip: 3,
      filetuples: true,
      low: 5,
      high: 2 ** 32 - 1,
      key,
    },
    {
      type: 'share',
      request: 1,
      groups: 4,
      sender,
      census: { nodes: 9, files: 7 },
      members,
      skip: 40,
      pointers,
      more: true,
      settled: false,
      busy: true,
    },
    { type: 'store', request: 2, pointers },
    { type: 'stored', request: 2, limit: 3, members },
    { type: 'find', request: 3, key, limit: 5 },
    { type: 'found', request: 3, pointers, members, settled: true },
    { type: 'ping', request: 4, target: random.bytes(38) },
    { type: 'pong', request: 4, sender },
  ]
}

function syncMessages({ rich: { block }, spends }: Corpus): SyncMessage[] {
  const hashes = [random.bytes(32), random.bytes(32)]
  const status = {
    version: 2,
    genesisHash: random.bytes(32),
    height: 300,
    bestHash: random.bytes(32),
    chainWork: 602n,
    minFeeRate: 100n,
  }
  const bytes = serializeBlock(block)
  return [
    { type: 'status', id: 0, status },
    { type: 'getStatus', id: 1 },
    { type: 'getHeaders', id: 2, hashes, limit: 2000 },
    { type: 'headers', id: 2, headers: [bytes.slice(0, 80), bytes.slice(0, 80)] },
    { type: 'getBlocks', id: 3, hashes },
    { type: 'block', id: 3, bytes },
    { type: 'getTransactions', id: 4, hashes },
    { type: 'getParents', id: 5, hashes },
    { type: 'transaction', id: 4, bytes: serializeTransaction(spends[0]!) },
    { type: 'getMempool', id: 6 },
    { type: 'mempool', id: 6, hashes },
    { type: 'getCompactBlock', id: 7, hash: random.bytes(32) },
    { type: 'notFound', id: 7, hash: random.bytes(32) },
    { type: 'busy', id: 8 },
  ]
}

/** Frames that are read, or why not: the same however the bytes are cut up. */
function framesOf(input: Uint8Array, chunkBytes: number): string {
  const decoder = new FrameDecoder(2000)
  const frames: string[] = []
  const done = attempt(() => {
    for (let at = 0; at < input.length; at += chunkBytes)
      decoder.push(
        input.subarray(at, at + chunkBytes),
        frame => void frames.push(Buffer.from(frame).toString('hex')),
      )
    return true
  })
  return [...frames, done ? 'ok' : 'refused'].join('\n')
}

function frameTarget(): Target {
  const frames = [random.bytes(3), random.bytes(200), new Uint8Array(0), random.bytes(1999)]
  return {
    name: 'frames',
    seeds: [concatBytes(...frames.flatMap(frame => [framePrefix(frame.length), frame]))],
    limit: DECODER_LIMIT,
    run(input) {
      const whole = framesOf(input, Math.max(1, input.length))
      for (const chunkBytes of [1, 5, 150])
        if (framesOf(input, chunkBytes) !== whole)
          throw new Finding(`chunks of ${chunkBytes} bytes are read otherwise`)
    },
  }
}

/** Everything that peers send each other beside the ledger's own formats. */
export function networkTargets(corpus: Corpus): Target[] {
  return [
    codecTarget({
      name: 'sync-message',
      seeds: syncMessages(corpus).map(encodeSyncMessage),
      decode: decodeSyncMessage,
      encode: encodeSyncMessage,
    }),
    codecTarget({
      name: 'pointer',
      seeds: [pointer('content'), pointer('name'), { ...pointer('word'), withdrawn: true as const }].map(
        encodePointer,
      ),
      decode: decodePointer,
      encode: encodePointer,
      examine: (value: Pointer) => {
        requireVerdict(checkPointer(value, NOW_S))
        pointerPayload(value)
        if (encodePointer(value).length !== encodedPointerLength(value))
          throw new Finding('the length is another')
      },
    }),
    codecTarget({
      name: 'kelips-message',
      seeds: kelipsMessages().map(message => kelipsCodec.encode(message)),
      decode: bytes => kelipsCodec.decode(bytes),
      encode: (message: KelipsMessage) => kelipsCodec.encode(message),
      examine: message => {
        if (kelipsCodec.encode(message).length !== kelipsCodec.encodedLength(message))
          throw new Finding('the length is another')
      },
    }),
    frameTarget(),
  ]
}
