import { FETCH_INTERVAL_MS, FETCH_STALL_TIMEOUT_MS, PROGRESS_INTERVAL_MS } from '../limits.ts'
import type { FetchOptions, FetchResult, TorrentSource } from '../session-types.ts'
import { SwarmError, type SwarmErrorCode } from '../swarm-error.ts'
import type { Torrent } from './torrent.ts'
import type { FetchListener } from './torrent-requests.ts'
import { progressOf } from './torrent-summary.ts'

/** One call of `fetch`: waits until the torrent is complete, reports how far it is, and gives up when there is no hope. */
export class Fetch implements FetchListener {
  private readonly torrent: Torrent
  private readonly source: TorrentSource
  private readonly options: FetchOptions
  private readonly nowMs: () => number
  private readonly over = new AbortController()
  private readonly outcome: Promise<void>
  private settle!: { resolve: () => void; reject: (error: SwarmError) => void }
  private readonly startedMs: number
  private progressMs: number
  private reportedMs = Number.NEGATIVE_INFINITY
  private progressMark = -1

  constructor(torrent: Torrent, source: TorrentSource, options: FetchOptions, nowMs: () => number) {
    this.torrent = torrent
    this.source = source
    this.options = options
    this.nowMs = nowMs
    this.outcome = new Promise((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    // Whoever runs the fetch sees a failure; one before that is not unhandled.
    this.outcome.catch(() => {})
    this.startedMs = nowMs()
    this.progressMs = this.startedMs
  }

  /** @throws {SwarmError} */
  async run(): Promise<FetchResult> {
    const { signal } = this.options
    if (signal?.aborted) throw abortError()
    const onAbort = () => this.onFailed(abortError())
    signal?.addEventListener('abort', onAbort, { once: true })
    let timer: NodeJS.Timeout | undefined
    try {
      await Promise.race([this.torrent.requests.beginFetch(this, this.source, this.options), this.outcome])
      this.followPeers()
      timer = setInterval(() => this.step(), FETCH_INTERVAL_MS)
      await this.outcome
      this.report()
      return this.result()
    } finally {
      clearInterval(timer)
      signal?.removeEventListener('abort', onAbort)
      this.over.abort()
      this.torrent.requests.endFetch(this)
    }
  }

  onComplete(): void {
    this.settle.resolve()
  }

  onFailed(error: SwarmError): void {
    this.settle.reject(error)
  }

  /** Providers that come with the call are used as long as it waits. */
  private followPeers(): void {
    const { peers } = this.options
    if (peers === undefined) this.step()
    else void this.torrent.pool.follow(peers, this.over.signal).then(() => this.step())
  }

  private result(): FetchResult {
    const { torrent } = this
    const info = torrent.info!
    const { path, pieces, bytes } = this.torrent.summary()
    return {
      infohash: torrent.infohash,
      name: info.name,
      path,
      bytes,
      pieces,
      providers: torrent.providers(),
      elapsedMs: this.nowMs() - this.startedMs,
    }
  }

  /** Reports, and gives up when there is no hope. */
  private step(): void {
    if (this.over.signal.aborted) return
    this.noteProgress()
    const now = this.nowMs()
    if (now - this.reportedMs >= PROGRESS_INTERVAL_MS) this.report()
    if (this.torrent.isChecking) this.progressMs = now
    if (this.isHopeless() || now - this.progressMs >= this.stallTimeoutMs) this.onFailed(this.failure())
  }

  private get stallTimeoutMs(): number {
    return this.options.stallTimeoutMs ?? FETCH_STALL_TIMEOUT_MS
  }

  private noteProgress(): void {
    const { have } = this.torrent.machine
    const mark = have ? have.count + 1 : this.torrent.info ? 0 : -1
    if (mark === this.progressMark) return
    this.progressMark = mark
    this.progressMs = this.nowMs()
  }

  /** Nobody is connected, and nobody is left to be tried. */
  private isHopeless(): boolean {
    const { torrent } = this
    if (torrent.isChecking || torrent.isStoring || torrent.links.count > 0) return false
    return !torrent.search.hasHope && !torrent.pool.hasHope
  }

  private failure(): SwarmError {
    const { pieces, piecesDone } = this.torrent.summary()
    const standing = pieces > 0 ? ` (${piecesDone} of ${pieces} pieces are here)` : ''
    const [code, reason] = this.reasonOfFailure()
    return new SwarmError(code, `Cannot fetch ${this.torrent.shownName}: ${reason}${standing}.`)
  }

  private reasonOfFailure(): [SwarmErrorCode, string] {
    const { links, pool, search } = this.torrent
    if (links.count > 0) return ['timed-out', `no progress for ${Math.round(this.stallTimeoutMs / 1000)} s`]
    if (pool.bannedPeers > 0)
      return ['verification-failed', `${pool.bannedPeers} providers sent corrupt data`]
    if (pool.hasConnected) return ['no-providers', 'all providers went away']
    if (pool.lastDialError !== '')
      return ['no-providers', `no provider can be reached: ${pool.lastDialError}`]
    if (search.trouble !== '') return ['no-providers', `no tracker names a provider: ${search.trouble}`]
    return ['no-providers', 'no provider is known']
  }

  private report(): void {
    this.reportedMs = this.nowMs()
    this.options.onProgress?.(progressOf(this.torrent))
  }
}

function abortError(): SwarmError {
  return new SwarmError('aborted', 'The fetch was stopped.')
}
