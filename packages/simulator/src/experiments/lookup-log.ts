import { RECOVERED_SHARE, RECOVERY_WINDOW_MS } from './experiment-limits.ts'
import { Samples } from './samples.ts'

/** Why a lookup of a file whose provider lives found nothing, by what was true when it ended. */
export const FAILURE_CAUSES = [
  /** No node that lives held the pointer. */
  'lost pointer',
  /** The asker knew nobody where the key belongs. */
  'no contacts',
  /** All whom the asker knew there are gone. */
  'dead contacts',
  /** Those of them that live are hostile. */
  'hostile contacts',
  /** Those whom the asker knew there live, and have another k, by which the key is not theirs. */
  'disagreement on k',
  /** They are the right ones, and have not heard of the pointer. */
  'incomplete tables',
  /** They hold it, and no answer came in time. */
  'no answer in time',
  /** They hold it, and something else was answered. */
  'false answer',
] as const

export type FailureCause = (typeof FAILURE_CAUSES)[number]

/** What became of one lookup. */
export interface LookupSample {
  readonly startedMs: number
  readonly elapsedMs: number
  /** The provider's own live pointer was among the answers. */
  readonly isFound: boolean
  readonly hops: number
  readonly answeredBy: 'own table' | 'first request' | 'first try' | 'later try'
  /** Of those asked first: one at least was connected; none was; or nobody had to be asked. */
  readonly contact: 'warm' | 'cold' | 'none'
  /** Round-trip time to the nearest connected one of those asked first, or, where none was, to the nearest. */
  readonly rttMs: number | undefined
  readonly expiredPointers: number
  /** Why nothing was found; undefined: it was. */
  readonly failure: string | undefined
}

/** Times of some of the lookups. */
export class LatencyTally {
  readonly ms = new Samples()
  /** In multiples of the round-trip time. */
  readonly rtts = new Samples()

  add({ elapsedMs, rttMs }: LookupSample): void {
    this.ms.add(elapsedMs)
    if (rttMs !== undefined && rttMs > 0) this.rtts.add(elapsedMs / rttMs)
  }

  clear(): void {
    this.ms.clear()
    this.rtts.clear()
  }
}

/** Sums over lookups: of an interval, or of the whole experiment. */
export class LookupTally {
  count = 0
  found = 0
  oneHop = 0
  firstTry = 0
  ownTable = 0
  expiredPointers = 0
  readonly all = new LatencyTally()
  readonly warm = new LatencyTally()
  readonly cold = new LatencyTally()
  readonly failures = new Map<string, number>()

  add(sample: LookupSample): void {
    const { isFound, hops, answeredBy, contact, failure } = sample
    this.count++
    if (isFound) this.found++
    if (isFound && hops <= 1) this.oneHop++
    if (isFound && answeredBy !== 'later try') this.firstTry++
    if (isFound && answeredBy === 'own table') this.ownTable++
    this.expiredPointers += sample.expiredPointers
    this.all.add(sample)
    if (contact === 'warm') this.warm.add(sample)
    if (contact === 'cold') this.cold.add(sample)
    if (failure !== undefined) this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1)
  }

  clear(): void {
    this.count = this.found = this.oneHop = this.firstTry = this.ownTable = this.expiredPointers = 0
    for (const tally of [this.all, this.warm, this.cold]) tally.clear()
    this.failures.clear()
  }
}

interface Window {
  count: number
  found: number
}

/** All lookups of an experiment, by the time at which they began. */
export class LookupLog {
  readonly total = new LookupTally()
  /** Since the last look at it. */
  readonly interval = new LookupTally()
  private readonly startMs: number
  private readonly windows: Window[] = []

  /** @param startMs the beginning of what is measured. */
  constructor(startMs: number) {
    this.startMs = startMs
  }

  add(sample: LookupSample): void {
    if (sample.startedMs < this.startMs) return
    this.total.add(sample)
    this.interval.add(sample)
    const window = this.windowAt(sample.startedMs)
    window.count++
    if (sample.isFound) window.found++
  }

  /**
   * Time in seconds from the disturbance to the end of the last window in which too few lookups succeeded; 0: never
   * any; undefined: still so at the end, or no lookup came after the disturbance.
   */
  recoverySeconds(atMinutes: number): number | undefined {
    const disturbedMs = this.startMs + atMinutes * 60_000
    const first = this.indexOf(disturbedMs)
    if (first >= this.windows.length) return undefined
    let recovered = first
    for (let i = first; i < this.windows.length; i++) {
      const { count, found } = this.windows[i] ?? { count: 0, found: 0 }
      if (found < count * RECOVERED_SHARE) recovered = i + 1
    }
    if (recovered === first) return 0
    if (recovered >= this.windows.length) return undefined
    return (this.startMs + recovered * RECOVERY_WINDOW_MS - disturbedMs) / 1000
  }

  private windowAt(timeMs: number): Window {
    const index = this.indexOf(timeMs)
    while (this.windows.length <= index) this.windows.push({ count: 0, found: 0 })
    return this.windows[index]!
  }

  private indexOf(timeMs: number): number {
    return Math.floor((timeMs - this.startMs) / RECOVERY_WINDOW_MS)
  }
}
