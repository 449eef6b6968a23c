import { basename } from 'node:path'
import { contentWords, MAX_WORDS_PER_CONTENT } from '@onehop/overlay'
import { bytesToHex } from '@onehop/primitives'
import {
  type ContentSummary,
  type HashingProgress,
  type LookupResult,
  type PublishedContent,
  RPC_CODE,
  RpcError,
  type SearchResult,
} from '@onehop/rpc'
import type { SwarmSession, TorrentSummary } from '@onehop/swarm-io'
import type { Logger } from '../log.ts'
import { Announcer } from './announcer.ts'
import { ContentControl } from './content-control.ts'
import { ContentFetcher } from './content-fetcher.ts'
import { cidOf } from './content-id.ts'
import type { ContentOverlay } from './content-overlay.ts'
import { checkTrackers } from './content-source.ts'
import { summaryOf } from './content-view.ts'
import { isOffered } from './offered.ts'
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

/** Joins the two halves of the content side: the overlay says who has it, the swarm brings it here. */
export class ContentService {
  readonly control: ContentControl
  readonly fetcher: ContentFetcher
  private readonly session: SwarmSession
  private readonly overlay: ContentOverlay
  private readonly peers: OverlayPeers
  private readonly announcer: Announcer
  private readonly log: Logger
  private readonly hashed = new Set<HashingProgress>()
  private isAnnouncing = false
  private isOutdated = false

  constructor({ session, overlay, peers, downloadDir, log }: ContentServiceOptions) {
    this.session = session
    this.overlay = overlay
    this.peers = peers
    this.announcer = new Announcer(overlay, log)
    this.control = new ContentControl(session, this.announcer)
    this.fetcher = new ContentFetcher({ session, overlay, peers, announcer: this.announcer, downloadDir })
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
    void this.announceRestored(restored)
  }

  private async announceRestored(restored: readonly TorrentSummary[]): Promise<void> {
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

  list(): ContentSummary[] {
    return this.session.list().map(summaryOf)
  }
}

/** The words that were chosen; undefined: those of the name. @throws {RpcError} */
function chosenWords(name: string, { words, nameWords = true }: PublishRequest): string[] | undefined {
  if (words === undefined) return nameWords ? undefined : []
  const given = wordsFrom(words, MAX_WORDS_PER_CONTENT, 'Cannot publish')
  return nameWords ? contentWords(name, given) : given
}
