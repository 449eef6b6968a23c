import { type Bitfield, filesOfPiece, piecesOfFile, type TorrentInfo } from '@onehop/swarm'
import type { FileDetails, PeerDetails, TorrentDetails } from '../session-types.ts'
import type { Torrent } from './torrent.ts'
import { progressOf, summaryOf } from './torrent-summary.ts'

/** Everything about a torrent, for people. */
export function detailsOf(torrent: Torrent): TorrentDetails {
  const { info, machine, settings, counters } = torrent
  const summary = summaryOf(torrent)
  const { etaMs, availability } = progressOf(torrent)
  return {
    ...summary,
    pieceLengthBytes: info?.pieceLengthBytes ?? 0,
    limits: settings.limits,
    isSequential: settings.isSequential,
    ratio: summary.bytesDone > 0 ? counters.uploadedBytes / summary.bytesDone : 0,
    seedingMs: Math.round(counters.seedingMs),
    ...(etaMs === undefined ? {} : { etaMs }),
    ...(availability === undefined ? {} : { availability }),
    candidates: torrent.pool.idleCount,
    files: info ? filesOf(info, machine.have, torrent) : [],
    peerList: peersOf(torrent),
    trackers: torrent.search.trackerStatus(),
    pieceMap: machine.have?.toBytes() ?? new Uint8Array(0),
    ...(torrent.disk.check ? { check: torrent.disk.check } : {}),
  }
}

/** The connected peers, as people know them. */
export function peersOf({ machine, links }: Torrent): PeerDetails[] {
  return machine.peerSnapshots().map(snapshot => {
    const connection = links.connectionOf(snapshot.key)
    return {
      ...snapshot,
      remotePeer: connection?.remotePeer ?? snapshot.remotePeer,
      transport: connection?.transport ?? 'libp2p',
      isEncrypted: connection?.isEncrypted ?? connection?.transport !== 'tcp',
    }
  })
}

function filesOf(info: TorrentInfo, have: Bitfield | undefined, { settings, disk }: Torrent): FileDetails[] {
  const renamed = disk.content?.storage.placement.renamed
  return info.files.flatMap((file, index): FileDetails | [] => {
    if (file.isPadding) return []
    const below = info.isSingleFile ? file.path : file.path.slice(1)
    return {
      index,
      path: (renamed?.get(index) ?? below).join('/'),
      bytes: file.lengthBytes,
      bytesDone: have ? bytesDoneOf(info, index, have) : 0,
      priority: settings.priorities?.[index] ?? 'normal',
    }
  })
}

function bytesDoneOf(info: TorrentInfo, index: number, have: Bitfield): number {
  if (have.isFull) return info.files[index]!.lengthBytes
  const { first, end } = piecesOfFile(info, index)
  let bytes = 0
  for (let piece = first; piece < end; piece++) {
    if (!have.has(piece)) continue
    const isInside = piece > first && piece < end - 1
    bytes += isInside
      ? info.pieceLengthBytes
      : (filesOfPiece(info, piece).find(({ fileIndex }) => fileIndex === index)?.lengthBytes ?? 0)
  }
  return bytes
}
