import type { OverlayName } from '@onehop/classic-overlays'
import { assert } from '@onehop/primitives'
import { describeMachine } from '../experiments/machine-description.ts'
import type { MachineDescription } from '../experiments/result.ts'
import { rounded } from '../experiments/rounded.ts'
import { type ExperimentControl, runSeveral, type SeveralControl } from '../experiments/run-several.ts'
import type { FidelityExperiment, FidelityParameters, FidelitySize, Standing } from './fidelity.ts'
import type { FidelityRow } from './fidelity-row.ts'
import { FIDELITY_EXPERIMENTS } from './registry.ts'

/** `as published`: every judged figure is; `interrupted`: those that there are. */
export type FidelityVerdict = 'as published' | 'not as published' | 'interrupted'

/** What came of one experiment. */
export interface FidelityOutcome {
  readonly name: string
  readonly overlay: OverlayName
  readonly question: string
  readonly source: string
  readonly published: string
  readonly standing: Standing
  readonly parameters: FidelityParameters
  readonly rows: readonly FidelityRow[]
  readonly verdict: FidelityVerdict
  readonly wallSeconds: number
}

/** What came of all of them. */
export interface FidelityResult {
  readonly size: FidelitySize
  readonly interrupted: boolean
  readonly experiments: readonly FidelityOutcome[]
  readonly machine: MachineDescription
}

/** The experiment of that name. @throws {AssertionError} when there is none. */
export function fidelityExperimentNamed(name: string): FidelityExperiment {
  const experiment = FIDELITY_EXPERIMENTS.find(one => one.name === name)
  assert(experiment !== undefined, `there is no fidelity experiment "${name}"`)
  return experiment
}

/** Runs the experiments, one after the other, here and now. Same size, same rows. */
export function runFidelity(
  experiments: readonly FidelityExperiment[],
  size: FidelitySize,
  control: SeveralControl = {},
): FidelityResult {
  const run = runSeveral(experiments, (experiment, one) => runOne(experiment, size, one), control)
  return { size, ...run, machine: describeMachine() }
}

function runOne(
  experiment: FidelityExperiment,
  size: FidelitySize,
  control: ExperimentControl,
): FidelityOutcome {
  control.progress(0)
  const startedMs = performance.now()
  const rows: FidelityRow[] = []
  for (const row of experiment.run(size, control)) {
    rows.push(row)
    if (control.isInterrupted()) break
  }
  const { name, overlay, question, source, published, standing } = experiment
  return {
    ...{ name, overlay, question, source, published, standing },
    parameters: experiment.parametersOf(size),
    rows,
    verdict: control.isInterrupted() ? 'interrupted' : verdictOf(rows),
    wallSeconds: rounded((performance.now() - startedMs) / 1000),
  }
}

/** An experiment that judges nothing has not shown anything. */
function verdictOf(rows: readonly FidelityRow[]): FidelityVerdict {
  const judged = rows.filter(({ within }) => within !== undefined)
  return judged.length > 0 && judged.every(({ within }) => within) ? 'as published' : 'not as published'
}
