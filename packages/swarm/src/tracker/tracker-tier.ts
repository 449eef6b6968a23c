import type { AnnounceAnswer, AnnounceEvent, TrackerStatus } from './announce.ts'
import {
  FIRST_RETRY_MS,
  LONELY_ANNOUNCE_SECONDS,
  MAX_ANNOUNCE_SECONDS,
  MAX_RETRY_MS,
  MIN_ANNOUNCE_SECONDS,
  MIN_INTERVAL_PARTS,
} from './limits.ts'

/** One tracker, and how it stands with us. */
export interface Tracker {
  readonly url: string
  /** It knows that we are there, so that it is to hear when we leave. */
  isToldOfUs: boolean
  /** It knows us as a leecher, and we have everything now. */
  owesCompleted: boolean
  trackerId?: Uint8Array
  /** What its last answer said. */
  last?: AnnounceAnswer
  /** Why it failed last. */
  failure?: string
}

/** An announce that is due. */
export interface DueAnnounce {
  readonly tracker: Tracker
  readonly event?: AnnounceEvent
}

/**
 * One tier of trackers (BEP 12): they are asked in order until one answers, and that one comes first from then on.
 * When all have failed there is a pause, twice as long each time. Time comes from outside.
 */
export class TrackerTier {
  private readonly trackers: Tracker[]
  /** Which of them is asked next, or is being asked. */
  private position = 0
  private isAsking = false
  private dueMs: number
  private lastAnnounceMs = Number.NEGATIVE_INFINITY
  private failedRounds = 0

  /** @param urls in the order in which they are to be asked: shuffled by whoever makes the tier. */
  constructor(urls: readonly string[], nowMs: number) {
    this.trackers = urls.map(url => ({ url, isToldOfUs: false, owesCompleted: false }))
    this.dueMs = nowMs
  }

  /** When {@link take} has something next; infinite while an answer is awaited. */
  get nextMs(): number {
    return this.isAsking ? Number.POSITIVE_INFINITY : this.dueMs
  }

  /** The announce that is due now, if one is. It is answered with {@link onAnswer} or {@link onFailure}. */
  take(nowMs: number): DueAnnounce | undefined {
    const tracker = this.trackers[this.position]
    if (!tracker || nowMs < this.nextMs) return undefined
    this.isAsking = true
    this.lastAnnounceMs = nowMs
    if (!tracker.isToldOfUs) return { tracker, event: 'started' }
    return tracker.owesCompleted ? { tracker, event: 'completed' } : { tracker }
  }

  onAnswer({ tracker, event }: DueAnnounce, answer: AnnounceAnswer, nowMs: number): void {
    tracker.isToldOfUs = true
    if (event === 'completed') tracker.owesCompleted = false
    tracker.last = answer
    delete tracker.failure
    if (answer.trackerId) tracker.trackerId = answer.trackerId
    this.trackers.splice(this.trackers.indexOf(tracker), 1)
    this.trackers.unshift(tracker)
    this.position = 0
    this.isAsking = false
    this.failedRounds = 0
    this.dueMs = tracker.owesCompleted ? nowMs : nowMs + intervalMs(answer)
  }

  onFailure({ tracker }: DueAnnounce, reason: string, nowMs: number): void {
    tracker.failure = reason
    this.isAsking = false
    this.position++
    this.dueMs = nowMs
    if (this.position < this.trackers.length) return
    this.position = 0
    this.dueMs = nowMs + Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** this.failedRounds)
    this.failedRounds++
  }

  /** Everything is here now: who knows us as a leecher is told at once. */
  completed(nowMs: number): void {
    for (const tracker of this.trackers) tracker.owesCompleted = tracker.isToldOfUs
    if (this.trackers[this.position]?.isToldOfUs) this.dueMs = Math.min(this.dueMs, nowMs)
  }

  /** Peers are missing: asks again as soon as the tracker takes it. A failing one keeps its pause. */
  needPeers(nowMs: number): void {
    const answer = this.trackers[this.position]?.last
    if (this.failedRounds > 0 || !answer) return
    // UDP has no minimum; a tracker with a short interval has few peers, and time for them.
    const { minIntervalSeconds, intervalSeconds } = answer
    const seconds =
      minIntervalSeconds ?? Math.min(LONELY_ANNOUNCE_SECONDS, intervalSeconds / MIN_INTERVAL_PARTS)
    const soonestMs = this.lastAnnounceMs + Math.max(MIN_ANNOUNCE_SECONDS, seconds) * 1000
    this.dueMs = Math.min(this.dueMs, Math.max(nowMs, soonestMs))
  }

  /** Begins to leave: those who know us, or may know us by now, for a last `stopped` each. Nothing is due from then on. */
  leave(): Tracker[] {
    this.dueMs = Number.POSITIVE_INFINITY
    const asked = this.isAsking ? this.trackers[this.position] : undefined
    const told = this.trackers.filter(tracker => tracker.isToldOfUs || tracker === asked)
    for (const tracker of told) {
      tracker.isToldOfUs = false
      tracker.owesCompleted = false
    }
    return told
  }

  /** Begins anew, after {@link leave} too. */
  restart(nowMs: number): void {
    this.isAsking = false
    this.position = 0
    this.failedRounds = 0
    this.dueMs = nowMs
  }

  /** For people. @param tier its place in the list. */
  status(tier: number): TrackerStatus[] {
    return this.trackers.map((tracker, index) => this.statusOf(tracker, index, tier))
  }

  private statusOf(tracker: Tracker, index: number, tier: number): TrackerStatus {
    const { url, last, failure } = tracker
    const isCurrent = index === this.position
    const message = failure ?? last?.warning
    return {
      url,
      tier,
      state:
        isCurrent && this.isAsking
          ? 'announcing'
          : failure !== undefined
            ? 'failing'
            : last
              ? 'working'
              : 'idle',
      peers: last?.peers.length ?? 0,
      ...(last?.seeders === undefined ? {} : { seeders: last.seeders }),
      ...(last?.leechers === undefined ? {} : { leechers: last.leechers }),
      ...(message === undefined ? {} : { message }),
      ...(isCurrent && Number.isFinite(this.nextMs) ? { nextAnnounceMs: this.nextMs } : {}),
    }
  }
}

function intervalMs({ intervalSeconds, minIntervalSeconds = 0 }: AnnounceAnswer): number {
  const wanted = Math.max(MIN_ANNOUNCE_SECONDS, minIntervalSeconds, intervalSeconds)
  return Math.min(MAX_ANNOUNCE_SECONDS, wanted) * 1000
}
