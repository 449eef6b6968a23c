import { type InfoHash, infoHashToHex, toInfoHash } from '@onehop/swarm'
import { SwarmError } from '../swarm-error.ts'
import type { Torrent } from './torrent.ts'
import type { PathUse } from './torrent-host.ts'

/** The torrents of a session, by infohash. */
export class TorrentList {
  private readonly torrents = new Map<string, Torrent>()
  /** Torrents whose files are being opened again. */
  private readonly restoring = new Map<string, Promise<void>>()

  add(torrent: Torrent): void {
    this.torrents.set(infoHashToHex(torrent.infohash), torrent)
  }

  [Symbol.iterator](): IterableIterator<Torrent> {
    return this.torrents.values()
  }

  delete({ infohash }: Torrent): void {
    this.torrents.delete(infoHashToHex(infohash))
  }

  get(infohash: Uint8Array): Torrent | undefined {
    return this.torrents.get(infoHashToHex(infohash))
  }

  byHex(infohashHex: string): Torrent | undefined {
    return this.torrents.get(infohashHex)
  }

  /** The torrent that a handshake means: a hybrid goes by two infohashes (BEP 52). */
  meantBy(infohash: InfoHash): Torrent | undefined {
    const known = this.get(infohash)
    if (known) return known
    for (const torrent of this.torrents.values()) if (torrent.goesBy(infohash)) return torrent
    return undefined
  }

  /** The torrent, once its files are open again. */
  async whenOpen(infohash: Uint8Array): Promise<Torrent | undefined> {
    await this.restoring.get(infoHashToHex(infohash))
    return this.get(infohash)
  }

  /** The same. @throws {SwarmError} `not-found` */
  async existing(infohash: Uint8Array): Promise<Torrent> {
    const torrent = await this.whenOpen(infohash)
    if (torrent) return torrent
    throw new SwarmError('not-found', `There is no content ${infoHashToHex(toInfoHash(infohash))} here.`)
  }

  /** It is being opened again: whoever asks for it waits until it is. */
  async restore(torrent: Torrent, opening: Promise<void>): Promise<void> {
    const name = infoHashToHex(torrent.infohash)
    this.restoring.set(
      name,
      opening.finally(() => this.restoring.delete(name)),
    )
    await opening
  }

  /** Torrents whose finished content at the path was changed since. */
  async outdatedAt(path: string): Promise<Torrent[]> {
    const outdated: Torrent[] = []
    for (const torrent of [...this.torrents.values()]) {
      if (torrent.path !== path) continue
      await this.restoring.get(infoHashToHex(torrent.infohash))
      if (await torrent.disk.isOutdated()) outdated.push(torrent)
    }
    return outdated
  }

  /**
   * Those who only read finished content share it: the same files may be torrents of several versions.
   * @throws {SwarmError} `in-use` when another torrent's content is at the path.
   */
  claimPath(path: string, owner: Torrent, use: PathUse): void {
    for (const torrent of this.torrents.values()) {
      if (torrent === owner || torrent.path !== path || torrent.problem !== undefined) continue
      const { onlyReads } = torrent.disk
      if (use === 'read' && onlyReads) continue
      const what = `${torrent.shownName} (${infoHashToHex(torrent.infohash)})`
      const how = onlyReads ? 'is offered from there' : 'is being fetched to it'
      throw new SwarmError('in-use', `Cannot use ${path}: ${what} ${how}; remove that first.`)
    }
  }
}
