import { KELIPS_DEFAULT } from '@onehop/kelips'
import { SeededRandom } from '@onehop/primitives'
import type { Simulation } from '../simulation.ts'
import { factoriesOf, simulationOf } from './build.ts'
import type { Progress, RunControl } from './control.ts'
import { Convergence } from './convergence.ts'
import { Crowd } from './crowd.ts'
import { Dissemination } from './dissemination.ts'
import type { KelipsExperiment } from './experiment.ts'
import { LOOKUP_DEADLINE_MS } from './experiment-limits.ts'
import { Files } from './files.ts'
import { type Interval, intervalOf, measureTables } from './interval.ts'
import { KelipsProbe } from './kelips-probe.ts'
import { LookupLog } from './lookup-log.ts'
import { Lookups } from './lookups.ts'
import { passTime } from './passing-time.ts'
import { Phases } from './phases.ts'
import { SettledStart } from './settled-start.ts'
import { TrafficMeter } from './traffic-meter.ts'
import { Truth } from './truth.ts'
import { Turnover } from './turnover.ts'

const MINUTE_MS = 60_000
/** Of each lookup. */
const ANSWERS_WANTED = 20
const ROUND_MS = KELIPS_DEFAULT.gossipIntervalMs

/** One run of an experiment with a network: its parts, and the order in which they act. */
export class NetworkRun {
  readonly experiment: KelipsExperiment
  readonly simulation: Simulation<unknown>
  readonly crowd: Crowd<KelipsProbe>
  readonly files: Files
  readonly turnover: Turnover
  readonly phases: Phases
  readonly series: Interval[] = []
  readonly convergence: Convergence | undefined
  readonly dissemination: Dissemination | undefined
  /** Wall time in ms when the measurement began. */
  measureStartedMs = 0
  isInterrupted = false
  /** Pointers that were where they belong from the start. */
  preloaded = 0
  log: LookupLog
  lookups: Lookups
  /** Of the whole measurement. */
  readonly traffic: TrafficMeter
  private readonly truth: Truth
  private readonly control: RunControl
  private readonly random: SeededRandom
  private stage: Progress['stage'] = 'building'
  private readonly startMs: number
  private measuredFromMs = Number.POSITIVE_INFINITY

  constructor(experiment: KelipsExperiment, control: RunControl) {
    this.experiment = experiment
    this.control = control
    this.random = new SeededRandom(experiment.seed ^ 0x5bd1e995)
    const factories = factoriesOf(experiment)
    this.simulation = simulationOf(experiment, factories)
    this.startMs = this.simulation.clock.now()
    const { introducers, hostile } = experiment
    const options = { hostileShare: hostile.share, introducers, probeOf: KelipsProbe.of }
    this.crowd = new Crowd(this.simulation, factories, options, this.random.fork())
    this.files = new Files(experiment.seed, this.crowd)
    this.truth = new Truth(this.crowd, this.files, this.random.fork())
    this.turnover = new Turnover(this.crowd, this.files, experiment.churn, this.random.fork())
    this.phases = new Phases(this.crowd, this.files, experiment, this.random.fork())
    this.traffic = new TrafficMeter(this.crowd)
    this.log = new LookupLog(this.startMs)
    this.lookups = this.newLookups()
    const { convergence, dissemination } = experiment.observe
    if (convergence) this.convergence = new Convergence(this.crowd, this.truth, ROUND_MS)
    if (dissemination > 0) this.dissemination = this.newDissemination(dissemination)
  }

  /** Minutes measured so far. */
  get measuredMinutes(): number {
    return Math.max(0, Math.min(this.experiment.minutes, (this.now - this.measuredFromMs) / MINUTE_MS))
  }

  /** Runs to the end, or to the interruption. */
  run(): void {
    if (!this.warmUp()) return
    this.measure()
  }

  private get now(): number {
    return this.simulation.clock.now()
  }

  private newLookups(): Lookups {
    const { crowd, files, log, truth } = this
    const causeOf = truth.causeOf.bind(truth)
    const workload = { ...this.experiment, limit: ANSWERS_WANTED }
    return new Lookups({ crowd, files, log, causeOf }, workload, this.random.fork())
  }

  private newDissemination(filetuples: number): Dissemination {
    const { crowd, truth } = this
    return new Dissemination({ crowd, truth }, filetuples, ROUND_MS, this.random.fork())
  }

