import type { Outcome } from '@onehop/overlay'
import type { SeededRandom } from '@onehop/primitives'
import type { Crowd } from './crowd.ts'
import { RankDraw } from './draws.ts'
import type { KelipsExperiment } from './experiment.ts'
import { LOOKUP_DEADLINE_MS, MAX_REDRAWS } from './experiment-limits.ts'
import type { FileName, Files } from './files.ts'
import type { LookupLog, LookupSample } from './lookup-log.ts'
import type { Truth } from './truth.ts'

/** Whom a lookup asks first, and what it has to do for that. */
interface FirstRequests {
  /** Round-trip times to the nearest connected and the nearest other one; undefined where the model knows none. */
  warmRttMs: number | undefined
  coldRttMs: number | undefined
  sent: number
  dialled: number
}

/** Living honest nodes look up files whose providers live: evenly over time, whoever and whatever the dice say. */
export class Lookups {
  /** Begun and not ended. */
  pending = 0
  /** Whose asker or provider went away in between: they say nothing. */
  abandoned = 0
  private readonly crowd: Crowd
  private readonly files: Files
  private readonly log: LookupLog
  private readonly truth: Truth
  private readonly random: SeededRandom
  private readonly perNodePerMs: number
  private readonly zipf: number
  private draw: RankDraw
  private isStopped = false
  /** When the next one is due: kept exactly, for the clock knows whole milliseconds only. */
  private dueMs = 0

  constructor(
    parts: { readonly crowd: Crowd; readonly files: Files; readonly log: LookupLog; readonly truth: Truth },
    experiment: KelipsExperiment,
    random: SeededRandom,
  ) {
    this.crowd = parts.crowd
    this.files = parts.files
    this.log = parts.log
    this.truth = parts.truth
    this.random = random
    this.perNodePerMs = experiment.lookupsPerNodePerMinute / 60_000
    this.zipf = experiment.zipf
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
    const options = { limit: 20, deadlineMs: LOOKUP_DEADLINE_MS }
    this.pending++
    const first = this.watchingSends(() => {
      simulation.node(asker).machine.lookup(key, options, outcome => {
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
    const isFound = this.truth.isAnsweredTruthfully(outcome, provider)
    const { sent, dialled, warmRttMs, coldRttMs } = outcome.elapsedMs === 0 ? NOTHING_SENT : ended.first()
    return {
      startedMs,
      elapsedMs: nowMs - startedMs,
      isFound,
      hops: outcome.hops,
      answeredBy: outcome.answeredBy ?? 'later try',
      contact: sent === 0 ? 'none' : dialled < sent ? 'warm' : 'cold',
      rttMs: warmRttMs ?? coldRttMs,
      expiredPointers: this.truth.countExpired(outcome, nowMs),
      failure: isFound ? undefined : this.truth.causeOf(asker, key, outcome.failure),
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
