import {
  attemptDecode,
  DecodeError,
  type Rejection,
  type Result,
  utf8Decode,
  utf8Encode,
} from '@onehop/primitives'
import { type Bencoded, encodeBencode } from '../metainfo/bencode.ts'
import { type InfoHash, toInfoHash } from '../metainfo/infohash.ts'
import { encodeCompactPeers, formatIpAddress, parseIpAddress } from '../peer-address.ts'
import { PEER_ID_BYTES } from '../wire/handshake.ts'
import type { AnnounceEvent, AnnounceRequest, ScrapeEntry } from './announce.ts'
import { MAX_SCRAPED } from './limits.ts'
import type { RegistryAnswer, TrackedPeer } from './tracker-registry.ts'

const EVENTS: readonly string[] = ['started', 'completed', 'stopped'] satisfies AnnounceEvent[]
const COUNTER = /^\d{1,16}$/
const PERCENT = 0x25

/** An announce as an HTTP client sends it. */
export interface HttpAnnounce {
  readonly request: AnnounceRequest
  /** Whether the client takes peers in compact form: all do, and most trackers know nothing else (BEP 23). */
  readonly compact: boolean
  /** Whether it can do without the ids in dictionaries. */
  readonly noPeerId: boolean
  /** Where the client says it is. */
  readonly claimedHost?: string
}

/** The parameters of a query: values are bytes, for an infohash is no text. The same name may come again. */
function readQuery(query: string): [name: string, value: Uint8Array][] {
  return query
    .split('&')
    .filter(part => part !== '')
    .map(part => {
      const equals = part.indexOf('=')
      return equals < 0
        ? [part, new Uint8Array(0)]
        : [part.slice(0, equals), percentDecodeBytes(part.slice(equals + 1))]
    })
}

function percentDecodeBytes(text: string): Uint8Array {
  const bytes = utf8Encode(text)
  const decoded = new Uint8Array(bytes.length)
  let length = 0
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === PERCENT) {
      decoded[length++] = hexByte(text.slice(i + 1, i + 3))
      i += 2
    } else {
      decoded[length++] = bytes[i]!
    }
  }
  return decoded.slice(0, length)
}

function hexByte(digits: string): number {
  if (!/^[0-9a-f]{2}$/i.test(digits)) throw new DecodeError('the query is not percent-encoded')
  return Number.parseInt(digits, 16)
}

/** Reads the query of `/announce` (BEP 3). @returns a refusal with a sentence for the client's user. */
export function parseAnnounceQuery(query: string): Result<HttpAnnounce> {
  return attemptDecode('bad-announce', () => {
    const parameters = new Map(readQuery(query))
    const text = (name: string) => textOf(parameters.get(name))
    const event = text('event')
    const claimed = parseIpAddress(text('ip') ?? '')
    const request: AnnounceRequest = {
      infohash: toInfoHash(expectParameter(parameters, 'info_hash')),
      peerId: expectPeerId(expectParameter(parameters, 'peer_id')),
      port: expectPort(text('port')),
      uploadedBytes: counterOf(text('uploaded')),
      downloadedBytes: counterOf(text('downloaded')),
      leftBytes: text('left') === undefined ? 1 : counterOf(text('left')),
      peersWanted: text('numwant') === undefined ? -1 : counterOf(text('numwant')),
      key: 0,
      ...(event !== undefined && EVENTS.includes(event) ? { event: event as AnnounceEvent } : {}),
    }
    return {
      request,
      compact: text('compact') !== '0',
      noPeerId: text('no_peer_id') === '1',
      ...(claimed ? { claimedHost: formatIpAddress(claimed) } : {}),
    }
  })
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : utf8Decode(bytes)
}

function expectParameter(parameters: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const value = parameters.get(name)
  if (value === undefined) throw new DecodeError(`${name} is missing`)
  return value
}

function expectPeerId(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== PEER_ID_BYTES) throw new DecodeError('a peer_id has 20 bytes')
  return bytes
}

function expectPort(text: string | undefined): number {
  const port = counterOf(text ?? '')
  if (port > 0xffff) throw new DecodeError('the port is above 65535')
  return port
}

function counterOf(text: string | undefined): number {
  return text !== undefined && COUNTER.test(text) ? Math.min(Number(text), Number.MAX_SAFE_INTEGER) : 0
}

/** Reads the query of `/scrape` (BEP 48): which torrents; none for all, which nobody gets here. */
export function parseScrapeQuery(query: string): Result<readonly InfoHash[]> {
  return attemptDecode('bad-scrape', () =>
    readQuery(query)
      .filter(([name]) => name === 'info_hash')
      .slice(0, MAX_SCRAPED)
      .map(([, value]) => toInfoHash(value)),
  )
}

/** The answer to an announce, in the form that the client asked for. */
export function encodeHttpAnnounce(
  answer: RegistryAnswer,
  form: Pick<HttpAnnounce, 'compact' | 'noPeerId'>,
): Uint8Array {
  const fields: [string, Bencoded | undefined][] = [
    ['interval', answer.intervalSeconds],
    ['min interval', answer.minIntervalSeconds],
    ['complete', answer.seeders],
    ['incomplete', answer.leechers],
  ]
  if (form.compact) {
    const peers6 = encodeCompactPeers(answer.peers, 6)
    fields.push(['peers', encodeCompactPeers(answer.peers, 4)])
    if (peers6.length > 0) fields.push(['peers6', peers6])
  } else {
    fields.push(['peers', answer.peers.map(peer => peerDictionary(peer, form.noPeerId))])
  }
  return encodeBencode(new Map(fields.filter((field): field is [string, Bencoded] => field[1] !== undefined)))
}

function peerDictionary({ host, port, peerId }: TrackedPeer, noPeerId: boolean): Bencoded {
  const fields: [string, Bencoded][] = [
    ['ip', utf8Encode(host)],
    ['port', port],
  ]
  return new Map(noPeerId ? fields : [...fields, ['peer id', peerId]])
}

/** A refusal as a client shows it to its user (BEP 3 `failure reason`). */
export function encodeHttpFailure({ code, detail }: Rejection): Uint8Array {
  return encodeBencode(new Map([['failure reason', utf8Encode(detail ?? code)]]))
}

/** The answer to a scrape. */
export function encodeHttpScrape(entries: readonly ScrapeEntry[]): Uint8Array {
  const files = new Map<string, Bencoded>()
  for (const { infohash, seeders, leechers, downloads } of entries) {
    const counts = new Map([
      ['complete', seeders],
      ['downloaded', downloads],
      ['incomplete', leechers],
    ])
    files.set(String.fromCharCode(...infohash), counts)
  }
  return encodeBencode(new Map([['files', files]]))
}
