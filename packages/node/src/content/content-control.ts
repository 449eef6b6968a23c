import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type ContentReference, parseContentReference } from '@onehop/overlay'
import { bytesToHex, equalBytes } from '@onehop/primitives'
import {
  type ContentDetails,
  type ContentFinder,
  type ContentSummary,
  type LimitedContent,
  RPC_CODE,
  RpcError,
  type ServedFile,
  type TorrentFileOf,
} from '@onehop/rpc'
import type { FilePriority } from '@onehop/swarm'
import type { LimitChanges, SwarmSession, TorrentDetails, TorrentSummary } from '@onehop/swarm-io'
import type { Announcer } from './announcer.ts'
import { cidOf, cidsOf } from './content-id.ts'
import { idOf } from './content-source.ts'
import { detailsOf, limitsOf, summaryOf } from './content-view.ts'
import { type ChosenFile, filesMeantBy, type Priority, pathBelowRoot } from './file-choice.ts'
import { parseReference } from './resolve.ts'
import { translated } from './swarm-failure.ts'

/** Fewest characters of a key or an infohash that stand for all of it. */
const MIN_PREFIX_CHARACTERS = 6

/** What is done with content that this node has, or fetches. A reference is its key, infohash, magnet link or name. */
export class ContentControl {
  private readonly session: SwarmSession
  private readonly announcer: Pick<Announcer, 'withdraw'>

  constructor(session: SwarmSession, announcer: Pick<Announcer, 'withdraw'>) {
    this.session = session
    this.announcer = announcer
  }

  /** @throws {RpcError} -40 */
  show(text: string): ContentDetails {
    return detailsOf(this.detailsFor(this.find(text)), this.session.nowMs())
  }

  /** Nothing goes in or out any more, until it is resumed. @throws {RpcError} */
  pause(text: string): Promise<ContentSummary> {
    return this.change(text, ({ infohash }) => this.session.pause(infohash))
  }

  /** @throws {RpcError} */
  resume(text: string): Promise<ContentSummary> {
    return this.change(text, ({ infohash }) => this.session.resume(infohash))
  }

  /** Verifies what is on the disk again. @throws {RpcError} */
  recheck(text: string): Promise<ContentSummary> {
    return this.change(text, ({ infohash }) => this.session.recheck(infohash))
  }

  /**
   * Moves it into a folder that is there, under the name that it has here, else to the path, unless that is stopped in
   * time. @throws {RpcError}
   */
  move(text: string, path: string, signal?: AbortSignal): Promise<ContentSummary> {
    return this.change(text, async ({ infohash, name, path: from }) => {
      const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true
      const to = isFolder || path.endsWith('/') ? join(path, basename(from) || name) : path
      await this.session.move(infohash, to, signal)
    })
  }

  /** Gives one file another place below the content's folder. @throws {RpcError} */
  async rename(text: string, file: string, path: string): Promise<ContentDetails> {
    const { infohash } = this.find(text)
    const renaming = async () => {
      const meant = [...filesMeantBy([file], this.detailsFor({ infohash }).files)]
      if (meant.length !== 1)
        throw new RpcError(RPC_CODE.invalidParameter, `"${file}" means ${meant.length} files; name one.`)
      await this.session.renameFile(infohash, meant[0]!, path.split('/'))
    }
    await translated(renaming())
    return this.show(bytesToHex(infohash))
  }

  /**
   * Says how much files are wanted: the last that means a file counts.
   * @throws {RpcError} -8 when a pattern means no file.
   */
  async setFiles(text: string, wishes: ReadonlyMap<Priority, readonly string[]>): Promise<ContentDetails> {
    const { infohash } = this.find(text)
    const now = new Map(this.detailsFor({ infohash }).files.map(({ index, priority }) => [index, priority]))
    await translated(
      this.session.setFiles(infohash, files => {
        const shown: ChosenFile[] = files.map((file, index) => ({ index, path: pathBelowRoot(file) }))
        const choice: FilePriority[] = files.map((_, index) => now.get(index) ?? 'normal')
        for (const [priority, patterns] of wishes) {
          for (const index of filesMeantBy(patterns, shown)) choice[index] = priority
        }
        return choice
      }),
    )
    return this.show(bytesToHex(infohash))
  }

  /** @param text without one: the limits of the whole node, which last until it stops. @throws {RpcError} */
  async limit(text: string | undefined, changes: LimitChanges): Promise<LimitedContent> {
    const torrent = text === undefined ? undefined : this.find(text)
    await translated(this.session.setLimits(torrent?.infohash ?? 'all', changes))
    if (torrent === undefined) return { limits: limitsOf(this.session.limits) }
    return { key: cidOf(torrent), limits: limitsOf(this.detailsFor(torrent).limits) }
  }

