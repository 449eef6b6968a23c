import { infoHashToHex, toInfoHash } from '@onehop/swarm'
import { SwarmError } from '../swarm-error.ts'
import type { Torrent } from './torrent.ts'
import type { PathUse } from './torrent-host.ts'
import { naming } from './torrent-start.ts'

/** The torrents of a session, by any of the infohashes that they go by: a hybrid has two (BEP 52). */
export class TorrentList {
  /** By the infohash that each was added by, which its files bear. */
  private readonly torrents = new Map<string, Torrent>()
  /** Torrents whose files are being opened again. */
  private readonly restoring = new Map<Torrent, Promise<void>>()

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
    const own = this.torrents.get(infoHashToHex(infohash))
    if (own) return own
    for (const torrent of this.torrents.values()) if (torrent.goesBy(infohash)) return torrent
    return undefined
  }

  /** The torrent that goes by one of the infohashes. */
  find(infohashes: readonly Uint8Array[]): Torrent | undefined {
    for (const infohash of infohashes) {
      const torrent = this.get(infohash)
      if (torrent) return torrent
    }
    return undefined
  }

  /** Whether one was added by this very infohash: that is what its resume file is called. */
  hasAddedBy(infohash: Uint8Array): boolean {
    return this.torrents.has(infoHashToHex(infohash))
  }

  /** The same as {@link find}, once the torrent's files are open again. */
  async whenOpen(infohashes: readonly Uint8Array[]): Promise<Torrent | undefined> {
    const torrent = this.find(infohashes)
    if (torrent) await this.restoring.get(torrent)
    return this.find(infohashes)
  }

  /** The same for one that must be there. @throws {SwarmError} `not-found` */
  async existing(infohash: Uint8Array): Promise<Torrent> {
    const torrent = await this.whenOpen([infohash])
    if (torrent) return torrent
    throw new SwarmError('not-found', `There is no content ${infoHashToHex(toInfoHash(infohash))} here.`)
  }

  /** It is being opened again: whoever asks for it waits until it is. */
  async restore(torrent: Torrent, opening: Promise<void>): Promise<void> {
    this.restoring.set(
      torrent,
      opening.finally(() => this.restoring.delete(torrent)),
    )
    await opening
  }

  /** Torrents whose finished content at the path was changed since. */
  async outdatedAt(path: string): Promise<Torrent[]> {
    const outdated: Torrent[] = []
    for (const torrent of [...this.torrents.values()]) {
      if (torrent.path !== path) continue
      await this.restoring.get(torrent)
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
      const how = onlyReads ? 'is offered from there' : 'is being fetched to it'
      throw new SwarmError('in-use', `Cannot use ${path}: ${naming(torrent)} ${how}; remove that first.`)
    }
  }

  /**
   * What is in it is known now, and so is everything that it goes by. Another one that was added by one of these is
   * the same torrent: it is stopped, with a sentence, as long as it waits for its info dictionary.
   * @throws {SwarmError} `in-use` when it does not.
   */
  claimNames(owner: Torrent): void {
    for (const torrent of [...this.torrents.values()]) {
      if (torrent === owner || !owner.goesBy(torrent.infohash)) continue
      if (torrent.info === undefined) torrent.fail(sameContent(torrent, owner))
      else if (torrent.problem === undefined) throw sameContent(owner, torrent)
    }
  }
}

function sameContent(torrent: Torrent, other: Torrent): SwarmError {
  const both = `${naming(torrent)} is the same content as ${naming(other)}`
  return new SwarmError('in-use', `${both}, which is here by its other infohash; remove one of them.`)
}
