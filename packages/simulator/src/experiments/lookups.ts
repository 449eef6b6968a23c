import type { Failure, Key, LookupOptions, Outcome } from '@onehop/overlay'
import type { SeededRandom } from '@onehop/primitives'
import { countExpired, isAnsweredTruthfully } from './answers.ts'
import type { Crowd } from './crowd.ts'
import { RankDraw } from './draws.ts'
import { LOOKUP_DEADLINE_MS, MAX_REDRAWS } from './experiment-limits.ts'
import type { FileName, Files } from './files.ts'
import type { LookupSample } from './lookup-log.ts'

/** Whom a lookup asks first, and what it has to do for that. */
interface FirstRequests {
  /** Round-trip times to the nearest connected and the nearest other one; undefined where the model knows none. */
  warmRttMs: number | undefined
  coldRttMs: number | undefined
  sent: number
  dialled: number
}

/** What lookups need and tell. */
export interface LookupParts {
  readonly crowd: Crowd
  readonly files: Files
  readonly log: { add(sample: LookupSample): void }
  /** Why a lookup failed, in a few words. */
  readonly causeOf: (asker: number, key: Key, failure: Failure | undefined) => string
}

/** How often, and for what. */
export interface LookupWorkload {
  readonly lookupsPerNodePerMinute: number
  /** Popularity of the file of rank r is r^-zipf. */
  readonly zipf: number
  /** Of each lookup; see {@link LookupOptions}. */
  readonly limit: number
}

/** Living honest nodes look up files whose providers live: evenly over time, whoever and whatever the dice say. */
export class Lookups {
  /** All. */
  begun = 0
  /** Begun and not ended. */
  pending = 0
  /** Whose asker or provider went away in between: they say nothing. */
  abandoned = 0
  private readonly crowd: Crowd
  private readonly files: Files
  private readonly log: LookupParts['log']
  private readonly causeOf: LookupParts['causeOf']
  private readonly random: SeededRandom
  private readonly perNodePerMs: number
  private readonly zipf: number
  private readonly options: LookupOptions
  private draw: RankDraw
  private isStopped = false
  /** When the next one is due: kept exactly, for the clock knows whole milliseconds only. */
  private dueMs = 0

  constructor(parts: LookupParts, workload: LookupWorkload, random: SeededRandom) {
    this.crowd = parts.crowd
    this.files = parts.files
    this.log = parts.log
    this.causeOf = parts.causeOf
    this.random = random
    this.perNodePerMs = workload.lookupsPerNodePerMinute / 60_000
    this.zipf = workload.zipf
    this.options = { limit: workload.limit, deadlineMs: LOOKUP_DEADLINE_MS }
    this.draw = new RankDraw(this.files.slots, this.zipf)
  }

  start(): void {
    this.dueMs = this.crowd.simulation.clock.now()
    if (this.perNodePerMs > 0) this.scheduleNext()
  }

  /** No new ones; those that are under way end. */
  stop(): void {
    this.isStopped = true
  }

  private scheduleNext(): void {
    const { clock } = this.crowd.simulation
    const gapMs = 1 / (this.perNodePerMs * Math.max(1, this.crowd.honest.size))
    this.dueMs += gapMs * (0.5 + this.random.next())
    clock.setTimer(Math.max(0, Math.floor(this.dueMs - clock.now())), () => {
      if (this.isStopped) return
      this.scheduleNext()
      this.begin()
    })
  }

  private begin(): void {
    const asker = this.crowd.honest.draw(this.random.next)
    const file = this.drawFile()
    if (asker !== undefined && file !== undefined) this.lookUp(asker, file)
  }

  private drawFile(): FileName | undefined {
    if (this.draw.count !== this.files.slots) this.draw = new RankDraw(this.files.slots, this.zipf)
    for (let i = 0; i < MAX_REDRAWS; i++) {
      const file = this.files.fileAt(this.draw.draw(this.random.next))
      if (file !== undefined) return file
    }
    return undefined
  }

  private lookUp(asker: number, file: FileName): void {
    const { simulation } = this.crowd
    const key = this.files.keyOf(file.slot, file.generation)
    const startedMs = simulation.clock.now()
    this.begun++
    this.pending++
    const first = this.watchingSends(() => {
      simulation.node(asker).machine.lookup(key, this.options, outcome => {
        this.pending--
        if (!this.crowd.living.has(asker) || !this.files.isLive(file)) this.abandoned++
        else this.log.add(this.sampleOf({ asker, file, key, startedMs, outcome, first: () => first }))
      })
    })
  }

  /** Notes what is sent while the operation begins. */
  private watchingSends(begin: () => void): FirstRequests {
    const { network } = this.crowd.simulation
    const first = { ...NOTHING_SENT }
    network.onSend = (from, to, _message, needsDial) => {
      const rttMs = wholeRoundTrip(network.roundTripMs(from, to))
      first.sent++
      if (needsDial) {
        first.dialled++
        first.coldRttMs = smaller(first.coldRttMs, rttMs)
      } else first.warmRttMs = smaller(first.warmRttMs, rttMs)
    }
    begin()
    network.onSend = undefined
    return first
  }

  private sampleOf(ended: {
    readonly asker: number
    readonly file: FileName
    readonly key: Uint8Array
    readonly startedMs: number
    readonly outcome: Outcome
    readonly first: () => FirstRequests
  }): LookupSample {
    const { asker, file, key, startedMs, outcome } = ended
    const { clock } = this.crowd.simulation
    const nowMs = clock.now()
    const provider = this.files.providerOf(file.slot)!
    const isFound = isAnsweredTruthfully(this.crowd.simulation, outcome, provider)
    const { sent, dialled, warmRttMs, coldRttMs } = outcome.elapsedMs === 0 ? NOTHING_SENT : ended.first()
    return {
      startedMs,
      elapsedMs: nowMs - startedMs,
      isFound,
      hops: outcome.hops,
      answeredBy: outcome.answeredBy ?? 'later try',
      contact: sent === 0 ? 'none' : dialled < sent ? 'warm' : 'cold',
      rttMs: warmRttMs ?? coldRttMs,
      expiredPointers: countExpired(outcome, nowMs),
      failure: isFound ? undefined : this.causeOf(asker, key, outcome.failure),
    }
  }
}

/** Answered before the call was over. */
const NOTHING_SENT: FirstRequests = { warmRttMs: undefined, coldRttMs: undefined, sent: 0, dialled: 0 }

/** What a bare request takes on a clock of whole milliseconds. */
function wholeRoundTrip(rttMs: number | undefined): number | undefined {
  return rttMs === undefined ? undefined : 2 * Math.ceil(rttMs / 2)
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}