  /**
   * Stops to offer the content, and takes its pointers back.
   * @param deleteFiles whether what is on the disk goes too; else it stays, but for what is unfinished.
   * @throws {RpcError}
   */
  async remove(text: string, deleteFiles: boolean): Promise<void> {
    const torrent = this.find(text)
    await translated(this.session.remove(torrent.infohash, { deleteFiles }))
    await this.announcer.withdraw(torrent)
  }

  /** The .torrent file. @throws {RpcError} -40, or -1 as long as only the id is known. */
  async torrentFile(text: string): Promise<TorrentFileOf> {
    const torrent = this.find(text)
    const bytes = await translated(this.session.torrentFile(torrent.infohash))
    return { key: cidOf(torrent), name: torrent.name, torrent: Buffer.from(bytes).toString('base64') }
  }

  /**
   * What `GET /content/<id>/<path>` shows: of one file the file, with or without its name; of several each, or a list.
   * Only whole ids lead there, which nobody guesses.
   */
  readonly door: ContentFinder = (id, path) => {
    const reference = parseContentReference(id)
    if (!reference.ok || reference.value.kind === 'name') return undefined
    const torrent = this.session.list().find(each => means(reference.value, each))
    const details = torrent && this.session.details(torrent.infohash)
    if (details === undefined || details.files.length === 0) return undefined
    const { files, name } = details
    const isSingle = files.length === 1 && files[0]!.path === name
    const below = path[0] === name && !isSingle && !hasFile(files, path) ? path.slice(1) : path
    const wanted = isSingle && path.length === 0 ? name : below.join('/')
    const file = files.find(each => each.path === wanted)
    if (file !== undefined) return { kind: 'file', file: this.served(details, file) }
    if (below.length > 0 || isSingle) return undefined
    return {
      kind: 'folder',
      name,
      files: files.map(each => ({ path: each.path.split('/'), bytes: each.bytes })),
    }
  }

  /** How many files it has; 1 as long as that is not known. */
  fileCount(infohash: Uint8Array): number {
    return this.session.details(infohash)?.files.length ?? 1
  }

  private served(
    { infohash }: TorrentDetails,
    { path, bytes, index }: TorrentDetails['files'][number],
  ): ServedFile {
    return {
      name: path,
      lengthBytes: bytes,
      entityTag: `"${bytesToHex(infohash)}-${index}"`,
      read: (range, signal) => this.session.openContent(infohash, index, range, signal),
    }
  }

  private async change(
    text: string,
    work: (torrent: TorrentSummary) => Promise<unknown>,
  ): Promise<ContentSummary> {
    const torrent = this.find(text)
    await translated(work(torrent))
    return summaryOf(this.session.get(torrent.infohash) ?? torrent)
  }

  private detailsFor({ infohash }: Pick<TorrentSummary, 'infohash'>): TorrentDetails {
    const details = this.session.details(infohash)
    if (details === undefined)
      throw new RpcError(RPC_CODE.contentNotFound, 'This node does not have it any more.')
    return details
  }

  private find(text: string): TorrentSummary {
    const found = this.known(text)
    if (found !== undefined) return found
    throw new RpcError(RPC_CODE.contentNotFound, `This node does not have ${text}.`)
  }

  /** Undefined when this node does not have it. @throws {RpcError} -8 for what is no reference, or could be several. */
  private known(text: string): TorrentSummary | undefined {
    const reference = parseReference(text)
    const torrents = this.session.list()
    const found = torrents.find(torrent => means(reference, torrent))
    if (found !== undefined || text.length < MIN_PREFIX_CHARACTERS) return found
    const begin = torrents.filter(torrent => begins(text, torrent))
    if (begin.length > 1)
      throw new RpcError(
        RPC_CODE.invalidParameter,
        `${text} could be ${begin.length} contents; give more of the key.`,
      )
    return begin[0]
  }
}

/** Whether the reference is one of this torrent's ids, or its name. */
function means(reference: ContentReference, { infohashes, name }: TorrentSummary): boolean {
  if (reference.kind === 'name') return name === reference.name
  const id = idOf(reference)
  return id !== undefined && infohashes.some(infohash => equalBytes(infohash, id.infohash))
}

/** Whether the text is the beginning of a key or of an infohash. */
function begins(text: string, torrent: TorrentSummary): boolean {
  const hex = [...torrent.infohashes, ...(torrent.infohashV2 ? [torrent.infohashV2] : [])].map(bytesToHex)
  return (
    cidsOf(torrent).some(cid => cid.startsWith(text)) || hex.some(each => each.startsWith(text.toLowerCase()))
  )
}

function hasFile(files: TorrentDetails['files'], path: readonly string[]): boolean {
  return files.some(file => file.path === path.join('/'))
}
