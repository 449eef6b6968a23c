import { attemptDecode, bytesToHex, equalBytes, type Result } from '@onehop/primitives'
import {
  type Bencoded,
  type BencodedDictionary,
  decodeBencode,
  expectDictionary,
} from '../metainfo/bencode.ts'
import { INFO_HASH_BYTES, type InfoHash, toInfoHash } from '../metainfo/infohash.ts'
import { decodeCompactPeers, formatIpAddress, type PeerAddress, parseIpAddress } from '../peer-address.ts'
import { readableText } from '../readable-text.ts'
import type { AnnounceAnswer, AnnounceRequest, ScrapeEntry } from './announce.ts'
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

/** Where the tracker takes scrapes (BEP 48); undefined when its URL does not follow the convention. */
export function scrapeUrl(tracker: string, infohashes: readonly Uint8Array[]): string | undefined {
  const match = /^([^?#]*\/)announce([^/?#]*)(\?[^#]*)?/.exec(tracker)
  if (!match) return undefined
  const [, folder, ending, query = ''] = match
  return withParameters(
    `${folder}scrape${ending}${query}`,
    infohashes.map(infohash => `info_hash=${percentEncodeBytes(infohash)}`),
  )
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
    const dictionary = expectDictionary(decodeBencode(bytes, { keyOrder: 'any' }), 'the answer')
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

/** Reads the answer to a scrape: of the torrents asked for, those that the tracker knows (BEP 48). */
export function parseHttpScrape(
  bytes: Uint8Array,
  asked: readonly InfoHash[],
): Result<readonly ScrapeEntry[]> {
  return parseAnswer(bytes, dictionary => {
    const files = expectDictionary(dictionary.get('files'), 'the list of torrents')
    const wanted = new Set(asked.map(bytesToHex))
    return [...files].flatMap(([key, value]) => readScrapeEntry(key, value, wanted))
  })
}

function readScrapeEntry(key: string, value: Bencoded, wanted: ReadonlySet<string>): ScrapeEntry[] {
  const bytes = Uint8Array.from(key, character => character.charCodeAt(0))
  if (bytes.length !== INFO_HASH_BYTES || !wanted.has(bytesToHex(bytes)) || !(value instanceof Map)) return []
  const entry: BencodedDictionary = value
  return [
    {
      infohash: toInfoHash(bytes),
      seeders: countOf(entry.get('complete')) ?? 0,
      leechers: countOf(entry.get('incomplete')) ?? 0,
      downloads: countOf(entry.get('downloaded')) ?? 0,
    },
  ]
}
