import { resolve } from 'node:path'
import type { AddOptions, FetchTarget, TorrentSource } from '../session-types.ts'
import { resolveTarget } from '../storage/torrent-openers.ts'
import { SwarmError } from '../swarm-error.ts'
import type { Torrent } from './torrent.ts'

/** Someone who waits for a torrent to be complete. */
export interface FetchListener {
  onComplete(): void
  onFailed(error: SwarmError): void
}

/** What is asked of a torrent: that it is fetched, to where, by those who wait for it and those who do not. */
export class TorrentRequests {
  private readonly torrent: Torrent
  private readonly fetches = new Set<FetchListener>()

  constructor(torrent: Torrent) {
    this.torrent = torrent
  }

  /** Whether somebody waits for it. */
  get isAwaited(): boolean {
    return this.fetches.size > 0
  }

  /** @throws {SwarmError} `in-use` when the content is, or is being fetched, somewhere else. */
  async beginFetch(fetch: FetchListener, source: TorrentSource, options: AddOptions): Promise<void> {
    this.fetches.add(fetch)
    await this.aim(options)
    // Whoever has stopped to wait in the meantime does not want it to go on.
    if (this.fetches.has(fetch)) await this.begin(source, options, () => this.fetches.has(fetch))
    if (this.torrent.isSeeding) fetch.onComplete()
  }

  /** Whoever waits no longer lets it rest, if nobody else wants it. */
  endFetch(fetch: FetchListener): void {
    this.fetches.delete(fetch)
    const { torrent } = this
    if (!this.isAwaited && !torrent.goesOn && !torrent.isClosed) torrent.rest('The fetch was given up.')
  }

  complete(): void {
    for (const fetch of [...this.fetches]) fetch.onComplete()
  }

  fail(error: SwarmError): void {
    for (const fetch of [...this.fetches]) fetch.onFailed(error)
  }

  /** Says where the content goes; nothing changes where that is decided. @throws {SwarmError} `in-use` */
  private async aim(options: FetchTarget): Promise<void> {
    const { settings, content, info } = this.torrent
    const target = targetOf(options)
    if (content !== undefined && info !== undefined) {
      const path = await resolveTarget(target, info)
      if (path !== content.path) throw inUse(path, content.path)
    } else if (settings.target === undefined || this.fetches.size < 2) {
      settings.target = target
    } else if (JSON.stringify(target) !== JSON.stringify(settings.target)) {
      throw inUse('another place', 'where an earlier fetch wants it')
    }
  }

  /** Takes over what is said about it, and goes on; where it goes is only asked once. @throws {SwarmError} */
  async begin(source: TorrentSource, options: AddOptions, isWanted = () => true): Promise<void> {
    const { torrent } = this
    const isPlaced = torrent.content !== undefined || torrent.record?.content !== undefined
    if (!isPlaced) torrent.settings.target ??= targetOf(options)
    this.learn(source)
    await this.configure(options)
    if (isWanted()) await torrent.resume()
  }

  private learn(source: TorrentSource): void {
    const { torrent } = this
    if ('torrent' in source) {
      const { info, pieceLayers, trackers } = source.torrent
      torrent.learn(info, pieceLayers)
      torrent.search.addTrackers(trackers)
    } else if (source.displayName !== undefined) {
      torrent.settings.displayName = source.displayName
    }
    torrent.search.addTrackers((source.trackers ?? []).map(url => [url]))
    torrent.search.addPeers(source.peers ?? [])
  }

  private async configure({ sequential, limits, goals, files }: AddOptions): Promise<void> {
    const { torrent } = this
    if (sequential !== undefined) {
      torrent.settings.isSequential = sequential
      torrent.machine.setSequential(sequential)
    }
    torrent.limits.change({ ...limits, ...goals }, torrent.nowMs())
    if (files) await torrent.setFiles(files)
  }
}

/** Only what says where, of options that say more; it holds in another working directory, too. */
function targetOf(options: FetchTarget): FetchTarget {
  return 'outputPath' in options
    ? { outputPath: resolve(options.outputPath) }
    : { outputDir: resolve(options.outputDir) }
}

function inUse(wanted: string, path: string): SwarmError {
  return new SwarmError('in-use', `Cannot fetch to ${wanted}: what there is of the content goes to ${path}.`)
}
