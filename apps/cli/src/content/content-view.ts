import type {
  ContentDetails,
  ContentFileStatus,
  ContentLimits,
  ContentPeer,
  ContentTracker,
} from '@onehop/rpc'
import { byteCount, count, duration, fields, fitted, percent, rate, style, table } from '../format.ts'

/** Columns of what others choose. */
const MAX_NAME_COLUMNS = 60
const MAX_PEER_COLUMNS = 24
const MAX_CLIENT_COLUMNS = 20
const MAX_URL_COLUMNS = 60
/** Rows of files and of peers: more says less. `--json` has all. */
const MAX_ROWS = 50
/** Columns of the pieces' map. */
const MAP_COLUMNS = 64

const FLAGS =
  'D we fetch · d we want, and it chokes us · U it fetches · u it wants, and we choke it · S it keeps us waiting · E encrypted · I it dialled'

/** Everything about one content, for people. @param rpc URL of the node, where its files can be read. */
export function describeContent(content: ContentDetails, rpc: string): string {
  const { files, peerList, trackers } = content
  return [
    style('bold', fitted(content.name === '' ? content.key : content.name, MAX_NAME_COLUMNS)),
    fields(factsOf(content, rpc)),
    ...(content.pieces === 0 ? [] : [`${style('dim', 'pieces')}  ${pieceMap(content)}`]),
    ...(files.length > 1 ? [heading('files', files.length), describeFiles(files)] : []),
    ...(trackers.length > 0 ? [heading('trackers', trackers.length), describeTrackers(trackers)] : []),
    ...(peerList.length > 0
      ? [heading('peers', peerList.length), describePeers(peerList, content.pieces)]
      : []),
  ].join('\n')
}

function heading(what: string, amount: number): string {
  return `\n${style('bold', `${what} (${amount})`)}`
}

function factsOf(content: ContentDetails, rpc: string): Record<string, string | undefined> {
  const { state, problem, reason, files } = content
  const why = problem ?? reason
  const limits = describeLimits(content.limits)
  return {
    state: why === undefined ? state : `${state}: ${why}`,
    here: files.length === 0 ? 'nobody has told yet what it is' : presenceOf(content),
    down: `${rate(content.downloadBytesPerSecond)}, ${byteCount(content.downloadedBytes)} in all${content.etaMs === undefined ? '' : `, ${duration(content.etaMs)} left`}`,
    up: `${rate(content.uploadBytesPerSecond)}, ${byteCount(content.uploadedBytes)} in all, ratio ${content.ratio.toFixed(2)}`,
    seeding: content.seedingMs === 0 ? undefined : `for ${duration(content.seedingMs)}`,
    peers: `${content.peers} connected, ${content.candidates} more known`,
    availability: content.availability?.toFixed(2),
    limits: limits === 'no limits' ? undefined : limits,
    sequential: content.sequential ? 'yes' : undefined,
    private: content.private ? 'yes: peers come from its trackers alone' : undefined,
    key: content.key,
    infohash: content.infohash,
    'infohash v2': content.infohashV2,
    path: content.path === '' ? undefined : content.path,
    magnet: content.magnet,
    HTTP:
      files.length === 1
        ? rpc + files[0]!.url
        : files.length === 0
          ? undefined
          : `${rpc}/content/${content.key}/`,
  }
}

function presenceOf({
  bytes,
  bytesWanted,
  bytesDone,
  pieces,
  piecesDone,
  pieceLengthBytes,
}: ContentDetails): string {
  const all = bytesWanted === bytes ? '' : ` (${byteCount(bytes)} with all files)`
  const here = `${percent(bytesDone, bytesWanted)} of ${byteCount(bytesWanted)}${all}`
  return `${here}, ${piecesDone} of ${count(pieces, 'piece')} of ${byteCount(pieceLengthBytes)}`
}

/** Rates and goals in one line. */
export function describeLimits(limits: ContentLimits): string {
  const { downloadBytesPerSecond, uploadBytesPerSecond, seedRatio, seedMinutes } = limits
  const parts = [
    ...(downloadBytesPerSecond === null ? [] : [`down ${rateLimit(downloadBytesPerSecond)}`]),
    ...(uploadBytesPerSecond === null ? [] : [`up ${rateLimit(uploadBytesPerSecond)}`]),
    ...(seedRatio === null ? [] : [`seed to ratio ${seedRatio}`]),
    ...(seedMinutes === null ? [] : [`seed for ${seedMinutes} min`]),
  ]
  return parts.length === 0 ? 'no limits' : parts.join(', ')
}

