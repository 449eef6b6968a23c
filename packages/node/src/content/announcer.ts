import {
  contentKey,
  contentPublications,
  contentWords,
  type Publication,
  wordKey,
  wordsOf,
} from '@onehop/overlay'
import { bytesToHex } from '@onehop/primitives'
import { RPC_CODE, RpcError } from '@onehop/rpc'
import type { TorrentSummary } from '@onehop/swarm-io'
import { ANNOUNCEMENTS_AT_ONCE, MAX_ANNOUNCEMENTS, MAX_ANNOUNCEMENTS_PER_WORD } from '../limits.ts'
import type { Logger } from '../log.ts'
import { cidOf, multihashesOf, multihashOf } from './content-id.ts'
import type { ContentOverlay } from './content-overlay.ts'
import { hasJoined } from './readiness.ts'

/** What announcing needs of the overlay. */
type AnnouncingOverlay = Pick<ContentOverlay, 'isReady' | 'ready' | 'publish' | 'withdraw'> &
  Partial<Pick<ContentOverlay, 'mostPublications'>>

/** Tells the overlay what this node has: each content under its key, its name and its words. */
export class Announcer {
  private readonly overlay: AnnouncingOverlay
  private readonly log: Logger
  /** By CID: what the overlay was told. */
  private readonly announced = new Map<string, readonly Publication[]>()
  private announcements = 0
  /** By a word's key in hex: how many contents are announced under it. */
  private readonly perWord = new Map<string, number>()

  constructor(overlay: AnnouncingOverlay, log: Logger) {
    this.overlay = overlay
    this.log = log
  }

  /**
   * Publishes the content's pointer, its name's and its words', and takes back those of words that it had before.
   * @returns how many peers confirmed the content's; 0 when it has to wait until the node has entered the overlay.
   * @throws {RpcError} -1 when this node announces as much as it may.
   */
  async announce(torrent: TorrentSummary, signal?: AbortSignal): Promise<number> {
    const cid = cidOf(torrent)
    const before = this.announced.get(cid) ?? []
    this.note(cid, undefined)
    const publications = this.fitting(torrent)
    this.note(cid, publications)
    // Without a pause when it has entered: calls for one content would take each other's words for told.
    if (!this.overlay.isReady && !(await hasJoined(this.overlay, signal))) {
      void this.overlay.ready.then(({ failure }) => {
        if (failure !== 'cancelled') this.announceLater(cid, torrent)
      })
      return 0
    }
    const isOutdated = this.announced.get(cid) !== publications
    if (isOutdated) return 0
    const [content, ...leading] = publications.map(publication => this.publish(publication, signal))
    const stale = before.filter(old => !publications.some(now => idOf(now) === idOf(old)))
    const [acknowledgements] = await Promise.all([
      content!,
      Promise.all(leading.map(each => each.catch((error: unknown) => this.onFailure(torrent, error)))),
      Promise.all(stale.map(publication => this.withdrawOne(publication))),
    ])
    if (acknowledgements === undefined) this.log.warn({ name: torrent.name }, 'nobody confirmed')
    return acknowledgements ?? 0
  }

  /** Announces what was fetched: that others cannot find it here yet is no failure of the fetch. */
  async announceFetched(torrent: TorrentSummary, signal: AbortSignal): Promise<void> {
    await this.announce(torrent, signal).catch((error: unknown) => this.onFailure(torrent, error))
  }

  /** Announces when the first piece has arrived: whoever has one is a provider. */
  announceOnce(torrent: TorrentSummary): void {
    if (!this.announced.has(cidOf(torrent))) this.announceInBackground(torrent)
  }

  /** Announces what was there before the node was stopped, some at a time. The node has entered the overlay. */
  async announceAll(torrents: readonly TorrentSummary[]): Promise<void> {
    for (let i = 0; i < torrents.length; i += ANNOUNCEMENTS_AT_ONCE) {
      const some = torrents.slice(i, i + ANNOUNCEMENTS_AT_ONCE)
      await Promise.all(
        some.map(torrent => this.announce(torrent).catch((error: unknown) => this.onFailure(torrent, error))),
      )
    }
  }

