import { infoHashToHex, type WireConnection } from '@onehop/swarm'
import {
  DIAL_TIMEOUT_MS,
  FETCH_INTERVAL_MS,
  FETCH_STALL_TIMEOUT_MS,
  MAX_CANDIDATES,
  MAX_DIAL_ATTEMPTS,
  MAX_DIALS,
  MAX_OUTBOUND_PER_FETCH,
  PROGRESS_INTERVAL_MS,
  REDIAL_DELAY_MS,
} from './limits.ts'
import type { FetchOptions, FetchProgress, FetchResult, PeerSource } from './session-types.ts'
import { SwarmError, type SwarmErrorCode } from './swarm-error.ts'
import type { FetchListener, Torrent } from './torrent.ts'

/** A provider, and how it went so far. */
interface Candidate {
  source: PeerSource
  state: 'idle' | 'dialling' | 'linked'
  /** Dials in a row that led to nothing. */
  failures: number
  dueMs: number
}

/** One call of `fetch`: brings providers to the torrent until it is complete, or it has to be given up. */
export class Fetch implements FetchListener {
  private readonly torrent: Torrent
  private readonly options: FetchOptions
  private readonly nowMs: () => number
  private readonly candidates = new Map<string, Candidate>()
  private readonly over = new AbortController()
  private readonly outcome: Promise<void>
  private settle!: { resolve: () => void; reject: (error: SwarmError) => void }
  private readonly startedMs: number
  private sourcesAreExhausted = false
  private hasConnected = false
  private lastDialError = ''
  private bannedPeers = 0
  private progressMs: number
  private reportedMs = Number.NEGATIVE_INFINITY
  private progressMark = -1

  constructor(torrent: Torrent, options: FetchOptions, nowMs: () => number) {
    this.torrent = torrent
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
    const timer = setInterval(() => this.step(), FETCH_INTERVAL_MS)
    try {
      await this.torrent.beginFetch(this, this.options)
      void this.collect()
      await this.outcome
      this.report()
      return this.result()
    } finally {
      clearInterval(timer)
      signal?.removeEventListener('abort', onAbort)
      this.over.abort()
      this.torrent.endFetch(this)
    }
  }

  onComplete(): void {
    this.settle.resolve()
  }

  onFailed(error: SwarmError): void {
    this.settle.reject(error)
  }

  private result(): FetchResult {
    const info = this.torrent.info!
    const { path, pieces } = this.torrent.summary()
    return {
      infohash: this.torrent.infohash,
      name: info.name,
      path,
      bytes: info.lengthBytes,
      pieces,
      providers: [...this.torrent.machine.contributions.keys()],
      elapsedMs: this.nowMs() - this.startedMs,
    }
  }

  /** Takes providers from the iterable as it names them, until the fetch is over. */
  private async collect(): Promise<void> {
    const iterator = this.options.peers[Symbol.asyncIterator]()
    const end = new Promise<{ done: true; value: undefined }>(resolve => {
      this.over.signal.addEventListener('abort', () => resolve({ done: true, value: undefined }), {
        once: true,
      })
    })
    try {
      for (;;) {
        const next = await Promise.race([iterator.next(), end])
        if (next.done) break
        this.offer(next.value)
      }
    } catch (error) {
      this.lastDialError = messageOf(error)
    }
    this.sourcesAreExhausted = true
    // A generator that is waiting for its next provider may never return; how it ends is its own affair.
    void Promise.resolve(iterator.return?.()).catch(() => {})
    if (!this.over.signal.aborted) this.step()
  }

  private offer(source: PeerSource): void {
    const known = this.candidates.get(source.peerId)
    if (known) {
      known.source = source
      known.failures = Math.min(known.failures, MAX_DIAL_ATTEMPTS - 1)
    } else if (this.candidates.size < MAX_CANDIDATES) {
      this.candidates.set(source.peerId, { source, state: 'idle', failures: 0, dueMs: 0 })
    }
    this.step()
  }

  /** Dials who is due, reports, and gives up when there is no hope. */
  private step(): void {
    if (this.over.signal.aborted) return
    this.noteProgress()
    for (const candidate of this.candidates.values()) {
      if (this.busy('dialling') >= MAX_DIALS) break
      if (this.busy('dialling') + this.busy('linked') >= MAX_OUTBOUND_PER_FETCH) break
      if (this.mayDial(candidate)) void this.dial(candidate)
    }
    const now = this.nowMs()
    if (now - this.reportedMs >= PROGRESS_INTERVAL_MS) this.report()
    if (this.isHopeless() || now - this.progressMs >= this.stallTimeoutMs) this.onFailed(this.failure())
  }

