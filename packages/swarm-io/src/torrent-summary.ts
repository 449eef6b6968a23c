import { formatMagnet, pieceCount } from '@onehop/swarm'
import type { FetchProgress, TorrentSummary } from './session-types.ts'
import type { Torrent } from './torrent.ts'

/** A torrent as it is now, for people. */
export function summaryOf(torrent: Torrent): TorrentSummary {
  const { info, settings, counters, machine, problem, reason } = torrent
  const bytesDone = machine.have && torrent.content ? torrent.content.bytesOf(machine.have) : 0
  return {
    infohash: torrent.infohash,
    name: info?.name ?? settings.displayName ?? '',
    path: torrent.path,
    bytes: info?.lengthBytes ?? 0,
    bytesDone,
    bytesWanted: info?.lengthBytes ?? 0,
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
  const { pieces, piecesDone, bytesWanted, bytesDone, peers, state, ...rates } = summaryOf(torrent)
  const { downloadBytesPerSecond, uploadBytesPerSecond } = rates
  const left = bytesWanted - bytesDone
  return {
    pieces,
    piecesDone,
    bytes: bytesWanted,
    bytesDone,
    peers,
    downloadBytesPerSecond,
    uploadBytesPerSecond,
    state,
    ...(downloadBytesPerSecond > 0 ? { etaMs: Math.round((left * 1000) / downloadBytesPerSecond) } : {}),
  }
}

function magnetOf({ infohash, info }: Torrent): string {
  return formatMagnet({
    infohash,
    ...(info ? { displayName: info.name, lengthBytes: info.lengthBytes } : {}),
  })
}
