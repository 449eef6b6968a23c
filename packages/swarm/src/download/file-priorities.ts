import { pieceCount, piecesOfFile, type TorrentInfo } from '../metainfo/torrent-info.ts'

/** Which files to fetch first, and which not at all. */
export type FilePriority = 'skip' | 'low' | 'normal' | 'high'

/** A piece's priority as a number: the higher, the sooner; 0 is not wanted. */
export const PRIORITY_RANK: Readonly<Record<FilePriority, number>> = { skip: 0, low: 1, normal: 2, high: 3 }

/**
 * Priority of every piece: that of the most wanted file in it.
 * @param priorities in the order of the files; what is missing is `normal`. Padding's own does not count.
 */
export function piecePriorities(info: TorrentInfo, priorities: readonly FilePriority[]): Uint8Array {
  const isAllWanted = info.files.every((file, i) => file.isPadding || priorities[i] !== 'skip')
  const ranks = new Uint8Array(pieceCount(info))
  // A piece of nothing but padding is wanted by who wants everything.
  if (isAllWanted) ranks.fill(PRIORITY_RANK.low)
  for (const [index, file] of info.files.entries()) {
    if (file.isPadding) continue
    const rank = PRIORITY_RANK[priorities[index] ?? 'normal']
    const { first, end } = piecesOfFile(info, index)
    for (let piece = first; piece < end; piece++) ranks[piece] = Math.max(ranks[piece]!, rank)
  }
  return ranks
}