  private get stallTimeoutMs(): number {
    return this.options.stallTimeoutMs ?? FETCH_STALL_TIMEOUT_MS
  }

  private busy(state: Candidate['state']): number {
    let count = 0
    for (const candidate of this.candidates.values()) if (candidate.state === state) count++
    return count
  }

  private mayDial({ state, failures, dueMs, source }: Candidate): boolean {
    if (state !== 'idle' || failures >= MAX_DIAL_ATTEMPTS || dueMs > this.nowMs()) return false
    return !this.torrent.machine.isBanned(source.peerId) && !this.torrent.links.isConnectedTo(source.peerId)
  }

  private async dial(candidate: Candidate): Promise<void> {
    candidate.state = 'dialling'
    try {
      const connection = await connectWithin(candidate.source, this.over.signal)
      candidate.state = 'linked'
      this.hasConnected = true
      const before = this.contributionOf(candidate)
      this.torrent.links.connect(connection, () => this.onGone(candidate, before))
    } catch (error) {
      this.lastDialError = messageOf(error)
      this.onGone(candidate, Number.POSITIVE_INFINITY)
    }
  }

  private contributionOf(candidate: Candidate): number {
    return this.torrent.machine.contributions.get(candidate.source.peerId) ?? 0
  }

  /** The connection is closed, or there was none. One that brought something may be tried again at once. */
  private onGone(candidate: Candidate, contributionBefore: number): void {
    candidate.state = 'idle'
    candidate.failures = this.contributionOf(candidate) > contributionBefore ? 0 : candidate.failures + 1
    candidate.dueMs = this.nowMs() + REDIAL_DELAY_MS * 2 ** (candidate.failures - 1)
    if (
      this.torrent.machine.isBanned(candidate.source.peerId) &&
      this.candidates.delete(candidate.source.peerId)
    ) {
      this.bannedPeers++
    }
  }

  private noteProgress(): void {
    const have = this.torrent.machine.have
    const mark = have ? have.count + 1 : this.torrent.info ? 0 : -1
    if (mark === this.progressMark) return
    this.progressMark = mark
    this.progressMs = this.nowMs()
  }

  /** Nobody is connected, and nobody is left to be tried. */
  private isHopeless(): boolean {
    if (!this.sourcesAreExhausted || this.torrent.links.count > 0 || this.torrent.isStoring) return false
    for (const { state, failures, source } of this.candidates.values()) {
      if (state !== 'idle') return false
      if (failures < MAX_DIAL_ATTEMPTS && !this.torrent.machine.isBanned(source.peerId)) return false
    }
    return true
  }

  private failure(): SwarmError {
    const what = this.torrent.info?.name ?? infoHashToHex(this.torrent.infohash)
    const { pieces, piecesDone } = this.torrent.summary()
    const standing = pieces > 0 ? ` (${piecesDone} of ${pieces} pieces are here)` : ''
    const [code, reason] = this.reasonOfFailure()
    return new SwarmError(code, `Cannot fetch ${what}: ${reason}${standing}.`)
  }

  private reasonOfFailure(): [SwarmErrorCode, string] {
    if (this.torrent.links.count > 0) {
      return ['timed-out', `no progress for ${Math.round(this.stallTimeoutMs / 1000)} s`]
    }
    if (this.bannedPeers > 0)
      return ['verification-failed', `${this.bannedPeers} providers sent corrupt data`]
    if (this.hasConnected) return ['no-providers', 'all providers went away']
    if (this.lastDialError !== '')
      return ['no-providers', `no provider can be reached: ${this.lastDialError}`]
    return ['no-providers', 'no provider is known']
  }

  private report(): void {
    this.reportedMs = this.nowMs()
    this.options.onProgress?.(this.progress())
  }

  private progress(): FetchProgress {
    const { pieces, piecesDone, bytes } = this.torrent.summary()
    return {
      pieces,
      piecesDone,
      bytes,
      bytesDone: this.torrent.bytesDone,
      peers: this.torrent.links.count,
      downloadBytesPerSecond: Math.round(this.torrent.machine.downloadBytesPerSecond()),
    }
  }
}

/** Dials. A connection that comes after the fetch is over, or too late, is closed. */
async function connectWithin(source: PeerSource, over: AbortSignal): Promise<WireConnection> {
  const signal = AbortSignal.any([over, AbortSignal.timeout(DIAL_TIMEOUT_MS)])
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new SwarmError('timed-out', 'the dial took too long'))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  const dialled = source.connect(signal)
  try {
    return await Promise.race([dialled, aborted])
  } catch (error) {
    dialled.then(late => late.close()).catch(() => {})
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function abortError(): SwarmError {
  return new SwarmError('aborted', 'The fetch was stopped.')
}
