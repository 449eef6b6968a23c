import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type ContentReference, contentWords, infohashToCid, MAX_WORDS_PER_CONTENT } from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import {
  type ContentSummary,
  type FetchedContent,
  type LookupResult,
  type PublishedContent,
  RPC_CODE,
  RpcError,
  type SearchResult,
} from '@onehop/rpc'
import {
  type FetchTarget,
  SwarmError,
  type SwarmErrorCode,
  type SwarmSession,
  type TorrentSummary,
} from '@onehop/swarm-io'
import type { Logger } from '../log.ts'
import { Announcer } from './announcer.ts'
import type { ContentOverlay } from './content-overlay.ts'
import { providersOf } from './provider-source.ts'
import { parseReference, resolveContent } from './resolve.ts'
import { searchContent, wordsFrom } from './search.ts'
import type { SwarmDialer } from './swarm-dialer.ts'

export interface ContentServiceOptions {
  readonly session: SwarmSession
  readonly overlay: ContentOverlay
  readonly dialer: SwarmDialer
  /** Where fetched files go that are given no other place. */
  readonly downloadDir: string
  readonly log: Logger
}

/** How a file is published. */
export interface PublishRequest {
  /** Default: the file's own. */
  readonly name?: string
  /** Texts with words to find it by, besides those of its name. */
  readonly words?: readonly string[]
  /** Whether it is found by the words of its name too. Default: it is. */
  readonly nameWords?: boolean
}

/** Joins the two halves of the content side: the overlay says who has it, the swarm brings it here. */
export class ContentService {
  private readonly session: SwarmSession
  private readonly overlay: ContentOverlay
  private readonly announcer: Announcer
  private readonly dialer: SwarmDialer
  private readonly downloadDir: string
  private readonly log: Logger
  private isAnnouncing = false
  private isOutdated = false

