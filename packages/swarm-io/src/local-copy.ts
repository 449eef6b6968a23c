import { cp } from 'node:fs/promises'
import { pieceCount, type TorrentInfo } from '@onehop/swarm'
import type { ReadCache } from './read-cache.ts'
import type { FetchResult, FetchTarget } from './session-types.ts'
import { partPathOf } from './storage/part-paths.ts'
import { existsAtAll } from './storage/safe-path.ts'
import { openForFetch, resolveTarget } from './storage/torrent-openers.ts'
import { SwarmError, swarmErrorOf } from './swarm-error.ts'
import type { Torrent } from './torrent.ts'

/** A fetch of what is here already: it is at the wanted place, or a verified copy of it goes there. @throws {SwarmError} */
export async function fetchLocally(
  torrent: Torrent,
  target: FetchTarget,
  cache: ReadCache,
  nowMs: () => number,
): Promise<FetchResult> {
  const info = torrent.info!
  const startedMs = nowMs()
  const path = await resolveTarget(target, info)
  if (path !== torrent.path) await copyContent(info, torrent.path, path, cache)
  return {
    infohash: torrent.infohash,
    name: info.name,
    path,
    bytes: torrent.summary().bytes,
    pieces: pieceCount(info),
    providers: [],
    elapsedMs: nowMs() - startedMs,
  }
}

async function copyContent(info: TorrentInfo, from: string, to: string, cache: ReadCache): Promise<void> {
  try {
    if (!(await existsAtAll(to))) await cp(from, partPathOf(to, info), { recursive: true, force: false })
    const { storage, have } = await openForFetch(info, to, { cache })
    try {
      if (!have.isFull) throw new SwarmError('file-changed', `${from} has changed since it was verified.`)
      await storage.finish()
    } finally {
      await storage.close()
    }
  } catch (error) {
    throw swarmErrorOf(error, `write ${to}`)
  }
}
