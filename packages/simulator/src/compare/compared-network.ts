import { SeededRandom } from '@onehop/primitives'
import { latencyOf } from '../experiments/build.ts'
import type { Progress, RunControl } from '../experiments/control.ts'
import { Crowd } from '../experiments/crowd.ts'
import { naturalLogarithm } from '../experiments/draws.ts'
import { EXPERIMENT_DEFAULTS } from '../experiments/experiment.ts'
import { Files } from '../experiments/files.ts'
import { Lookups } from '../experiments/lookups.ts'
import { passTime } from '../experiments/passing-time.ts'
import { Samples } from '../experiments/samples.ts'
import { Turnover } from '../experiments/turnover.ts'
import { LIVE_CONNECTIONS } from '../network-model.ts'
import { createSimulation, type Simulation } from '../simulation.ts'
import {
  COMPARED_INTRODUCERS,
  DRAIN_MS,
  JOIN_DOUBLING_MS,
  LATE_JOIN_MS,
  LATE_JOIN_SETTLE_MS,
  LATE_JOINERS,
  PUBLISH_MS,
  SETTLE_MS,
} from './compare-limits.ts'
import type { ComparedSetup } from './comparison.ts'
import type { Contestant } from './contestant.ts'
import { type Imbalance, LoadMeter } from './load-meter.ts'
import { LookupFigures } from './lookup-figures.ts'
import { MessageMeter, type MeterReading, trafficBetween } from './message-meter.ts'

const MINUTE_MS = 60_000

/** What was sent in a part of the run, and how many nodes joined in it. */
export interface Passage {
  readonly durationMs: number
  readonly traffic: MeterReading
  readonly joins: number
}

interface Mark {
  readonly atMs: number
  readonly reading: MeterReading
  readonly joins: number
}

/** The network of one run: it comes up, settles, is measured, and lets some more in. */
export class ComparedNetwork<Probe> {
  readonly simulation: Simulation<unknown>
  readonly crowd: Crowd<Probe>
  readonly files: Files
  readonly figures = new LookupFigures()
  readonly lookups: Lookups
  isInterrupted = false
  /** The minutes that are measured, as far as they have passed. */
  measured: Passage | undefined
  /** The same, and the time in which the last floods end. */
  drained: Passage | undefined
  /** In which nodes joined: the measured minutes where some always do, otherwise some time after them. */
  joining: Passage | undefined
  /** Nodes that have gone, by the roles that their machines name: `server`, `supernode`, `node` where there are none. */
  readonly departures: Record<string, number> = {}
  imbalance: Imbalance = { messages: 1, lookups: 1 }
  /** Nodes that had joined: the mean of the beginning and the end of the measured minutes, and their end. */
  population = { mean: 0, end: 0 }
  /** Bytes of nodes' tables at that end, before others are let in. */
  memory = new Samples()
  private readonly setup: ComparedSetup
  private readonly contestant: Contestant<Probe>
  private readonly control: RunControl
  private readonly random: SeededRandom
  private readonly turnover: Turnover
  private readonly meter: MessageMeter
  private stage: Progress['stage'] = 'building'
  private joins = 0
  private measuredFromMs = Number.POSITIVE_INFINITY
  private readonly startMs: number

  constructor(setup: ComparedSetup, contestant: Contestant<Probe>, control: RunControl) {
    const { seed, churn, nodes, minutes, connections } = setup
    this.setup = setup
    this.contestant = contestant
    this.control = control
    this.random = new SeededRandom(seed ^ 0x2c1b3c6d)
    const { factory } = contestant
    this.simulation = createSimulation(factory, {
      nodes: 0,
      seed,
      handles: 'shared',
      latency: latencyOf(setup.latency, seed),
      connections: connections === 'free' ? 'free' : { ...LIVE_CONNECTIONS, cap: connections },
    })
    this.startMs = this.simulation.clock.now()
    const options = { hostileShare: 0, introducers: COMPARED_INTRODUCERS, probeOf: contestant.probeOf }
    const factories = { honest: factory, hostile: factory }
    this.crowd = new Crowd(this.simulation, factories, options, this.random.fork())
    this.files = new Files(seed, this.crowd)
    const sessions = { ...EXPERIMENT_DEFAULTS.churn, perHour: churn }
    this.turnover = new Turnover(this.crowd, this.files, sessions, this.random.fork())
    this.meter = new MessageMeter(factory)
    this.lookups = new Lookups(
      {
        crowd: this.crowd,
        files: this.files,
        log: this.figures,
        causeOf: (_asker, _key, failure) => failure ?? 'false answer',
      },
      { lookupsPerNodePerMinute: setup.lookups / nodes / minutes, zipf: 0, limit: 1 },
      this.random.fork(),
    )
  }

  /** Runs to the end, or to the interruption. */
  run(): void {
    const isUp = this.contestant.settle === undefined ? this.comeUp() : this.beginSettled()
    if (!isUp || !this.settle()) return
    this.measure()
    if (this.setup.churn === 0 && !this.isInterrupted) this.letSomeIn()
  }