/** As it was typed: in units of 1024. */
function rateLimit(bytesPerSecond: number): string {
  return `${byteCount(bytesPerSecond)}/s`
}

/** A table of files. */
export function describeFiles(files: readonly ContentFileStatus[]): string {
  const rows = files
    .slice(0, MAX_ROWS)
    .map(({ index, path, bytes, bytesDone, priority }) => [
      String(index),
      byteCount(bytes),
      percent(bytesDone, bytes),
      priority,
      fitted(path, MAX_NAME_COLUMNS),
    ])
  return withRest(table(['#', 'size', 'here', 'wanted', 'path'], rows), files.length)
}

function describeTrackers(trackers: readonly ContentTracker[]): string {
  const rows = trackers.map(({ url, tier, state, seeders, leechers, message, nextAnnounceMs }) => [
    String(tier),
    fitted(url, MAX_URL_COLUMNS),
    state,
    seeders === undefined ? '' : String(seeders),
    leechers === undefined ? '' : String(leechers),
    nextAnnounceMs === undefined ? '' : `in ${duration(nextAnnounceMs)}`,
    fitted(message ?? '', MAX_NAME_COLUMNS),
  ])
  return table(['tier', 'URL', 'state', 'seeders', 'leechers', 'next', ''], rows)
}

function describePeers(peers: readonly ContentPeer[], pieces: number): string {
  const rows = peers
    .slice(0, MAX_ROWS)
    .map(peer => [
      shortened(peer.peer),
      fitted(peer.client ?? '', MAX_CLIENT_COLUMNS),
      peer.transport,
      flagsOf(peer),
      pieces === 0 ? '' : percent(peer.pieces, pieces),
      moving(peer.downloadBytesPerSecond),
      moving(peer.uploadBytesPerSecond),
      `${peer.slot === 'choked' ? 'choked' : `unchoked (${peer.slot})`}: ${peer.reason}`,
    ])
  const headings = ['peer', 'client', 'over', 'flags', 'has', 'down', 'up', 'served by us']
  return `${withRest(table(headings, rows), peers.length)}\n${style('dim', FLAGS)}`
}

/** The end of a peer id tells more than its beginning, which all have. */
function shortened(peer: string): string {
  return peer.length <= MAX_PEER_COLUMNS ? peer : `…${peer.slice(1 - MAX_PEER_COLUMNS)}`
}

/** As BitTorrent clients write them. */
function flagsOf(peer: ContentPeer): string {
  const fetching = peer.amInterested ? (peer.peerChoking ? 'd' : 'D') : ''
  const serving = peer.peerInterested ? (peer.amChoking ? 'u' : 'U') : ''
  return [
    fetching,
    serving,
    peer.snubbing ? 'S' : '',
    peer.encrypted ? 'E' : '',
    peer.outbound ? '' : 'I',
  ].join('')
}

function moving(bytesPerSecond: number): string {
  return bytesPerSecond === 0 ? '' : rate(bytesPerSecond)
}

function withRest(rows: string, amount: number): string {
  return amount <= MAX_ROWS ? rows : `${rows}\nand ${amount - MAX_ROWS} more; --json has all`
}

const SHADES = ['·', '░', '▒', '▓', '█']

/** The pieces that are here, from the first to the last: each character stands for as many. */
export function pieceMap({ pieceMap: encoded, pieces }: Pick<ContentDetails, 'pieceMap' | 'pieces'>): string {
  const bits = Buffer.from(encoded, 'base64')
  const columns = Math.min(pieces, MAP_COLUMNS)
  let map = ''
  for (let column = 0; column < columns; column++) {
    const [first, end] = [column, column + 1].map(edge => Math.floor((edge * pieces) / columns)) as [
      number,
      number,
    ]
    let done = 0
    for (let piece = first; piece < end; piece++) done += ((bits[piece >> 3] ?? 0) >> (7 - (piece & 7))) & 1
    map += shadeOf(done, end - first)
  }
  return map
}

/** Empty and full only when it is so. */
function shadeOf(done: number, total: number): string {
  if (done === 0) return SHADES[0]!
  if (done === total) return SHADES.at(-1)!
  return SHADES[1 + Math.floor(((SHADES.length - 2) * done) / total)]!
}
