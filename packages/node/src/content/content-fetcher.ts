import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { bytesToHex } from '@onehop/primitives'
import { type FetchedContent, type FetchStatus, RPC_CODE, RpcError } from '@onehop/rpc'
import type {
  AddOptions,
  FetchProgress,
  FetchResult,
  FetchTarget,
  RateLimits,
  SeedingGoals,
  SwarmSession,
} from '@onehop/swarm-io'
import type { Announcer } from './announcer.ts'
import { cidOf, type TorrentId } from './content-id.ts'
import type { ContentOverlay } from './content-overlay.ts'
import { findWanted, type WantedContent, type WantedReference } from './content-source.ts'
import { fetchStatusOf } from './content-view.ts'
import { FileWish } from './file-wish.ts'
import { isOffered } from './offered.ts'
import type { OverlayPeers } from './overlay-peers.ts'
import { translated } from './swarm-failure.ts'

/** How content is fetched. */
export interface FetchRequest extends WantedReference {
  /** Absolute path of a file or folder; default: the node's own folder for downloads. */
  readonly output?: string
  /** Numbers and patterns of the files that are wanted; default: all. */
  readonly files?: readonly string[]
  /** Do nothing unless exactly one file is wanted. */
  readonly oneFile?: boolean
  readonly sequential?: boolean
  /** Return at once; the content comes all the same. */
  readonly detach?: boolean
  /** What this call is known by among those of {@link ContentFetcher.fetches}. */
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
  readonly wish: FileWish
  /** Undefined at the very beginning. */
  progress: FetchProgress | undefined
}

/** What fetching works with. */
export interface FetcherParts {
  readonly session: SwarmSession
  readonly overlay: ContentOverlay
  readonly peers: OverlayPeers
  readonly announcer: Pick<Announcer, 'announceFetched'>
  /** Where fetched content goes that is given no other place. */
  readonly downloadDir: string
}

/** Brings content here. */
export class ContentFetcher {
  private readonly parts: FetcherParts
  private readonly waiting = new Set<WaitingFetch>()

  constructor(parts: FetcherParts) {
    this.parts = parts
  }

  /** Brings the content here and offers it, piece by piece as they arrive. @throws {RpcError} */
  async fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchedContent> {
    const beganMs = performance.now()
    const { session, overlay, peers } = this.parts
    const isHere = ({ infohash }: TorrentId) => session.get(infohash) !== undefined
    const wanted = await findWanted(overlay, request, { isHere, hasTcp: session.btPort !== 0 }, signal)
    peers.foresee(wanted.id, wanted.pointers)
    const before = this.downloadedBytes(wanted)
    const wish = new FileWish(request.files ?? wanted.selected?.map(String), request.oneFile ?? false)
    const options = await this.addOptions(request, wish)
    const fetched = await this.carryOut(wanted, wish, async () => {
      return request.detach === true
        ? { ...(await session.add(wanted.source, options)), providers: [] }
        : this.fetchAndTell(wanted, request, wish, options, signal)
    })
    const { name, path, bytes, pieces, providers } = fetched
    return {
      key: wanted.key,
      infohash: bytesToHex(wanted.id.infohash),
      name,
      path,
      bytes,
      pieces,
      providers,
      ...(wish.isParticular && wish.chosen !== undefined ? { chosen: wish.chosen } : {}),
      fetchedBytes: this.downloadedBytes(wanted) - before,
      elapsedMs: Math.round(performance.now() - beganMs),
    }
  }

  /** The calls of {@link fetch} that wait, and how far they are. */
  fetches(): FetchStatus[] {
    return Array.from(this.waiting).flatMap(({ id, asked, wish, progress }) => {
      if (progress === undefined) return []
      const name = this.parts.session.get(id.infohash)?.name ?? ''
      const chosen = wish.isParticular && wish.chosen !== undefined ? { chosen: wish.chosen } : {}
      return [{ asked, key: cidOf(id), name, ...chosen, ...fetchStatusOf(progress) }]
    })
  }

  /** Of content that is known already the wish is noted first; what it cannot have is told in its own words. */
  private async carryOut<T>({ id }: WantedContent, wish: FileWish, work: () => Promise<T>): Promise<T> {
    const { session } = this.parts
    const known = wish.isParticular ? session.details(id.infohash)?.files : undefined
    const wanted = new Map(known?.map(({ index, priority }) => [index, priority]))
    try {
      if (wanted.size > 0) await translated(session.setFiles(id.infohash, files => wish.add(files, wanted)))
      return await translated(work())
    } catch (error) {
      throw wish.failure ?? error
    }
  }

  private async fetchAndTell(
    wanted: WantedContent,
    request: FetchRequest,
    wish: FileWish,
    options: AddOptions,
    signal: AbortSignal,
  ): Promise<FetchResult> {
    const { session, announcer, peers } = this.parts
    const fetched = await this.fetchAndWait(wanted, request, wish, options, signal)
    const torrent = session.get(wanted.id.infohash)
    if (torrent !== undefined && isOffered(torrent)) await announcer.announceFetched(torrent, signal)
    peers.noteDownload(wanted.id, fetched.providers)
    return fetched
  }

  private async fetchAndWait(
    { id, source }: WantedContent,
    { asked, stallTimeoutMs }: FetchRequest,
    wish: FileWish,
    options: AddOptions,
    signal: AbortSignal,
  ): Promise<FetchResult> {
    const waiting: WaitingFetch = { id, asked, wish, progress: undefined }
    this.waiting.add(waiting)
    const onProgress = (progress: FetchProgress) => {
      waiting.progress = progress
    }
    const patience = stallTimeoutMs === undefined ? {} : { stallTimeoutMs }
    try {
      return await this.parts.session.fetch(source, { ...options, ...patience, signal, onProgress })
    } finally {
      this.waiting.delete(waiting)
    }
  }

  private downloadedBytes({ id }: WantedContent): number {
    return this.parts.session.get(id.infohash)?.downloadedBytes ?? 0
  }

  private async addOptions(request: FetchRequest, wish: FileWish): Promise<AddOptions> {
    const { output, sequential, limits, goals } = request
    return {
      ...(await targetOf(output, this.parts.downloadDir)),
      ...(wish.isParticular ? { files: wish.choose } : {}),
      ...(sequential === undefined ? {} : { sequential }),
      ...(limits === undefined ? {} : { limits }),
      ...(goals === undefined ? {} : { goals }),
    }
  }
}

/** A path that is a folder, or ends like one, means: in it, under its own name. */
async function targetOf(output: string | undefined, downloadDir: string): Promise<FetchTarget> {
  if (output === undefined) return { outputDir: downloadDir }
  if (output.endsWith('/') || (await isDirectory(output))) return { outputDir: output }
  if (await isDirectory(dirname(output))) return { outputPath: output }
  throw new RpcError(RPC_CODE.invalidParameter, `There is no folder ${dirname(output)} to write into.`)
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true
}
