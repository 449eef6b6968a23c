import { concatBytes, type Result, SeededRandom, utf8Encode } from '@onehop/primitives'
import {
  type AnnounceAnswer,
  type AnnounceRequest,
  announceUrl,
  decodeUdpAnswer,
  decodeUdpRequest,
  encodeHttpAnnounce,
  encodeHttpFailure,
  encodeLocalMessage,
  encodePexMessage,
  encodeUdpAnnounce,
  encodeUdpAnswer,
  encodeUdpConnect,
  MAX_PEERS_PER_ANSWER,
  type PeerAddress,
  parseAnnounceQuery,
  parseHttpAnnounce,
  parseLocalMessage,
  parsePexMessage,
  parseScrapeQuery,
  toInfoHash,
} from '@onehop/swarm'
import { codecTarget, Finding, requireVerdict, type Target } from '../target.ts'
import { bencodedTarget } from './mutate-bencoded.ts'

const random = new SeededRandom(15)
const infohash = toInfoHash(random.bytes(20))
const peerId = random.bytes(20)
const peers = [
  { host: '127.0.0.1', port: 6881 },
  { host: '2001:db8::7', port: 65_535 },
]
const request: AnnounceRequest = {
  infohash,
  peerId,
  port: 6881,
  event: 'started',
  uploadedBytes: 1,
  downloadedBytes: 2,
  leftBytes: 3,
  peersWanted: 50,
  key: 7,
  trackerId: random.bytes(4),
}

/** Whoever is dialled because of a message has an address that can be dialled. */
function requirePeers(found: readonly PeerAddress[], limit: number): void {
  if (found.length > limit) throw new Finding(`${found.length} peers`)
  for (const { host, port } of found)
    if (!/^[0-9a-f.:]+$/.test(host) || !(port >= 1 && port <= 65_535))
      throw new Finding(`peer ${host} ${port}`)
}

function examined<T>(examine: (value: T) => void): (result: Result<T>) => void {
  return result => {
    requireVerdict(result)
    if (result.ok) examine(result.value)
  }
}

function httpTargets(): Target[] {
  const tracked = peers.map(peer => ({ ...peer, peerId }))
  const answer = { intervalSeconds: 1800, minIntervalSeconds: 60, seeders: 1, leechers: 2, peers: tracked }
  return [
    bencodedTarget({
      name: 'http-announce',
      seeds: [
        encodeHttpAnnounce(answer, { compact: true, noPeerId: true }),
        encodeHttpAnnounce(answer, { compact: false, noPeerId: false }),
        encodeHttpFailure({ ok: false, code: 'x', blame: 'nobody', detail: 'no' }),
      ],
      decode: bytes => parseHttpAnnounce(bytes, peerId),
      examine: examined((value: AnnounceAnswer) => requirePeers(value.peers, MAX_PEERS_PER_ANSWER)),
    }),
    codecTarget({
      name: 'tracker-query',
      seeds: [announceUrl('http://t/announce', request)].map(url =>
        utf8Encode(url.slice(url.indexOf('?') + 1)),
      ),
      decode: bytes => Buffer.from(bytes).toString('latin1'),
      examine: query => {
        requireVerdict(parseAnnounceQuery(query))
        requireVerdict(parseScrapeQuery(query))
      },
    }),
  ]
}

function udpTargets(): Target[] {
  const answers = [
    { action: 'connect', transaction: 1, connectionId: random.bytes(8) },
    { action: 'announce', transaction: 2, answer: { intervalSeconds: 60, seeders: 1, leechers: 2, peers } },
    { action: 'error', transaction: 4, message: 'no' },
  ] as const
  return [
    codecTarget({
      name: 'udp-tracker-answer',
      seeds: answers.flatMap(answer => [encodeUdpAnswer(answer, 4), encodeUdpAnswer(answer, 6)]),
      decode: bytes => ([4, 6] as const).map(family => decodeUdpAnswer(bytes, family)),
      examine: read => {
        for (const each of read)
          if (each.action === 'announce') requirePeers(each.answer.peers, MAX_PEERS_PER_ANSWER)
      },
    }),
    codecTarget({
      name: 'udp-tracker-request',
      seeds: [
        encodeUdpConnect(1),
        encodeUdpAnnounce(random.bytes(8), 2, request),
        concatBytes(random.bytes(8), Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 3), infohash),
      ],
      decode: decodeUdpRequest,
    }),
  ]
}

/** Everything that tells where peers are. */
export function swarmPeerTargets(): Target[] {
  const pex = { added: peers.map(peer => ({ ...peer, flags: 2 })), dropped: peers }
  return [
    ...httpTargets(),
    ...udpTargets(),
    bencodedTarget({
      name: 'pex-message',
      seeds: [encodePexMessage(pex)],
      decode: parsePexMessage,
      examine: examined(value => requirePeers([...value.added, ...value.dropped], Number.POSITIVE_INFINITY)),
    }),
    codecTarget({
      name: 'local-message',
      seeds: [encodeLocalMessage({ port: 6881, infohashes: [infohash], cookie: 'x' }, 4)],
      decode: parseLocalMessage,
      examine: examined(value => requirePeers([{ host: '::', port: value.port }], 1)),
    }),
  ]
}
