import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Libp2pOverlay } from '@onehop/libp2p-overlay'
import {
  type ContentReference,
  contentKey,
  infohashToCid,
  infohashToMultihash,
  nameKey,
  type Publication,
} from '@onehop/overlay'
import { equalBytes } from '@onehop/primitives'
import {
  type ContentSummary,
  type FetchedContent,
  type LookupResult,
  type PublishedContent,
  RPC_CODE,
  RpcError,
} from '@onehop/rpc'
import {
  type FetchTarget,
  SwarmError,
  type SwarmErrorCode,
  type SwarmSession,
  type TorrentSummary,
} from '@onehop/swarm-io'
import type { Logger } from '../log.ts'
import { providersOf } from './provider-source.ts'
import { hasJoined } from './readiness.ts'
import { parseReference, resolveContent } from './resolve.ts'
import type { SwarmDialer } from './swarm-dialer.ts'

export interface ContentServiceOptions<M> {
  readonly session: SwarmSession
  readonly overlay: Libp2pOverlay<M>
  readonly dialer: SwarmDialer
  /** Where fetched files go that are given no other place. */
  readonly downloadDir: string
  readonly log: Logger
}

/** Joins the two halves of the content side: the overlay says who has it, the swarm brings it here. */
export class ContentService<M> {
  private readonly session: SwarmSession
  private readonly overlay: Libp2pOverlay<M>
  private readonly dialer: SwarmDialer
  private readonly downloadDir: string
  private readonly log: Logger
  private readonly published = new Set<string>()

  constructor({ session, overlay, dialer, downloadDir, log }: ContentServiceOptions<M>) {
    this.session = session
    this.overlay = overlay
    this.dialer = dialer
    this.downloadDir = downloadDir
    this.log = log
  }

  /** Offers again what was offered before the node was stopped, and announces it. */
  async restore(): Promise<void> {
    for (const torrent of await this.session.restore()) {
      if (torrent.problem !== undefined) this.log.warn({ path: torrent.path }, torrent.problem)
      else if (torrent.piecesDone > 0 || torrent.state === 'seeding') await this.announce(torrent)
    }
  }

  /** Hashes the file, offers it, and tells the overlay that this node has it. */
  async publish(path: string, name: string | undefined, signal: AbortSignal): Promise<PublishedContent> {
    const torrent = await translated(
      this.session.seed(path, { signal, ...(name === undefined ? {} : { name }) }),
    )
    const acknowledgements = await this.announce(torrent, signal)
    const { bytes, pieces, magnet } = torrent
    return {
      key: infohashToCid(torrent.infohash),
      name: torrent.name,
      path,
      bytes,
      pieces,
      magnet,
      acknowledgements,
    }
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
      if (torrent !== undefined) await this.announce(torrent, signal)
      const { path, bytes, pieces, providers } = fetched
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
  async remove(text: string, signal: AbortSignal): Promise<void> {
    const reference = parseReference(text)
    const torrent = this.session.list().find(each => means(reference, each))
    if (torrent === undefined)
      throw new RpcError(RPC_CODE.contentNotFound, `This node does not have ${text}.`)
    await translated(this.session.remove(torrent.infohash))
    this.published.delete(infohashToCid(torrent.infohash))
    for (const { key, target } of publicationsOf(torrent)) {
      await this.overlay.withdraw(key, target === undefined ? { signal } : { signal, target })
    }
  }

  /** Whoever has a piece is a provider: tells the overlay when the first one has arrived. */
  private announceOnce(infohash: Uint8Array, piecesDone: number): void {
    if (piecesDone === 0 || this.published.has(infohashToCid(infohash))) return
    const torrent = this.session.get(infohash)
    if (torrent === undefined) return
    this.announceInBackground(torrent)
  }

  private announceInBackground(torrent: TorrentSummary): void {
    this.announce(torrent).catch((error: unknown) =>
      this.log.warn({ error: String(error) }, 'cannot announce content'),
    )
  }

  /** Publishes the content's pointer and its name's. @returns how many peers confirmed the content's; 0 when it has to wait. */
  private async announce(torrent: TorrentSummary, signal?: AbortSignal): Promise<number> {
    this.published.add(infohashToCid(torrent.infohash))
    if (!(await hasJoined(this.overlay, signal))) {
      void this.overlay.ready.then(() => this.announceInBackground(torrent))
      return 0
    }
    const options = signal === undefined ? {} : { signal }
    const [content] = await Promise.all(
      publicationsOf(torrent).map(publication => this.overlay.publish(publication, options)),
    )
    if (content?.failure !== undefined)
      this.log.warn({ name: torrent.name, failure: content.failure }, 'nobody confirmed')
    return content?.acknowledgements ?? 0
  }
}

/** Whether the reference is this torrent's id or its name. */
function means(reference: ContentReference, { infohash, name }: TorrentSummary): boolean {
  if (reference.kind === 'name') return name === reference.name
  return reference.infohash !== undefined && equalBytes(reference.infohash, infohash)
}

function publicationsOf({ infohash, name, bytes }: TorrentSummary): Publication[] {
  const multihash = infohashToMultihash(infohash)
  return [
    { kind: 'content', key: contentKey(multihash), displayName: name, bytes },
    { kind: 'name', key: nameKey(name), target: multihash, displayName: name, bytes },
  ]
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
