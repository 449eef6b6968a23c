import { assert } from '@onehop/primitives'
import { describeMachine } from '../experiments/machine-description.ts'
import type { MachineDescription } from '../experiments/result.ts'
import { rounded } from '../experiments/rounded.ts'
import type { FidelityRow } from '../fidelity/fidelity-row.ts'
import { DEPARTING_SEED } from './departing-seed.ts'
import type { SwarmExperiment, SwarmSize } from './swarm-experiment.ts'
import type { SwarmParameters } from './swarm-parameters.ts'
import type { SwarmRun } from './swarm-run.ts'
import { TRADING_EXPERIMENTS } from './trading-experiments.ts'

/** All swarm experiments, in the order in which they are listed and run. */
export const SWARM_EXPERIMENTS: readonly SwarmExperiment[] = Object.freeze([
  ...TRADING_EXPERIMENTS,
  DEPARTING_SEED,
])

/** `as it should be`: every judged figure is; `interrupted`: those that there are. */
export type SwarmVerdict = 'as it should be' | 'not as it should be' | 'interrupted'

/** What came of one experiment. */
export interface SwarmOutcome {
  readonly name: string
  readonly question: string
  readonly source: string
  readonly parameters: SwarmParameters
  /** Swarms with all their figures. */
  readonly runs: readonly SwarmRun[]
  readonly rows: readonly FidelityRow[]
  readonly verdict: SwarmVerdict
  readonly wallSeconds: number
}

/** What came of all of them. */
export interface SwarmResult {
  readonly size: SwarmSize
  readonly seed: number
  readonly interrupted: boolean
  readonly experiments: readonly SwarmOutcome[]
  readonly machine: MachineDescription
}

/** How far a run of several is. */
export interface SwarmProgress {
  readonly experiment: string
  /** Of all experiments together, each counted alike; 0 to 1. */
  readonly share: number
  readonly doing: string
}

/** What a run of several is told from outside, and tells. */
export interface SwarmRunControl {
  readonly onProgress?: (progress: SwarmProgress) => void
  readonly isInterrupted?: () => boolean
}

/** The experiment of that name. @throws {AssertionError} when there is none. */
export function swarmExperimentNamed(name: string): SwarmExperiment {
  const experiment = SWARM_EXPERIMENTS.find(one => one.name === name)
  assert(experiment !== undefined, `there is no swarm experiment "${name}"`)
  return experiment
}

/** Runs the experiments, one after the other, here and now. Same size and seed, same figures. */
export function runSwarmExperiments(
  experiments: readonly SwarmExperiment[],
  size: SwarmSize,
  seed: number,
  { onProgress = () => {}, isInterrupted = () => false }: SwarmRunControl = {},
): SwarmResult {
  const outcomes: SwarmOutcome[] = []
  for (const experiment of experiments) {
    if (isInterrupted()) break
    const before = outcomes.length
    const progress = (share: number, doing = '') =>
      onProgress({ experiment: experiment.name, share: (before + share) / experiments.length, doing })
    outcomes.push(runOne(experiment, size, seed, { isInterrupted, progress }))
  }
  const interrupted =
    outcomes.length < experiments.length || outcomes.some(({ verdict }) => verdict === 'interrupted')
  return { size, seed, interrupted, experiments: outcomes, machine: describeMachine() }
}

function runOne(
  experiment: SwarmExperiment,
  size: SwarmSize,
  seed: number,
  control: { isInterrupted(): boolean; progress(share: number, doing?: string): void },
): SwarmOutcome {
  const startedMs = performance.now()
  const runs: SwarmRun[] = []
  const rows: FidelityRow[] = []
  for (const step of experiment.run(size, seed, control)) {
    if ('run' in step) runs.push(step.run)
    else rows.push(step.row)
    if (control.isInterrupted()) break
  }
  const { name, question, source } = experiment
  return {
    ...{ name, question, source, parameters: experiment.parametersOf(size, seed), runs, rows },
    verdict: control.isInterrupted() ? 'interrupted' : verdictOf(rows),
    wallSeconds: rounded((performance.now() - startedMs) / 1000),
  }
}

function verdictOf(rows: readonly FidelityRow[]): SwarmVerdict {
  return rows.every(({ within }) => within ?? true) ? 'as it should be' : 'not as it should be'
}
