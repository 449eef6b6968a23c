import { piecePriorities } from '@onehop/swarm'
import type { Torrent } from './torrent.ts'

/** Copies of the rarest wanted piece, among the peers and here. */
export function availabilityOf({ machine, info, settings }: Torrent): number | undefined {
  const copies = machine.pieceAvailability()
  const { have } = machine
  if (!copies || !have || !info || copies.length === 0) return undefined
  const ranks = settings.priorities && piecePriorities(info, settings.priorities)
  let least = Number.POSITIVE_INFINITY
  for (let piece = 0; piece < copies.length; piece++) {
    if (ranks?.[piece] === 0) continue
    least = Math.min(least, copies[piece]! + (have.has(piece) ? 1 : 0))
  }
  return Number.isFinite(least) ? least : undefined
}