  constructor({ session, overlay, dialer, downloadDir, log }: ContentServiceOptions) {
    this.session = session
    this.overlay = overlay
    this.announcer = new Announcer(overlay, log)
    this.dialer = dialer
    this.downloadDir = downloadDir
    this.log = log
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

  /** Hashes the file, offers it, and tells the overlay that this node has it, and by which words to find it. */
  async publish(path: string, request: PublishRequest, signal: AbortSignal): Promise<PublishedContent> {
    const { name } = request
    const words = chosenWords(name ?? basename(path), request)
    const torrent = await translated(
      this.session.seed(path, {
        signal,
        ...(name === undefined ? {} : { name }),
        ...(words === undefined ? {} : { words }),
      }),
    )
    const acknowledgements = await this.announcer.announce(torrent, signal)
    const { bytes, pieces, magnet } = torrent
    return {
      key: infohashToCid(torrent.infohash),
      name: torrent.name,
      path,
      bytes,
      pieces,
      magnet,
      words: this.announcer.foundBy(torrent),
      acknowledgements,
    }
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
  async fetch(text: string, output: string | undefined, signal: AbortSignal): Promise<FetchedContent> {
    const beganMs = performance.now()
    const found = await resolveContent(this.overlay, parseReference(text), signal)
    const infohash = found.content.infohash
    if (infohash === undefined) {
      throw new RpcError(RPC_CODE.invalidParameter, `${found.content.cid} is no BitTorrent v1 content.`)
    }
    const ended = new AbortController()
    const untilEnd = AbortSignal.any([signal, ended.signal])
    const others = found.pointers.filter((_, i) => found.providers[i]?.peerId !== this.dialer.peerId)
    try {
      const fetched = await translated(
        this.session.fetch(infohash, {
          ...(await targetOf(output, this.downloadDir)),
          peers: providersOf(this.overlay, this.dialer, found.content.key, others, untilEnd),
          signal,
          onProgress: ({ piecesDone }) => this.announceOnce(infohash, piecesDone),
        }),
      )
      const torrent = this.session.get(infohash)
      if (torrent !== undefined) await this.announcer.announceFetched(torrent, signal)
      const { path, bytes, pieces, providers } = fetched
      for (const [i, pointer] of found.pointers.entries())
        if (providers.includes(found.providers[i]?.peerId ?? '')) this.overlay.noteDownload(pointer)
      return {
        key: found.content.cid,
        path,
        bytes,
        pieces,
        providers,
        elapsedMs: Math.round(performance.now() - beganMs),
      }
    } finally {
      ended.abort()
    }
  }

  list(): ContentSummary[] {
    return this.session.list().map(torrent => {
      const { name, path, bytes, pieces, piecesDone, magnet, state, peers } = torrent
      return {
        key: infohashToCid(torrent.infohash),
        name,
        path,
        bytes,
        pieces,
        piecesDone,
        magnet,
        state,
        peers,
      }
    })
  }

  /** What went to and came from peers, for each content. */
  traffic() {
    return this.session
      .list()
      .map(({ infohash, name, state, peers, uploadedBytes, downloadedBytes, problem }) => ({
        key: infohashToCid(infohash),
        name,
        state,
        peers,
        uploadedBytes,
        downloadedBytes,
        problem,
      }))
  }

  /** Stops to offer the content, and takes its pointers back. The file stays. */
  async remove(text: string): Promise<void> {
    const reference = parseReference(text)
    const torrent = this.session.list().find(each => means(reference, each))
    if (torrent === undefined)
      throw new RpcError(RPC_CODE.contentNotFound, `This node does not have ${text}.`)
    await translated(this.session.remove(torrent.infohash))
    await this.announcer.withdraw(torrent)
  }

  /** Whoever has a piece is a provider: tells the overlay when the first one has arrived. */
  private announceOnce(infohash: Uint8Array, piecesDone: number): void {
    const torrent = piecesDone === 0 ? undefined : this.session.get(infohash)
    if (torrent !== undefined) this.announcer.announceOnce(torrent)
  }
}

/** Whether the reference is this torrent's id or its name. */
function means(reference: ContentReference, { infohash, name }: TorrentSummary): boolean {
  if (reference.kind === 'name') return name === reference.name
  return reference.infohash !== undefined && equalBytes(reference.infohash, infohash)
}

/** Whether others can have pieces of it. */
function isOffered({ problem, piecesDone, state }: TorrentSummary): boolean {
  return problem === undefined && (piecesDone > 0 || state === 'seeding')
}

/** The words that were chosen; undefined: those of the name. @throws {RpcError} */
function chosenWords(name: string, { words, nameWords = true }: PublishRequest): string[] | undefined {
  if (words === undefined) return nameWords ? undefined : []
  const given = wordsFrom(words, MAX_WORDS_PER_CONTENT, 'Cannot publish')
  return nameWords ? contentWords(name, given) : given
}

/** A path that is a folder means: in it, under its own name. */
async function targetOf(output: string | undefined, downloadDir: string): Promise<FetchTarget> {
  if (output === undefined) return { outputDir: downloadDir }
  const isFolder = output.endsWith('/') || (await isDirectory(output))
  if (!isFolder && !(await isDirectory(dirname(output)))) {
    throw new RpcError(RPC_CODE.invalidParameter, `There is no folder ${dirname(output)} to write into.`)
  }
  return isFolder ? { outputDir: join(output) } : { outputPath: output }
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}

const CODE_OF: Readonly<Partial<Record<SwarmErrorCode, number>>> = {
  'no-providers': RPC_CODE.contentNotFound,
  'timed-out': RPC_CODE.timedOut,
  'verification-failed': RPC_CODE.verificationFailed,
  'not-found': RPC_CODE.invalidParameter,
  'not-a-file': RPC_CODE.invalidParameter,
  'bad-name': RPC_CODE.invalidParameter,
  'output-exists': RPC_CODE.invalidParameter,
}

/** The swarm's errors as answers to a call. */
async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof SwarmError)) throw error
    throw new RpcError(CODE_OF[error.code] ?? RPC_CODE.miscError, error.message)
  }
}
