import { assert } from '@onehop/primitives'
import { describeMachine } from '../experiments/machine-description.ts'
import type { MachineDescription } from '../experiments/result.ts'
import { rounded } from '../experiments/rounded.ts'
import { type ExperimentControl, runSeveral, type SeveralControl } from '../experiments/run-several.ts'
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
  control: SeveralControl = {},
): SwarmResult {
  const run = runSeveral(experiments, (experiment, one) => runOne(experiment, size, seed, one), control)
  return { size, seed, ...run, machine: describeMachine() }
}

function runOne(
  experiment: SwarmExperiment,
  size: SwarmSize,
  seed: number,
  control: ExperimentControl,
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
