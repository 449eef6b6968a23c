import type { ReadCache } from '../read-cache.ts'
import type { FetchResult, FetchTarget } from '../session-types.ts'
import { existsAtAll } from '../storage/safe-path.ts'
import { openForFetch, resolveTarget } from '../storage/torrent-openers.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import type { Torrent } from './torrent.ts'

/** A fetch of what is here already: it is at the wanted place, or a verified copy of it goes there. @throws {SwarmError} */
export async function fetchLocally(
  torrent: Torrent,
  target: FetchTarget,
  cache: ReadCache,
  nowMs: () => number,
): Promise<FetchResult> {
  const startedMs = nowMs()
  const path = await resolveTarget(target, torrent.info!)
  if (path !== torrent.path) await copyContent(torrent, path, cache)
  const { infohash, name, bytes, pieces } = torrent.summary()
  return { infohash, name, path, bytes, pieces, providers: [], elapsedMs: nowMs() - startedMs }
}

async function copyContent({ content, machine, path }: Torrent, to: string, cache: ReadCache): Promise<void> {
  const { info, pieceLayers } = machine
  try {
    if (!(await existsAtAll(to))) await content!.storage.copyTo(to)
    const { storage, have } = await openForFetch(info!, to, {
      cache,
      ...(pieceLayers ? { layers: pieceLayers } : {}),
    })
    try {
      if (!have.isFull) throw new SwarmError('file-changed', `${path} has changed since it was verified.`)
      await storage.finish()
    } finally {
      await storage.close()
    }
  } catch (error) {
    throw swarmErrorOf(error, `write ${to}`)
  }
}
