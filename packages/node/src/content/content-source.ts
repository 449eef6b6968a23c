import type { ContentReference, Pointer, referenceOfMultihash } from '@onehop/overlay'
import { describeRejection, sha1, sha256 } from '@onehop/primitives'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import { infohashOfV2, isTrackerUrl, type PeerAddress, parseMagnet, parseTorrentFile } from '@onehop/swarm'
import type { TorrentSource } from '@onehop/swarm-io'
import { MAX_PEERS_GIVEN, MAX_TRACKERS_GIVEN } from '../limits.ts'
import { cidOf, multihashToInfohashV2, type TorrentId } from './content-id.ts'
import { type LookupOverlay, parseReference, resolveContent } from './resolve.ts'

/** What somebody wants to fetch, as he says it: one of `key` and `torrent`, and who may have it. */
export interface WantedReference {
  /** CID, infohash, magnet link or name. */
  readonly key?: string
  /** A .torrent file. */
  readonly torrent?: Uint8Array
  /** URLs, besides those that the link or file names. */
  readonly trackers?: readonly string[]
  /** `host:port` each. */
  readonly peers?: readonly string[]
}

/** The same, understood. */
export interface WantedContent {
  readonly key: string
  readonly id: TorrentId
  readonly source: TorrentSource
  /** Who has it, where the overlay was asked already. */
  readonly pointers: readonly Pointer[]
  /** Numbers of the files that a magnet link selects (BEP 53). */
  readonly selected?: readonly number[]
}

/** What decides whether the overlay must know who has it. */
export interface OwnMeans {
  /** Whether this node has, or fetches, the content already. */
  isHere(id: TorrentId): boolean
  /** Whether it can ask trackers and dial other clients. */
  readonly hasTcp: boolean
}

/**
 * Finds out what is wanted, and whether it can be fetched. A .torrent, and whatever comes with a tracker or a peer, is
 * fetched at once, and the overlay asked beside it; of all else the overlay must know who has it.
 * @throws {RpcError} -8 for what makes no sense, -40 when nobody has it, -41 when nobody answered in time.
 */
export async function findWanted(
  overlay: LookupOverlay,
  wanted: WantedReference,
  { isHere, hasTcp }: OwnMeans,
  signal: AbortSignal,
): Promise<WantedContent> {
  const trackers = checkTrackers(wanted.trackers ?? [])
  const peers = parsePeers(wanted.peers ?? [])
  if (wanted.torrent !== undefined) return ofTorrentFile(wanted.torrent, trackers, peers)
  const reference = parseReference(wanted.key ?? '')
  const linked = ofReference(wanted.key ?? '', reference, trackers, peers)
  const hasOthers = linked !== undefined && hasSources(linked.source)
  if (linked !== undefined && ((hasOthers && hasTcp) || isHere(linked.id))) return linked
  const found = await resolveContent(overlay, reference, signal).catch((error: unknown) => {
    throw hasOthers ? withoutTcp(error) : error
  })
  const content = linked ?? ofContent(found.content, trackers, peers)
  const name = found.name === undefined ? {} : { displayName: found.name }
  return { ...content, source: { ...name, ...content.source }, pointers: found.pointers }
}

/** A URL that no tracker can have is the caller's mistake. @throws {RpcError} -32602 */
export function checkTrackers(urls: readonly string[]): readonly string[] {
  const wrong = urls.find(url => !isTrackerUrl(url))
  if (wrong !== undefined) {
    const example = 'http://127.0.0.1:6969/announce or udp://127.0.0.1:6969'
    throw new RpcError(RPC_CODE.invalidParams, `A tracker is a URL such as ${example}, not "${wrong}".`)
  }
  if (urls.length <= MAX_TRACKERS_GIVEN) return urls
  throw new RpcError(RPC_CODE.invalidParams, `At most ${MAX_TRACKERS_GIVEN} trackers, not ${urls.length}.`)
}

