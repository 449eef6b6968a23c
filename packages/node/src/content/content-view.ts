import { bytesToHex } from '@onehop/primitives'
import type {
  ContentDetails,
  ContentFileStatus,
  ContentLimits,
  ContentPeer,
  ContentSummary,
  ContentTracker,
  FetchStatus,
} from '@onehop/rpc'
import type {
  FetchProgress,
  PeerDetails,
  RateLimits,
  SeedingGoals,
  TorrentDetails,
  TorrentSummary,
} from '@onehop/swarm-io'
import { cidOf } from './content-id.ts'

/** A torrent as `content.list` shows it. */
export function summaryOf(torrent: TorrentSummary): ContentSummary {
  const { infohash, infohashV2, name, path, magnet, state, isPrivate, peers, problem, reason } = torrent
  return {
    key: cidOf(torrent),
    infohash: bytesToHex(infohash),
    ...(infohashV2 === undefined ? {} : { infohashV2: bytesToHex(infohashV2) }),
    name,
    path,
    bytes: torrent.bytes,
    bytesWanted: torrent.bytesWanted,
    bytesDone: torrent.bytesDone,
    pieces: torrent.pieces,
    piecesDone: torrent.piecesDone,
    magnet,
    state,
    private: isPrivate,
    peers,
    downloadBytesPerSecond: Math.round(torrent.downloadBytesPerSecond),
    uploadBytesPerSecond: Math.round(torrent.uploadBytesPerSecond),
    downloadedBytes: torrent.downloadedBytes,
    uploadedBytes: torrent.uploadedBytes,
    ...(problem === undefined ? {} : { problem }),
    ...(reason === undefined ? {} : { reason }),
  }
}

/** A torrent as `content.show` shows it. @param nowMs the session's time. */
export function detailsOf(torrent: TorrentDetails, nowMs: number): ContentDetails {
  const { pieceLengthBytes, limits, isSequential, ratio, seedingMs, etaMs, availability } = torrent
  const summary = summaryOf(torrent)
  return {
    ...summary,
    pieceLengthBytes,
    limits: limitsOf(limits),
    sequential: isSequential,
    ratio: rounded(ratio),
    seedingMs: Math.round(seedingMs),
    ...(etaMs === undefined ? {} : { etaMs: Math.round(etaMs) }),
    ...(availability === undefined ? {} : { availability: rounded(availability) }),
    candidates: torrent.candidates,
    files: torrent.files.map(file => ({ ...fileOf(file), url: urlOf(summary.key, file.path) })),
    peerList: torrent.peerList.map(peerOf),
    trackers: torrent.trackers.map(tracker => trackerOf(tracker, nowMs)),
    pieceMap: Buffer.from(torrent.pieceMap).toString('base64'),
  }
}

/** How far a fetch has come, as `content.fetches` shows it. */
export function fetchStatusOf(progress: FetchProgress): Omit<FetchStatus, 'asked' | 'key' | 'name'> {
  const { downloadBytesPerSecond, uploadBytesPerSecond, availability, etaMs, ...rest } = progress
  return {
    ...rest,
    downloadBytesPerSecond: Math.round(downloadBytesPerSecond),
    uploadBytesPerSecond: Math.round(uploadBytesPerSecond),
    ...(availability === undefined ? {} : { availability: rounded(availability) }),
    ...(etaMs === undefined ? {} : { etaMs: Math.round(etaMs) }),
  }
}

/** What is not limited is null. */
export function limitsOf(limits: RateLimits & SeedingGoals): ContentLimits {
  return {
    downloadBytesPerSecond: limits.downloadBytesPerSecond ?? null,
    uploadBytesPerSecond: limits.uploadBytesPerSecond ?? null,
    seedRatio: limits.seedRatio ?? null,
    seedMinutes: limits.seedMinutes ?? null,
  }
}

/** Where a file can be read over HTTP. */
function urlOf(key: string, path: string): string {
  return `/content/${key}/${path.split('/').map(encodeURIComponent).join('/')}`
}

type FileOf = TorrentDetails['files'][number]

function fileOf({ index, path, bytes, bytesDone, priority }: FileOf): Omit<ContentFileStatus, 'url'> {
  return { index, path, bytes, bytesDone, priority }
}

function peerOf(peer: PeerDetails): ContentPeer {
  return {
    peer: peer.remotePeer,
    ...(peer.client === undefined ? {} : { client: peer.client }),
    transport: peer.transport,
    encrypted: peer.isEncrypted,
    outbound: peer.isOutbound,
    pieces: peer.pieces,
    amChoking: peer.amChoking,
    amInterested: peer.amInterested,
    peerChoking: peer.peerChoking,
    peerInterested: peer.peerInterested,
    snubbing: peer.isSnubbing,
    slot: peer.slot,
    reason: peer.chokeReason,
    requestsOutstanding: peer.requestsOutstanding,
    downloadBytesPerSecond: Math.round(peer.downloadBytesPerSecond),
    uploadBytesPerSecond: Math.round(peer.uploadBytesPerSecond),
    downloadedBytes: peer.downloadedBytes,
    uploadedBytes: peer.uploadedBytes,
  }
}

function trackerOf(tracker: TorrentDetails['trackers'][number], nowMs: number): ContentTracker {
  const { url, tier, state, seeders, leechers, message, nextAnnounceMs } = tracker
  return {
    url,
    tier,
    state,
    ...(seeders === undefined ? {} : { seeders }),
    ...(leechers === undefined ? {} : { leechers }),
    ...(message === undefined ? {} : { message }),
    ...(nextAnnounceMs === undefined
      ? {}
      : { nextAnnounceMs: Math.max(0, Math.round(nextAnnounceMs - nowMs)) }),
  }
}

/** Three decimals: enough for people, and no digits that mean nothing. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
