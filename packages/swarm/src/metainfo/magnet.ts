import {
  assert,
  attemptDecode,
  bytesToHex,
  DecodeError,
  hexToBytes,
  type MagnetParameter,
  magnetParameters,
  magnetTopics,
  parseInfohash,
  type Result,
} from '@onehop/primitives'
import { MAX_MAGNET_CHARACTERS } from '../limits.ts'
import { formatPeerAddress, type PeerAddress } from '../peer-address.ts'
import { MAX_TRACKERS } from '../tracker/limits.ts'
import { isTrackerUrl } from '../tracker/tracker-tiers.ts'
import { type InfoHash, infohashOfV2, toInfoHash } from './infohash.ts'
import { MAX_FILES, MAX_MAGNET_PEERS } from './limits.ts'

/** A link to a torrent (BEP 9, 52, 53). */
export interface Magnet {
  /** What handshakes and trackers call it: of a link with a v2 infohash only, the first 20 bytes of that. */
  readonly infohash: InfoHash
  /** SHA-256 of the info dictionary, 32 bytes (`xt=urn:btmh:1220…`). */
  readonly infohashV2?: Uint8Array
  /** What the link calls the content (`dn`). Only for showing: the info dictionary has the real name. */
  readonly displayName?: string
  /** Length of the content in bytes (`xl`), as the link claims. */
  readonly lengthBytes?: number
  /** URLs of trackers (`tr`), each a tier of its own. */
  readonly trackers: readonly string[]
  /** Peers that have it (`x.pe`). */
  readonly peers: readonly PeerAddress[]
  /** Indices of the files to fetch (`so`), in order; all where the link does not say. */
  readonly select?: readonly number[]
}

const URN_V1 = 'urn:btih:'
/** A multihash in hex: SHA-256, 32 bytes. */
const URN_V2 = /^urn:btmh:1220([0-9a-f]{64})$/i

/**
 * Parses `magnet:?xt=urn:btih:…` with the infohash in hex or Base32. Parameters that we do not know, or that make no
 * sense, are ignored.
 */
export function parseMagnet(text: string): Result<Magnet> {
  return attemptDecode('bad-magnet', () => readMagnet(text))
}

function readMagnet(text: string): Magnet {
  if (text.length > MAX_MAGNET_CHARACTERS) throw new DecodeError('the magnet link is too long')
  const parameters = magnetParameters(text)
  const displayName = parameters.find(([key]) => key === 'dn')?.[1]
  const length = parameters.find(([key, value]) => key === 'xl' && /^\d{1,15}$/.test(value))?.[1]
  const select = readSelection(parameters.find(([key]) => key === 'so')?.[1] ?? '')
  return {
    ...readInfohashes(magnetTopics(parameters)),
    ...(displayName ? { displayName } : {}),
    ...(length === undefined ? {} : { lengthBytes: Number(length) }),
    trackers: readTrackers(parameters),
    peers: readPeers(parameters),
    ...(select ? { select } : {}),
  }
}

function readInfohashes(topics: readonly string[]): Pick<Magnet, 'infohash' | 'infohashV2'> {
  const infohash = topics.map(readBtih).find(hash => hash !== undefined)
  const hex = topics.map(topic => URN_V2.exec(topic)?.[1]).find(digits => digits !== undefined)
  if (hex === undefined) {
    if (infohash === undefined) throw new DecodeError('the magnet link has no BitTorrent infohash')
    return { infohash }
  }
  const infohashV2 = hexToBytes(hex)
  return { infohash: infohash ?? infohashOfV2(infohashV2), infohashV2 }
}

function readBtih(urn: string): InfoHash | undefined {
  const isBtih = urn.slice(0, URN_V1.length).toLowerCase() === URN_V1
  const infohash = isBtih ? parseInfohash(urn.slice(URN_V1.length)) : undefined
  return infohash && toInfoHash(infohash)
}

/** Some links number them: `tr.1`, `tr.2`. */
function readTrackers(parameters: readonly MagnetParameter[]): string[] {
  const urls = parameters.filter(([key, value]) => /^tr(?:\.\d+)?$/.test(key) && isTrackerUrl(value))
  return [...new Set(urls.map(([, url]) => url))].slice(0, MAX_TRACKERS)
}

function readPeers(parameters: readonly MagnetParameter[]): PeerAddress[] {
  const peers = new Map<string, PeerAddress>()
  for (const [key, value] of parameters) {
    const peer = key === 'x.pe' && peers.size < MAX_MAGNET_PEERS ? readPeer(value) : undefined
    if (peer !== undefined) peers.set(formatPeerAddress(peer), peer)
  }
  return [...peers.values()]
}

/** `host:port`, with an IPv6 address in brackets (BEP 9). */
function readPeer(text: string): PeerAddress | undefined {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9a-f:.]{2,45})\]|([\w.-]{1,253})):(\d{1,5})$/i.exec(text) ?? []
  const host = bracketed ?? plain
  const port = Number(digits)
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined
}

/** `0,2,4,6-8` (BEP 53). */
function readSelection(text: string): number[] | undefined {
  const indices = new Set<number>()
  for (const range of text.split(',')) {
    const [, from, to = from] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range) ?? []
    if (from === undefined || Number(to) >= MAX_FILES || Number(to) < Number(from)) return undefined
    for (let index = Number(from); index <= Number(to); index++) indices.add(index)
  }
  return [...indices].sort((a, b) => a - b)
}

/** The link, with what is known; an infohash must be. One of v1 comes first: most clients know no other. */
export function formatMagnet(magnet: Partial<Magnet>): string {
  assert(magnet.infohash !== undefined || magnet.infohashV2 !== undefined, 'a magnet link has an infohash')
  const parameters = [
    ...formatTopics(magnet),
    ...(magnet.displayName === undefined ? [] : [`dn=${encodeURIComponent(magnet.displayName)}`]),
    ...(magnet.lengthBytes === undefined ? [] : [`xl=${magnet.lengthBytes}`]),
    ...(magnet.trackers ?? []).map(url => `tr=${encodeURIComponent(url)}`),
    ...(magnet.peers ?? []).map(peer => `x.pe=${formatPeerAddress(peer)}`),
    ...(magnet.select?.length ? [`so=${formatSelection(magnet.select)}`] : []),
  ]
  return `magnet:?${parameters.join('&')}`
}

function formatTopics({ infohash, infohashV2 }: Partial<Magnet>): string[] {
  const v2 = infohashV2 && bytesToHex(infohashV2)
  const v1 = infohash && bytesToHex(infohash)
  return [
    ...(v1 === undefined || v2?.startsWith(v1) ? [] : [`xt=${URN_V1}${v1}`]),
    ...(v2 === undefined ? [] : [`xt=urn:btmh:1220${v2}`]),
  ]
}

function formatSelection(select: readonly number[]): string {
  const ranges: [first: number, last: number][] = []
  for (const index of [...select].sort((a, b) => a - b)) {
    const range = ranges.at(-1)
    if (range !== undefined && index <= range[1] + 1) range[1] = index
    else ranges.push([index, index])
  }
  return ranges.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(',')
}
