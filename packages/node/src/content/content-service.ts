import { mkdir, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { contentWords, MAX_WORDS_PER_CONTENT } from '@onehop/overlay'
import { bytesToHex } from '@onehop/primitives'
import {
  type ContentSummary,
  type FetchedContent,
  type FetchStatus,
  type HashingProgress,
  type LookupResult,
  type PublishedContent,
  RPC_CODE,
  RpcError,
  type SearchResult,
} from '@onehop/rpc'
import type {
  AddOptions,
  FetchProgress,
  FetchResult,
  FetchTarget,
  FileChoice,
  RateLimits,
  SeedingGoals,
  SwarmSession,
  TorrentSummary,
} from '@onehop/swarm-io'
import type { Logger } from '../log.ts'
import { Announcer } from './announcer.ts'
import { ContentControl } from './content-control.ts'
import { cidOf, type TorrentId } from './content-id.ts'
import type { ContentOverlay } from './content-overlay.ts'
import { checkTrackers, findWanted, type WantedContent, type WantedReference } from './content-source.ts'
import { fetchStatusOf, summaryOf } from './content-view.ts'
import { filesMeantBy, pathBelowRoot } from './file-choice.ts'
import type { OverlayPeers } from './overlay-peers.ts'
import { parseReference, resolveContent } from './resolve.ts'
import { searchContent, wordsFrom } from './search.ts'
import { translated } from './swarm-failure.ts'

export interface ContentServiceOptions {
  readonly session: SwarmSession
  readonly overlay: ContentOverlay
  /** Names the overlay's providers to the session. */
  readonly peers: OverlayPeers
  /** Where fetched content goes that is given no other place. */
  readonly downloadDir: string
  readonly log: Logger
}

/** How content is published. */
export interface PublishRequest {
  /** Default: the file's or folder's own. */
  readonly name?: string
  /** Texts with words to find it by, besides those of its name. */
  readonly words?: readonly string[]
  /** Whether it is found by the words of its name too. Default: it is. */
  readonly nameWords?: boolean
  /** URLs, each a tier of its own. */
  readonly trackers?: readonly string[]
  readonly isPrivate?: boolean
  readonly version?: 'v1' | 'v2' | 'hybrid'
  readonly pieceLengthBytes?: number
  readonly comment?: string
}

/** How content is fetched. */
export interface FetchRequest extends WantedReference {
  /** Absolute path of a file or folder; default: the node's own folder for downloads. */
  readonly output?: string
  /** Numbers and patterns of the files that are wanted; default: all. */
  readonly files?: readonly string[]
  readonly sequential?: boolean
  /** Return at once; the content comes all the same. */
  readonly detach?: boolean
  /** What this call is known by among those of {@link ContentService.fetches}. */
  readonly asked: string
  readonly limits?: RateLimits
  readonly goals?: SeedingGoals
  /** Give up after so long without a new piece; infinite: never. */
  readonly stallTimeoutMs?: number
}

/** A call of `fetch` that is not done. */
interface WaitingFetch {
  readonly id: TorrentId
  readonly asked: string
  /** Undefined at the very beginning. */
  progress: FetchProgress | undefined
}

/** Joins the two halves of the content side: the overlay says who has it, the swarm brings it here. */
export class ContentService {
  readonly control: ContentControl
  private readonly session: SwarmSession
  private readonly overlay: ContentOverlay
  private readonly peers: OverlayPeers
  private readonly announcer: Announcer
  private readonly downloadDir: string
  private readonly log: Logger
  private readonly hashed = new Set<HashingProgress>()
  private readonly waiting = new Set<WaitingFetch>()
  private isAnnouncing = false
  private isOutdated = false

  constructor({ session, overlay, peers, downloadDir, log }: ContentServiceOptions) {
    this.session = session
    this.overlay = overlay
    this.peers = peers
    this.announcer = new Announcer(overlay, log)
    this.control = new ContentControl(session, this.announcer)
    this.downloadDir = downloadDir
    this.log = log
    this.followSession()
  }

  /** What others can have is told to the overlay, and taken back when it cannot be had any more, whoever caused it. */
  private followSession(): void {
    const tell = (torrent: TorrentSummary) => {
      if (isOffered(torrent)) this.announcer.announceOnce(torrent)
    }
    const takeBack = (torrent: TorrentSummary) => {
      this.peers.forget(torrent)
      void this.announcer.withdraw(torrent)
    }
    this.session.on('firstPiece', tell)
    this.session.on('completed', tell)
    this.session.on('resumed', tell)
    this.session.on('paused', takeBack)
    this.session.on('removed', takeBack)
  }

  /** Offers again what was offered before the node was stopped, and announces it when the node is in the overlay. */
  async restore(): Promise<void> {
    const restored = await this.session.restore()
    for (const { problem, path } of restored) if (problem !== undefined) this.log.warn({ path }, problem)
    const { failure } = await this.overlay.ready
    if (failure === 'cancelled') return
    await this.announcer.announceAll(
      restored.flatMap(({ infohash }) => this.session.get(infohash) ?? []).filter(isOffered),
    )
  }

  /** Announces everything again, for this node is to be dialled elsewhere now. Once more when that changes meanwhile. */
  async announceAgain(): Promise<void> {
    this.isOutdated = true
    if (!this.overlay.isReady || this.isAnnouncing) return
    this.isAnnouncing = true
    while (this.isOutdated) {
      this.isOutdated = false
      await this.announcer.announceAll(this.session.list().filter(isOffered))
    }
    this.isAnnouncing = false
  }

  /** Hashes the file or folder, offers it, and tells the overlay that this node has it, and by which words to find it. */
  async publish(path: string, request: PublishRequest, signal: AbortSignal): Promise<PublishedContent> {
    const torrent = await this.seed(path, request, signal)
    const acknowledgements = torrent.isPrivate ? 0 : await this.announcer.announce(torrent, signal)
    const { infohash, infohashV2, name, bytes, pieces, magnet } = torrent
    return {
      key: cidOf(torrent),
      infohash: bytesToHex(infohash),
      ...(infohashV2 === undefined ? {} : { infohashV2: bytesToHex(infohashV2) }),
      name,
      path,
      bytes,
      pieces,
      files: this.control.fileCount(infohash),
      magnet,
      words: torrent.isPrivate ? [] : this.announcer.foundBy(torrent),
      acknowledgements,
    }
  }

  private async seed(path: string, request: PublishRequest, signal: AbortSignal): Promise<TorrentSummary> {
    const { name, trackers = [], isPrivate = false, version, pieceLengthBytes, comment } = request
    if (isPrivate && trackers.length === 0)
      throw new RpcError(
        RPC_CODE.invalidParams,
        'Private content is found through its trackers alone: name one.',
      )
    const words = chosenWords(name ?? basename(path), request)
    const progress = { path, bytes: 0, bytesDone: 0 }
    this.hashed.add(progress)
    try {
      return await translated(
        this.session.seed(path, {
          signal,
          isPrivate,
          trackers: checkTrackers(trackers).map(url => [url]),
          onProgress: (bytesDone, bytes) => Object.assign(progress, { bytesDone, bytes }),
          ...(name === undefined ? {} : { name }),
          ...(words === undefined ? {} : { words }),
          ...(version === undefined ? {} : { version }),
          ...(pieceLengthBytes === undefined ? {} : { pieceLengthBytes }),
          ...(comment === undefined ? {} : { comment }),
        }),
      )
    } finally {
      this.hashed.delete(progress)
    }
  }

  /** What is being hashed for publication now. */
  hashing(): HashingProgress[] {
    return Array.from(this.hashed, progress => ({ ...progress }))
  }

  /** Finds content by words; see {@link searchContent}. */
  search(texts: readonly string[], limit: number, signal: AbortSignal): Promise<SearchResult> {
    return searchContent(this.overlay, texts, limit, signal)
  }

  async lookup(text: string, signal: AbortSignal): Promise<LookupResult> {
    const found = await resolveContent(this.overlay, parseReference(text), signal)
    const { content, name, providers, hops, messages, attempts, elapsedMs } = found
    const result = { key: content.cid, providers, hops, messages, attempts, elapsedMs }
    return name === undefined ? result : { ...result, name }
  }

  /** Brings the content here and offers it, piece by piece as they arrive. */
  async fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchedContent> {
    const beganMs = performance.now()
    const isHere = ({ infohash }: { infohash: Uint8Array }) => this.session.get(infohash) !== undefined
    const hasTcp = this.session.btPort !== 0
    const wanted = await findWanted(this.overlay, request, { isHere, hasTcp }, signal)
    this.peers.foresee(wanted.id, wanted.pointers)
    const options = await this.addOptions(request, wanted)
    if (request.detach === true) {
      const added = await translated(this.session.add(wanted.source, options))
      const { name, path, bytes, pieces } = added
      return this.fetched(wanted, { name, path, bytes, pieces, providers: [] }, beganMs)
    }
    const fetched = await this.fetchAndWait(wanted, request, options, signal)
    const torrent = this.session.get(wanted.id.infohash)
    if (torrent !== undefined && isOffered(torrent)) await this.announcer.announceFetched(torrent, signal)
    this.peers.noteDownload(wanted.id, fetched.providers)
    return this.fetched(wanted, fetched, beganMs)
  }

  private async fetchAndWait(
    { id, source }: WantedContent,
    { asked, stallTimeoutMs }: FetchRequest,
    options: AddOptions,
    signal: AbortSignal,
  ): Promise<FetchResult> {
    const waiting: WaitingFetch = { id, asked, progress: undefined }
    this.waiting.add(waiting)
    const onProgress = (progress: FetchProgress) => {
      waiting.progress = progress
    }
    const patience = stallTimeoutMs === undefined ? {} : { stallTimeoutMs }
    try {
      return await translated(this.session.fetch(source, { ...options, ...patience, signal, onProgress }))
    } finally {
      this.waiting.delete(waiting)
    }
  }

  /** The calls of {@link fetch} that wait, and how far they are. */
  fetches(): FetchStatus[] {
    return Array.from(this.waiting).flatMap(({ id, asked, progress }) => {
      if (progress === undefined) return []
      const name = this.session.get(id.infohash)?.name ?? ''
      return [{ asked, key: cidOf(id), name, ...fetchStatusOf(progress) }]
    })
  }

  private fetched(
    { key, id }: WantedContent,
    {
      name,
      path,
      bytes,
      pieces,
      providers,
    }: Pick<FetchedContent, 'name' | 'path' | 'bytes' | 'pieces' | 'providers'>,
    beganMs: number,
  ): FetchedContent {
    const elapsedMs = Math.round(performance.now() - beganMs)
    return { key, infohash: bytesToHex(id.infohash), name, path, bytes, pieces, providers, elapsedMs }
  }

  private async addOptions(request: FetchRequest, { selected }: WantedContent): Promise<AddOptions> {
    const { output, sequential, limits, goals } = request
    const patterns = request.files ?? selected?.map(String)
    return {
      ...(await targetOf(output, this.downloadDir)),
      ...(patterns === undefined ? {} : { files: onlyThose(patterns) }),
      ...(sequential === undefined ? {} : { sequential }),
      ...(limits === undefined ? {} : { limits }),
      ...(goals === undefined ? {} : { goals }),
    }
  }

  list(): ContentSummary[] {
    return this.session.list().map(summaryOf)
  }
}

/** Wants what the patterns mean, and nothing else. */
function onlyThose(patterns: readonly string[]): FileChoice {
  return files => {
    const shown = files.map((file, index) => ({ index, path: pathBelowRoot(file) }))
    const meant = filesMeantBy(
      patterns,
      shown.filter(({ index }) => !files[index]!.isPadding),
    )
    return shown.map(({ index }) => (meant.has(index) ? 'normal' : 'skip'))
  }
}

/** Whether others can have pieces of it from here, and may know. */
function isOffered({ problem, piecesDone, state, isPrivate }: TorrentSummary): boolean {
  if (problem !== undefined || isPrivate || state === 'paused') return false
  return piecesDone > 0 || state === 'seeding'
}

/** The words that were chosen; undefined: those of the name. @throws {RpcError} */
function chosenWords(name: string, { words, nameWords = true }: PublishRequest): string[] | undefined {
  if (words === undefined) return nameWords ? undefined : []
  const given = wordsFrom(words, MAX_WORDS_PER_CONTENT, 'Cannot publish')
  return nameWords ? contentWords(name, given) : given
}

/** A path that is a folder, or ends like one, means: in it, under its own name. */
async function targetOf(output: string | undefined, downloadDir: string): Promise<FetchTarget> {
  if (output === undefined) return { outputDir: downloadDir }
  if (output.endsWith('/')) await mkdir(output, { recursive: true }).catch(() => undefined)
  if (output.endsWith('/') || (await isDirectory(output))) return { outputDir: output }
  if (await isDirectory(dirname(output))) return { outputPath: output }
  throw new RpcError(RPC_CODE.invalidParameter, `There is no folder ${dirname(output)} to write into.`)
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