  /** The words that the content is found by: those announced, and those of its name, which any of the others leads to. */
  foundBy(torrent: TorrentSummary): string[] {
    const announced = new Set(this.announced.get(cidOf(torrent))?.map(idOf))
    const named = new Set(wordsOf(torrent.name))
    return wordsOfContent(torrent).filter(word => named.has(word) || announced.has(bytesToHex(wordKey(word))))
  }

  /** Takes everything back that leads to the content, also when whoever asked for it does not wait any more. */
  async withdraw(torrent: TorrentSummary): Promise<void> {
    const cid = cidOf(torrent)
    const publications = this.announced.get(cid) ?? publicationsOf(torrent)
    this.note(cid, undefined)
    await Promise.all(publications.map(publication => this.withdrawOne(publication)))
  }

  /**
   * Without the words that lead to enough of this node's contents, whose rarer words lead to them all the same; where
   * there is no room for all others, the last are left out.
   */
  private fitting(torrent: TorrentSummary): readonly Publication[] {
    const all = publicationsOf(torrent).filter(({ kind, key }) => {
      const others = kind === 'word' ? (this.perWord.get(bytesToHex(key)) ?? 0) : 0
      return others < MAX_ANNOUNCEMENTS_PER_WORD
    })
    const most = Math.min(MAX_ANNOUNCEMENTS, this.overlay.mostPublications ?? MAX_ANNOUNCEMENTS)
    const room = most - this.announcements
    const least = all.filter(({ kind }) => kind !== 'word').length
    if (room >= all.length) return all
    const { name } = torrent
    if (room < least)
      throw new RpcError(
        RPC_CODE.miscError,
        `This node announces as much as it may; ${name} is not announced.`,
      )
    this.log.warn({ name }, 'not all words could be announced')
    return all.slice(0, room)
  }

  /** Keeps what is announced of a content now; undefined: nothing more. */
  private note(cid: string, publications: readonly Publication[] | undefined): void {
    this.count(this.announced.get(cid) ?? [], -1)
    this.count(publications ?? [], 1)
    if (publications === undefined) this.announced.delete(cid)
    else this.announced.set(cid, publications)
  }

  private count(publications: readonly Publication[], change: 1 | -1): void {
    this.announcements += change * publications.length
    for (const { kind, key } of publications) {
      if (kind !== 'word') continue
      const word = bytesToHex(key)
      const contents = (this.perWord.get(word) ?? 0) + change
      if (contents > 0) this.perWord.set(word, contents)
      else this.perWord.delete(word)
    }
  }

  /** @returns how many confirmed it; undefined when somebody should have, and nobody did. */
  private async publish(publication: Publication, signal?: AbortSignal): Promise<number | undefined> {
    const { acknowledgements, failure } = await this.overlay.publish(
      publication,
      signal === undefined ? {} : { signal },
    )
    return failure === undefined ? acknowledgements : undefined
  }

  private async withdrawOne({ key, target }: Publication): Promise<void> {
    await this.overlay.withdraw(key, target === undefined ? {} : { target })
  }

  /** Unless it was taken back meanwhile. */
  private announceLater(cid: string, torrent: TorrentSummary): void {
    if (this.announced.has(cid)) this.announceInBackground(torrent)
  }

  private announceInBackground(torrent: TorrentSummary): void {
    this.announce(torrent).catch((error: unknown) => this.onFailure(torrent, error))
  }

  private onFailure({ name }: TorrentSummary, error: unknown): void {
    this.log.warn({ name, error: String(error) }, 'cannot announce content')
  }
}

/** The words that content is to be found by: those that its publisher chose, or those of its name. */
function wordsOfContent({ name, words }: TorrentSummary): readonly string[] {
  return words ?? contentWords(name)
}

function publicationsOf(torrent: TorrentSummary): Publication[] {
  const { name, bytes } = torrent
  const multihash = multihashOf(torrent)
  const [content, ...leading] = contentPublications({
    multihash,
    name,
    bytes,
    words: wordsOfContent(torrent),
  })
  // Who has a link to a hybrid may know the other infohash only.
  const others = multihashesOf(torrent).slice(1)
  return [content!, ...others.map(other => ({ ...content!, key: contentKey(other) })), ...leading]
}

/** All publications of one content lead to the same target, so that the key tells them apart. */
function idOf({ key }: Publication): string {
  return bytesToHex(key)
}
