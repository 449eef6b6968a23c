import type { Key } from '@onehop/overlay'
import type { SeededRandom } from '@onehop/primitives'
import type { Crowd } from './crowd.ts'
import { SPREAD_LOOK_MS, SPREAD_TIMEOUT_MS } from './experiment-limits.ts'
import type { KelipsProbe } from './kelips-probe.ts'
import { rounded } from './rounded.ts'
import { Samples } from './samples.ts'
import type { Truth } from './truth.ts'

/** Of the filetuples that were followed. */
export interface SpreadFigures {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly most: number
}

/** How soon a group knows of a new filetuple. Times in seconds from the publication on. */
export interface DisseminationReport {
  readonly filetuples: number
  /** Followed to the end of the watch and not known to 99 % of their groups. */
  readonly incomplete: number
  /** Until 99 % of the group know it, rounded up to a member. */
  readonly seconds99: SpreadFigures
  /** The same in gossip rounds. */
  readonly rounds99: SpreadFigures
  readonly groupSize: number
}

const ENOUGH = 0.99

/** Publishes filetuples, one after the other, and follows each until its group knows it. */
export class Dissemination {
  private readonly crowd: Crowd<KelipsProbe>
  private readonly truth: Truth
  private readonly random: SeededRandom
  private readonly wanted: number
  private readonly roundMs: number
  private readonly seconds = new Samples()
  private readonly groupSizes = new Samples()
  private incomplete = 0

  constructor(
    parts: { readonly crowd: Crowd<KelipsProbe>; readonly truth: Truth },
    wanted: number,
    roundMs: number,
    random: SeededRandom,
  ) {
    this.crowd = parts.crowd
    this.truth = parts.truth
    this.wanted = wanted
    this.roundMs = roundMs
    this.random = random
  }

  /** Publishes them evenly over the time. */
  start(durationMs: number): void {
    for (let i = 0; i < this.wanted; i++)
      this.crowd.simulation.clock.setTimer((durationMs * i) / this.wanted, () => this.publishOne())
  }

  report(): DisseminationReport {
    const figures = (unit: number): SpreadFigures => ({
      p50: rounded((this.seconds.percentile(0.5) ?? 0) / unit),
      p90: rounded((this.seconds.percentile(0.9) ?? 0) / unit),
      p99: rounded((this.seconds.percentile(0.99) ?? 0) / unit),
      most: rounded((this.seconds.most() ?? 0) / unit),
    })
    return {
      filetuples: this.seconds.count,
      incomplete: this.incomplete,
      seconds99: figures(1),
      rounds99: figures(this.roundMs / 1000),
      groupSize: rounded(this.groupSizes.mean() ?? 0),
    }
  }

  private publishOne(): void {
    const { simulation, honest } = this.crowd
    const provider = honest.draw(this.random.next)
    if (provider === undefined) return
    const key = this.random.bytes(32)
    const startedMs = simulation.clock.now()
    simulation.node(provider).machine.publish({ kind: 'content', key }, () => {})
    this.follow(key, this.truth.holdersOf(key), startedMs)
  }

  private follow(key: Key, holders: readonly KelipsProbe[], startedMs: number): void {
    const { clock } = this.crowd.simulation
    clock.setTimer(SPREAD_LOOK_MS, () => {
      const nowMs = clock.now()
      const holding = holders.filter(probe => probe.holds(key, nowMs)).length
      if (holding >= holders.length * ENOUGH) {
        this.seconds.add((nowMs - startedMs) / 1000)
        this.groupSizes.add(holders.length)
      } else if (nowMs - startedMs >= SPREAD_TIMEOUT_MS) this.incomplete++
      else this.follow(key, holders, startedMs)
    })
  }
}
