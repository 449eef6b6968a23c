import { type SeededRandom, shuffled } from '@onehop/primitives'
import type { Crowd } from './crowd.ts'
import type { ExperimentPhase, KelipsExperiment } from './experiment.ts'
import type { Files } from './files.ts'

const MINUTE_MS = 60_000
/** Nodes that come or go evenly do so this often. */
const TICK_MS = 500

/** Something that happened, for the record. */
export interface PhaseEvent {
  readonly atMinutes: number
  readonly what: string
  /** Lookups may fail from here on, and are expected to recover. */
  readonly isDisturbance: boolean
}

/** What happens to the whole network, at its time. */
export class Phases {
  readonly events: PhaseEvent[] = []
  private readonly crowd: Crowd
  private readonly files: Files
  private readonly experiment: KelipsExperiment
  private readonly random: SeededRandom
  private startMs = 0

  constructor(crowd: Crowd, files: Files, experiment: KelipsExperiment, random: SeededRandom) {
    this.crowd = crowd
    this.files = files
    this.experiment = experiment
    this.random = random
  }

  /** Minutes are counted from now. */
  start(): void {
    const { clock } = this.crowd.simulation
    this.startMs = clock.now()
    for (const phase of this.experiment.phases)
      clock.setTimer(phase.atMinutes * MINUTE_MS, () => this.begin(phase))
  }

  private begin(phase: ExperimentPhase): void {
    if ('kill' in phase) this.killShare(phase.kill)
    else if ('growTo' in phase) this.grow(phase.growTo, phase)
    else if ('shrinkTo' in phase) this.shrink(phase.shrinkTo, phase)
    else this.split(phase.partition, phase.forMinutes)
  }

  private killShare(share: number): void {
    const { living } = this.crowd
    const victims = this.drawnFromLiving(Math.floor(living.size * share))
    this.tell(`${victims.length} of ${living.size} nodes killed at once`, true)
    for (const node of victims) this.kill(node)
  }

  private grow(target: number, pace: { overMinutes?: number; perMinute?: number }): void {
    this.tell(`growing from ${this.crowd.living.size} to ${target} nodes`, false)
    const perNode = Math.round(this.experiment.files / this.experiment.nodes)
    this.step(target - this.crowd.living.size, pace, () => {
      if (this.crowd.living.size < target) this.files.add(this.crowd.admit(), perNode)
      return this.crowd.living.size < target
    })
  }

  private shrink(target: number, pace: { overMinutes?: number; perMinute?: number }): void {
    this.tell(`shrinking from ${this.crowd.living.size} to ${target} nodes`, false)
    this.step(this.crowd.living.size - target, pace, () => {
      if (this.crowd.living.size > target) this.kill(this.crowd.living.draw(this.random.next)!)
      return this.crowd.living.size > target
    })
  }

  /** Calls `one` as often as the pace says, until it returns false. */
  private step(
    total: number,
    { overMinutes, perMinute }: { overMinutes?: number; perMinute?: number },
    one: () => boolean,
  ): void {
    const { clock } = this.crowd.simulation
    let owed = 0
    const tick = () => {
      const minutes = TICK_MS / MINUTE_MS
      owed +=
        perMinute === undefined
          ? (total * minutes) / overMinutes!
          : this.crowd.living.size * perMinute * minutes
      for (; owed >= 1; owed--) if (!one()) return
      clock.setTimer(TICK_MS, tick)
    }
    tick()
  }

  private split(parts: number, forMinutes: number): void {
    const { simulation, living } = this.crowd
    const mixed = shuffled(this.random.next, living.numbers)
    this.tell(`the network falls into ${parts} parts`, true)
    simulation.network.partition(
      Array.from({ length: parts }, (_, part) => mixed.filter((_node, i) => i % parts === part)),
    )
    simulation.clock.setTimer(forMinutes * MINUTE_MS, () => {
      this.tell('the parts are one network again', true)
      simulation.network.heal()
    })
  }

  private kill(node: number): void {
    this.crowd.kill(node)
    this.files.release(node)
  }

  private drawnFromLiving(count: number): number[] {
    return shuffled(this.random.next, this.crowd.living.numbers).slice(0, count)
  }

  private tell(what: string, isDisturbance: boolean): void {
    const atMinutes = (this.crowd.simulation.clock.now() - this.startMs) / MINUTE_MS
    this.events.push({ atMinutes, what, isDisturbance })
  }
}
