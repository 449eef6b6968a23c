import type { TorrentSummary } from '@onehop/swarm-io'

/** Whether others can have pieces of it from here, and may know. */
export function isOffered({ problem, piecesDone, state, isPrivate }: TorrentSummary): boolean {
  if (problem !== undefined || isPrivate || state === 'paused') return false
  return piecesDone > 0 || state === 'seeding'
}
