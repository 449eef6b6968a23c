import { formatMagnet, pieceCount, type TorrentInfo } from '@onehop/swarm'
import type { FetchProgress, TorrentSummary } from './session-types.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentSettings } from './torrent-settings.ts'

/** A torrent as it is now, for people. */
export function summaryOf(torrent: Torrent): TorrentSummary {
  const { info, settings, counters, machine, problem, reason } = torrent
  const bytesDone = machine.have && torrent.content ? torrent.content.bytesIn(machine.have) : 0
  return {
    infohash: torrent.infohash,
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
    ...(downloadBytesPerSecond > 0 ? { etaMs: Math.round((left * 1000) / downloadBytesPerSecond) } : {}),
  }
}

function wantedBytesOf({ files }: TorrentInfo, { priorities }: TorrentSettings): number {
  return files.reduce(
    (sum, file, i) => sum + (file.isPadding || priorities?.[i] === 'skip' ? 0 : file.lengthBytes),
    0,
  )
}

function magnetOf({ infohash, info }: Torrent): string {
  return formatMagnet({
    infohash,
    ...(info ? { displayName: info.name, lengthBytes: info.contentBytes } : {}),
  })
}
