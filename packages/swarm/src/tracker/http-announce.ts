import { attemptDecode, equalBytes, type Result } from '@onehop/primitives'
import {
  type Bencoded,
  type BencodedDictionary,
  decodeBencode,
  expectDictionary,
} from '../metainfo/bencode.ts'
import { decodeCompactPeers, formatIpAddress, type PeerAddress, parseIpAddress } from '../peer-address.ts'
import { readableText } from '../readable-text.ts'
import type { AnnounceAnswer, AnnounceRequest } from './announce.ts'
import {
  DEFAULT_ANNOUNCE_SECONDS,
  MAX_PEERS_PER_ANSWER,
  MAX_TRACKER_ID_BYTES,
  MAX_TRACKER_MESSAGE_CHARACTERS,
} from './limits.ts'

const UNRESERVED = /[A-Za-z0-9._~-]/

/** Bytes as a URL's query has them: everything but letters, digits and `.-_~` as `%xx`. */
function percentEncodeBytes(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    text += UNRESERVED.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

/** The tracker's URL with an announce in its query (BEP 3, BEP 23); what stood in the query stays. */
export function announceUrl(tracker: string, request: AnnounceRequest): string {
  const parameters = [
    `info_hash=${percentEncodeBytes(request.infohash)}`,
    `peer_id=${percentEncodeBytes(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploadedBytes}`,
    `downloaded=${request.downloadedBytes}`,
    `left=${request.leftBytes}`,
    'compact=1',
    'no_peer_id=1',
    `numwant=${request.peersWanted}`,
    `key=${request.key.toString(16).padStart(8, '0')}`,
  ]
  if (request.event) parameters.push(`event=${request.event}`)
  if (request.trackerId) parameters.push(`trackerid=${percentEncodeBytes(request.trackerId)}`)
  return withParameters(tracker, parameters)
}

function withParameters(url: string, parameters: readonly string[]): string {
  const [base = url] = url.split('#')
  return `${base}${base.includes('?') ? '&' : '?'}${parameters.join('&')}`
}

/**
 * Reads the answer to an announce: compact or not, of both families (BEP 3, BEP 7, BEP 23).
 * @param ownPeerId whoever has it is left out.
 * @returns a refusal `tracker-failure` with the tracker's words, or `bad-tracker-answer`.
 */
export function parseHttpAnnounce(bytes: Uint8Array, ownPeerId: Uint8Array): Result<AnnounceAnswer> {
  return parseAnswer(bytes, dictionary => readAnnounceAnswer(dictionary, ownPeerId))
}

function parseAnswer<T>(bytes: Uint8Array, read: (dictionary: BencodedDictionary) => T): Result<T> {
  return attemptResult(() => {
    const dictionary = expectDictionary(decodeBencode(bytes), 'the answer')
    const failure = textOf(dictionary.get('failure reason'))
    if (failure !== undefined) return { ok: false, code: 'tracker-failure', blame: 'nobody', detail: failure }
    return { ok: true, value: read(dictionary) }
  })
}

function attemptResult<T>(decode: () => Result<T>): Result<T> {
  const decoded = attemptDecode('bad-tracker-answer', decode)
  return decoded.ok ? decoded.value : decoded
}

function readAnnounceAnswer(dictionary: BencodedDictionary, ownPeerId: Uint8Array): AnnounceAnswer {
  const peers = [...readPeers(dictionary.get('peers'), ownPeerId), ...readPeers6(dictionary.get('peers6'))]
  const answer = {
    intervalSeconds: countOf(dictionary.get('interval')) ?? DEFAULT_ANNOUNCE_SECONDS,
    peers: peers.slice(0, MAX_PEERS_PER_ANSWER),
    minIntervalSeconds: countOf(dictionary.get('min interval')),
    seeders: countOf(dictionary.get('complete')),
    leechers: countOf(dictionary.get('incomplete')),
    trackerId: shortBytesOf(dictionary.get('tracker id')),
    warning: textOf(dictionary.get('warning message')),
    externalHost: hostOf(dictionary.get('external ip')),
  }
  return definedOnly(answer)
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

function definedOnly<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>
}

function readPeers(value: Bencoded | undefined, ownPeerId: Uint8Array): PeerAddress[] {
  if (value instanceof Uint8Array) return decodeCompactPeers(value, 4)
  if (!Array.isArray(value)) return []
  return value.slice(0, MAX_PEERS_PER_ANSWER).flatMap((item: Bencoded) => readPeer(item, ownPeerId))
}

function readPeers6(value: Bencoded | undefined): PeerAddress[] {
  return value instanceof Uint8Array ? decodeCompactPeers(value, 6) : []
}

/** One peer as a dictionary. Host names are left out: nobody is looked up because a tracker says so. */
function readPeer(value: Bencoded, ownPeerId: Uint8Array): PeerAddress[] {
  if (!(value instanceof Map)) return []
  const peer: BencodedDictionary = value
  const id = peer.get('peer id')
  if (id instanceof Uint8Array && equalBytes(id, ownPeerId)) return []
  const address = parseIpAddress(textOf(peer.get('ip')) ?? '')
  const port = peer.get('port')
  if (address === undefined || typeof port !== 'number' || port < 1 || port > 0xffff) return []
  return [{ host: formatIpAddress(address), port }]
}

/** A count; undefined for anything else, negative ones too. */
function countOf(value: Bencoded | undefined): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined
}

function textOf(value: Bencoded | undefined): string | undefined {
  return value instanceof Uint8Array ? readableText(value, MAX_TRACKER_MESSAGE_CHARACTERS) : undefined
}

function shortBytesOf(value: Bencoded | undefined): Uint8Array | undefined {
  return value instanceof Uint8Array && value.length <= MAX_TRACKER_ID_BYTES ? value.slice() : undefined
}

function hostOf(value: Bencoded | undefined): string | undefined {
  const isAddress = value instanceof Uint8Array && (value.length === 4 || value.length === 16)
  return isAddress ? formatIpAddress(value) : undefined
}