const PEER = /^(\[[0-9a-f:.]+\]|[^\s:/[\]]{1,253}):(\d{1,5})$/i

/** `127.0.0.1:6881`, `[::1]:6881`, `host:6881`. @throws {RpcError} -32602 */
function parsePeers(texts: readonly string[]): PeerAddress[] {
  if (texts.length > MAX_PEERS_GIVEN)
    throw new RpcError(RPC_CODE.invalidParams, `At most ${MAX_PEERS_GIVEN} peers, not ${texts.length}.`)
  return texts.map(text => {
    const [, host = '', port = ''] = PEER.exec(text) ?? []
    if (host === '' || Number(port) === 0 || Number(port) > 65_535)
      throw new RpcError(
        RPC_CODE.invalidParams,
        `A peer is host:port, such as 127.0.0.1:6881, not "${text}".`,
      )
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  })
}

function ofTorrentFile(
  bytes: Uint8Array,
  trackers: readonly string[],
  peers: readonly PeerAddress[],
): WantedContent {
  const parsed = parseTorrentFile(bytes, { sha1, sha256 })
  if (!parsed.ok) {
    throw new RpcError(
      RPC_CODE.invalidParameter,
      `This .torrent cannot be used: ${describeRejection(parsed)}.`,
    )
  }
  const torrent = parsed.value
  const id = torrent.info
  return { key: cidOf(id), id, source: { torrent, trackers, peers }, pointers: [] }
}

/** Undefined for a name: only the overlay knows what it means. @throws {RpcError} -8 */
function ofReference(
  text: string,
  reference: ContentReference,
  trackers: readonly string[],
  peers: readonly PeerAddress[],
): WantedContent | undefined {
  if (reference.kind === 'name') return undefined
  if (!/^\s*magnet:/i.test(text)) return ofContent(reference, trackers, peers)
  const magnet = parseMagnet(text.trim())
  if (!magnet.ok)
    throw new RpcError(RPC_CODE.invalidParameter, `"${text}" tells no content: ${describeRejection(magnet)}.`)
  const { infohash, infohashV2, displayName, select } = magnet.value
  const id = { infohash, ...(infohashV2 === undefined ? {} : { infohashV2 }) }
  const source = {
    ...id,
    ...(displayName === undefined ? {} : { displayName }),
    trackers: [...magnet.value.trackers, ...trackers],
    peers: [...magnet.value.peers, ...peers],
  }
  return { key: cidOf(id), id, source, pointers: [], ...(select === undefined ? {} : { selected: select }) }
}

/** @throws {RpcError} -8 for a hash that names no torrent. */
function ofContent(
  content: ReturnType<typeof referenceOfMultihash>,
  trackers: readonly string[],
  peers: readonly PeerAddress[],
): WantedContent {
  const id = idOf(content)
  if (id === undefined)
    throw new RpcError(RPC_CODE.invalidParameter, `${content.cid} is no BitTorrent content.`)
  const { infohash, infohashV2 } = id
  const named = { infohash, ...(infohashV2 === undefined ? {} : { infohashV2 }) }
  return { key: content.cid, id, source: { ...named, trackers, peers }, pointers: [] }
}

/** The torrent that a content id names. */
export function idOf({
  infohash,
  multihash,
}: ReturnType<typeof referenceOfMultihash>): TorrentId | undefined {
  if (infohash !== undefined) return { infohash }
  const infohashV2 = multihashToInfohashV2(multihash)
  return infohashV2 && { infohash: infohashOfV2(infohashV2), infohashV2 }
}

/** Says why its trackers were of no use. */
function withoutTcp(error: unknown): unknown {
  if (!(error instanceof RpcError)) return error
  const why =
    'Its trackers and peers are not asked: the BitTorrent port is off; see "onehop start --bt-port".'
  return new RpcError(error.code, `${error.message} ${why}`)
}

function hasSources({ trackers = [], peers = [] }: TorrentSource): boolean {
  return trackers.length > 0 || peers.length > 0
}
