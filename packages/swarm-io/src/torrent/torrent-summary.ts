import { equalBytes } from '@onehop/primitives'
import {
  encodeTorrentFile,
  formatMagnet,
  type InfoHash,
  infohashOfV2,
  pieceCount,
  type TorrentInfo,
} from '@onehop/swarm'
import type { FetchProgress, TorrentSummary } from '../session-types.ts'
import { SwarmError } from '../swarm-error.ts'
import { availabilityOf } from './availability.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentSettings } from './torrent-settings.ts'

/** What .torrent files say made them. */
const CLIENT_NAME = 'onehop 0.1'

/** A torrent as it is now, for people. */
export function summaryOf(torrent: Torrent): TorrentSummary {
  const { info, settings, counters, machine, problem, reason } = torrent
  const bytesDone = machine.have && torrent.content ? torrent.content.bytesIn(machine.have) : 0
  return {
    infohash: torrent.infohash,
    infohashes: torrent.infohashes,
    ...(torrent.infohashV2 ? { infohashV2: torrent.infohashV2 } : {}),
    name: info?.name ?? settings.displayName ?? '',
    path: torrent.path,
    bytes: info?.contentBytes ?? 0,
    bytesDone,
    bytesWanted: info ? wantedBytesOf(info, settings) : 0,
    pieces: info ? pieceCount(info) : 0,
    piecesDone: machine.have?.count ?? 0,
    state: torrent.state(),
    isPrivate: torrent.isPrivate,
    peers: torrent.links.count,
    downloadBytesPerSecond: Math.round(machine.downloadBytesPerSecond()),
    uploadBytesPerSecond: Math.round(
      machine.peerSnapshots().reduce((sum, peer) => sum + peer.uploadBytesPerSecond, 0),
    ),
    uploadedBytes: counters.uploadedBytes,
    downloadedBytes: counters.downloadedBytes,
    magnet: magnetOf(torrent),
    ...(settings.words === undefined ? {} : { words: settings.words }),
    ...(problem === undefined ? {} : { problem }),
    ...(reason === undefined ? {} : { reason }),
  }
}

/** How far a fetch of it has come. */
export function progressOf(torrent: Torrent): FetchProgress {
  const { pieces, piecesDone, bytesWanted, peers, state, ...rates } = summaryOf(torrent)
  const { downloadBytesPerSecond, uploadBytesPerSecond } = rates
  const availability = availabilityOf(torrent)
  const left = Math.min(bytesWanted, torrent.machine.wantedBytesLeft ?? bytesWanted)
  return {
    pieces,
    piecesDone,
    bytes: bytesWanted,
    bytesDone: bytesWanted - left,
    peers,
    downloadBytesPerSecond,
    uploadBytesPerSecond,
    state,
    ...(availability === undefined ? {} : { availability }),
    ...(downloadBytesPerSecond > 0 && left > 0
      ? { etaMs: Math.round((left * 1000) / downloadBytesPerSecond) }
      : {}),
  }
}

/** The .torrent of it. @throws {SwarmError} as long as only the infohash is known. */
export function torrentFileOf({ info, machine, settings, shownName }: Torrent): Uint8Array {
  if (!info) throw new SwarmError('not-found', `What is in ${shownName} is not known yet.`)
  const { pieceLayers } = machine
  return encodeTorrentFile({
    info,
    trackers: settings.trackers,
    ...(pieceLayers ? { pieceLayers } : {}),
    ...(settings.comment === undefined ? {} : { comment: settings.comment }),
    createdBy: CLIENT_NAME,
  })
}

function wantedBytesOf({ files }: TorrentInfo, { priorities }: TorrentSettings): number {
  return files.reduce(
    (sum, file, i) => sum + (file.isPadding || priorities?.[i] === 'skip' ? 0 : file.lengthBytes),
    0,
  )
}

function magnetOf({ infohashes, infohashV2, info, settings }: Torrent): string {
  const displayName = info?.name ?? settings.displayName
  return formatMagnet({
    ...topicsOf(infohashes, infohashV2),
    ...(displayName === undefined ? {} : { displayName }),
    ...(info ? { lengthBytes: info.contentBytes } : {}),
    trackers: settings.trackers.flat(),
  })
}

/** A v2 torrent has no infohash of 20 bytes but the beginning of its own. */
function topicsOf(infohashes: readonly InfoHash[], infohashV2: Uint8Array | undefined) {
  if (infohashV2 === undefined) return { infohash: infohashes[0]! }
  const short = infohashOfV2(infohashV2)
  const infohash = infohashes.find(each => !equalBytes(each, short))
  return infohash === undefined ? { infohashV2 } : { infohash, infohashV2 }
}