  private get now(): number {
    return this.simulation.clock.now()
  }

  /** Nodes join one by one, so that the network doubles again and again in the same time; then they publish. */
  private comeUp(): boolean {
    const { nodes, filesPerNode } = this.setup
    this.stage = 'joining'
    for (let i = 0; i < nodes; i++)
      this.simulation.clock.setTimer(Math.floor(growthMs(i + 1)), () =>
        this.files.add(this.crowd.admit(), filesPerNode),
      )
    if (!this.advance(Math.ceil(growthMs(nodes)))) return false
    this.stage = 'publishing'
    this.files.publishEverybodys(PUBLISH_MS)
    return this.advance(PUBLISH_MS)
  }

  private beginSettled(): boolean {
    const { nodes, filesPerNode } = this.setup
    this.crowd.joinsAlone = true
    for (let i = 0; i < nodes; i++) this.files.add(this.crowd.admit(), filesPerNode)
    this.crowd.joinsAlone = false
    const goesOn = (share: number) => this.goesOn(share)
    const isFilled = this.contestant.settle!(this.crowd, this.files, this.random.fork(), goesOn)
    this.crowd.listen({ onJoined: node => this.files.publishAll(node) })
    return isFilled
  }

  private settle(): boolean {
    this.stage = 'settling'
    this.crowd.listen({ onJoined: () => this.joins++, onGone: node => this.noteDeparture(node) })
    this.simulation.network.observer = this.meter
    this.turnover.start()
    return this.advance(SETTLE_MS)
  }

  private measure(): void {
    const start = this.mark()
    const { joined } = this.crowd
    const sizeBefore = joined.size
    this.stage = 'measuring'
    this.measuredFromMs = this.now
    const load = new LoadMeter(this.crowd, this.meter)
    load.begin()
    this.lookups.start()
    this.advance(this.setup.minutes * MINUTE_MS)
    this.measured = this.since(start)
    this.imbalance = load.end()
    this.population = { mean: (sizeBefore + joined.size) / 2, end: joined.size }
    this.memory = this.contestant.memory(this.crowd)
    if (this.setup.churn > 0) this.joining = this.measured
    this.stage = 'ending'
    this.lookups.stop()
    if (!this.isInterrupted) this.advance(DRAIN_MS)
    this.drained = this.since(start)
  }

  /** What a join moves is counted where otherwise nobody comes. */
  private letSomeIn(): void {
    const start = this.mark()
    for (let i = 0; i < LATE_JOINERS; i++)
      this.simulation.clock.setTimer(i * LATE_JOIN_MS, () => this.crowd.admit())
    this.advance(LATE_JOINERS * LATE_JOIN_MS + LATE_JOIN_SETTLE_MS)
    this.joining = this.since(start)
  }

  private noteDeparture(node: number): void {
    const { role } = this.simulation.node(node).machine.inspect()
    const name = typeof role === 'string' ? role : 'node'
    this.departures[name] = (this.departures[name] ?? 0) + 1
  }

  private mark(): Mark {
    return { atMs: this.now, reading: this.meter.read(), joins: this.joins }
  }

  private since({ atMs, reading, joins }: Mark): Passage {
    const traffic = trafficBetween(reading, this.meter.read())
    return { durationMs: this.now - atMs, traffic, joins: this.joins - joins }
  }

  /** False: interrupted. */
  private advance(durationMs: number): boolean {
    return passTime(this.simulation.clock, durationMs, () => this.goesOn(this.virtualShare))
  }

  private goesOn(share: number): boolean {
    const { count, successShare } = this.figures
    this.control.onProgress?.({
      stage: this.stage,
      share,
      minutes: Math.max(0, (this.now - this.measuredFromMs) / MINUTE_MS),
      nodes: this.crowd.living.size,
      lookups: count,
      successShare: count === 0 ? 1 : successShare,
      events: this.simulation.clock.events,
    })
    this.isInterrupted ||= this.control.isInterrupted?.() === true
    return !this.isInterrupted
  }

  /** Of the whole virtual time. */
  private get virtualShare(): number {
    const { nodes, minutes, churn } = this.setup
    const warmUpMs = this.contestant.settle === undefined ? growthMs(nodes) + PUBLISH_MS : 0
    const lateMs = churn === 0 ? LATE_JOINERS * LATE_JOIN_MS + LATE_JOIN_SETTLE_MS : 0
    const totalMs = warmUpMs + SETTLE_MS + minutes * MINUTE_MS + DRAIN_MS + lateMs
    return Math.min(1, (this.now - this.startMs) / totalMs)
  }
}

/** When a network that doubles again and again has so many nodes. */
function growthMs(nodes: number): number {
  return (JOIN_DOUBLING_MS * naturalLogarithm(nodes)) / Math.LN2
}
