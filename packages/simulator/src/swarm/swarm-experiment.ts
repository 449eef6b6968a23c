import type { ExperimentControl } from '../experiments/run-several.ts'
import type { FidelityRow } from '../fidelity/fidelity-row.ts'
import type { SwarmParameters } from './swarm-parameters.ts'
import type { SwarmRun } from './swarm-run.ts'

/** How much is run: `full` is what the README's tables are of, `quick` the smallest that still tells right from wrong. */
export type SwarmSize = 'full' | 'quick'

/** What an experiment hands out as it goes: a swarm that has ended, or a figure that is judged or told. */
export type SwarmStep = { readonly run: SwarmRun } | { readonly row: FidelityRow }

/** One question about how swarms behave. */
export interface SwarmExperiment {
  readonly name: string
  /** What it is to answer, in one sentence. */
  readonly question: string
  /** Who published what is judged, and where. */
  readonly source: string
  /** Its swarm, or the one that its swarms are like. */
  parametersOf(size: SwarmSize, seed: number): SwarmParameters
  /** A generator: what there is stays when it is interrupted. */
  run(size: SwarmSize, seed: number, control: ExperimentControl): Iterable<SwarmStep>
}
