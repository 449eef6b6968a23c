import type { SessionHost } from '../session-host.ts'
import type { SeedOptions, TorrentSummary } from '../session-types.ts'
import { type HashedContent, hashContent } from '../storage/hash-content.ts'
import { existsAtAll, withoutLink } from '../storage/safe-path.ts'
import { openForSeed } from '../storage/torrent-openers.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'

/** Makes torrents of what is on the disk, one of each content. */
export class Publisher {
  private readonly host: SessionHost

  constructor(host: SessionHost) {
    this.host = host
  }

  /** @param path an absolute one. @throws {SwarmError} */
  async publish(path: string, options: SeedOptions): Promise<TorrentSummary> {
    return this.offer(await hashContent(path, options), path, options)
  }

  private async offer(hashed: HashedContent, path: string, options: SeedOptions): Promise<TorrentSummary> {
    const known = await this.host.torrents.whenOpen(hashed.info.infohashes)
    this.host.assertOpen()
    if (known?.isSeeding && (await existsAtAll(known.path))) {
      await known.publishAgain(options)
      return known.summary()
    }
    if (known && known.state() !== 'paused' && !known.isSeeding) {
      const where = known.path === '' ? 'here' : `to ${known.path}`
      throw new SwarmError('in-use', `Cannot publish ${path}: its content is being fetched ${where}.`)
    }
    if (known) await this.host.forget(known)
    return this.register(hashed, path, options)
  }

  private async register(hashed: HashedContent, path: string, options: SeedOptions): Promise<TorrentSummary> {
    const { info, stamps, layers } = hashed
    for (const outdated of await this.host.torrents.outdatedAt(await withoutLink(path)))
      await this.host.forget(outdated)
    const known = layers ? { layers } : {}
    const files = await openForSeed(info, path, stamps, { cache: this.host.cache, ...known })
    // Meanwhile another call may have published or begun to fetch the same, or closed the session. From here to `adopt`
    // there is no pause: whoever finds the torrent finds its content.
    if (this.host.isClosed || this.host.torrents.find(info.infohashes)) {
      await files.storage.close()
      return this.offer(hashed, path, options)
    }
    const torrent = this.host.add({
      infohash: info.infohash,
      info,
      ...(layers ? { pieceLayers: layers } : {}),
    })
    torrent.goesOn = true
    try {
      await torrent.disk.adopt(files)
      await torrent.publishAgain(options)
    } catch (error) {
      this.host.torrents.delete(torrent)
      // A disk that does not take this either tells nothing new.
      await torrent.remove(false).catch(() => {})
      await files.storage.close()
      throw swarmErrorOf(error, `publish ${path}`)
    }
    this.host.emit('added', torrent)
    return torrent.summary()
  }
}
