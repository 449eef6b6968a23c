import type { Crowd } from './crowd.ts'
import type { KelipsProbe } from './kelips-probe.ts'
import { rounded } from './rounded.ts'
import type { Truth } from './truth.ts'

/** How soon nodes that knew nobody know everybody whom they are to know. */
export interface ConvergenceReport {
  /** Since the first join, until 99 % of all members are in all views that they belong in. */
  readonly rounds99: number | undefined
  /** The same for 99.9 %. */
  readonly rounds999: number | undefined
  /** Share of the members in the views after each gossip round. */
  readonly byRound: readonly number[]
}

/** Views that are this complete are the end of the watch. */
const END = 0.9999
/** Gossip rounds after which the watch is given up. */
const MAX_ROUNDS = 500

/** Watches views from cold: all nodes begin at the same time. */
export class Convergence {
  private readonly byRound: number[] = []
  private readonly crowd: Crowd<KelipsProbe>
  private readonly truth: Truth
  private readonly roundMs: number

  constructor(crowd: Crowd<KelipsProbe>, truth: Truth, roundMs: number) {
    this.crowd = crowd
    this.truth = truth
    this.roundMs = roundMs
  }

  start(): void {
    this.crowd.simulation.clock.setTimer(this.roundMs, () => this.look())
  }

  report(): ConvergenceReport {
    return { rounds99: this.firstWith(0.99), rounds999: this.firstWith(0.999), byRound: this.byRound }
  }

  private look(): void {
    const share = this.completeness()
    this.byRound.push(rounded(share))
    if (share < END && this.byRound.length < MAX_ROUNDS) this.start()
  }

  /** Of all nodes that live, joined or not: a node that is not in yet knows nobody. */
  private completeness(): number {
    let expected = 0
    let known = 0
    for (const node of this.crowd.living.numbers) {
      if (this.crowd.probe(node) === undefined) continue
      const seen = this.truth.lookAtView(node)
      expected += seen.expected
      known += seen.known
    }
    return expected === 0 ? 0 : known / expected
  }

  private firstWith(share: number): number | undefined {
    const index = this.byRound.findIndex(reached => reached >= share)
    return index < 0 ? undefined : index + 1
  }
}