  private warmUp(): boolean {
    const { start, settleSeconds } = this.experiment.warmUp
    if (!(start === 'settled' ? this.beginSettled() : this.beginCold())) return false
    this.stage = 'settling'
    return this.advance(settleSeconds * 1000)
  }

  private beginCold(): boolean {
    const { joinSeconds, publishSeconds } = this.experiment.warmUp
    this.convergence?.start()
    this.stage = 'joining'
    this.admitAll(joinSeconds * 1000)
    if (!this.advance(joinSeconds * 1000)) return false
    this.stage = 'publishing'
    this.files.publishEverybodys(publishSeconds * 1000)
    return this.advance(publishSeconds * 1000)
  }

  private beginSettled(): boolean {
    this.crowd.joinsAlone = true
    this.admitAll(0)
    this.crowd.joinsAlone = false
    const start = new SettledStart(this.crowd, this.experiment, this.random.fork())
    const isFilled = start.fillAll(this.files, share => this.goesOn(share))
    this.preloaded = this.files.live
    this.crowd.listen({ onJoined: node => this.files.publishAll(node) })
    return isFilled
  }

  /** Tells how far it is. False: interrupted. */
  private goesOn(share: number): boolean {
    this.tell(share)
    this.isInterrupted ||= this.control.isInterrupted?.() === true
    return !this.isInterrupted
  }

  private admitAll(durationMs: number): void {
    const { nodes, files } = this.experiment
    const { clock } = this.simulation
    for (let i = 0; i < nodes; i++) {
      const filesHere = Math.floor((files * (i + 1)) / nodes) - Math.floor((files * i) / nodes)
      const admit = () => this.files.add(this.crowd.admit(), filesHere)
      if (durationMs === 0) admit()
      else clock.setTimer((durationMs * i) / nodes, admit)
    }
  }

  private measure(): void {
    const { minutes, checkEverySeconds } = this.experiment
    this.stage = 'measuring'
    this.measureStartedMs = performance.now()
    this.measuredFromMs = this.now
    this.log = new LookupLog(this.now)
    this.lookups = this.newLookups()
    this.traffic.look()
    const perInterval = new TrafficMeter(this.crowd)
    perInterval.look()
    this.turnover.start()
    this.phases.start()
    this.lookups.start()
    this.dissemination?.start(minutes * MINUTE_MS * 0.9)
    const endMs = this.now + minutes * MINUTE_MS
    while (this.now < endMs) {
      const isWhole = this.advance(Math.min(checkEverySeconds * 1000, endMs - this.now))
      this.takeInterval(perInterval)
      if (!isWhole) return
    }
    this.stage = 'ending'
    this.lookups.stop()
    if (this.lookups.pending > 0) this.advance(LOOKUP_DEADLINE_MS)
  }

  private takeInterval(meter: TrafficMeter): void {
    const { crowd, files, experiment } = this
    const minute = (this.now - this.measuredFromMs) / MINUTE_MS
    this.series.push(
      intervalOf(minute, crowd, files, {
        lookups: this.log.interval,
        traffic: meter.look(),
        truth: this.truth.report(),
        tables: measureTables(crowd, files, experiment.contactsPerGroup),
      }),
    )
    this.log.interval.clear()
  }

  /** False: interrupted. */
  private advance(durationMs: number): boolean {
    return passTime(this.simulation.clock, durationMs, () => this.goesOn(this.virtualShare))
  }

  /** Of the whole virtual time. */
  private get virtualShare(): number {
    const totalMs = warmUpSeconds(this.experiment) * 1000 + this.experiment.minutes * MINUTE_MS
    return Math.min(1, (this.now - this.startMs) / totalMs)
  }

  private tell(share: number): void {
    const { log } = this
    this.control.onProgress?.({
      stage: this.stage,
      share,
      minutes: this.measuredMinutes,
      nodes: this.crowd.living.size,
      lookups: log.total.count,
      successShare: log.total.count === 0 ? 1 : log.total.found / log.total.count,
      events: this.simulation.clock.events,
    })
  }
}

/** Virtual time before the measurement. */
export function warmUpSeconds({ warmUp }: KelipsExperiment): number {
  const { start, joinSeconds, publishSeconds, settleSeconds } = warmUp
  return start === 'settled' ? settleSeconds : joinSeconds + publishSeconds + settleSeconds
}
