import type { OverlayName } from '@onehop/classic-overlays'
import type { ExperimentControl } from '../experiments/run-several.ts'
import type { FidelityRow } from './fidelity-row.ts'

/**
 * How sure a published value is. `published`: read in a public source, which is named. `recalled`: from the paper named,
 * not checked against its text: to compare with, never to quote as the authors' measurement. `arithmetic`: worked out
 * from what the system does.
 */
export type Standing = 'published' | 'recalled' | 'arithmetic'

/** How much is run: `full` at the published sizes, `quick` as small as still can tell right from wrong. */
export type FidelitySize = 'full' | 'quick'

/** Parameters as they are shown and written: JSON, the seed always among them. */
export type FidelityParameters = { readonly seed: number } & { readonly [name: string]: unknown }

/** What the authors of a machine write of one of its experiments. */
export interface FidelityDefinition<Parameters extends FidelityParameters> {
  /** Begins with the overlay's name: `chord-path-length`. */
  readonly name: string
  readonly overlay: OverlayName
  /** What it is to answer, in one sentence. */
  readonly question: string
  /** Who published the value, and where. */
  readonly source: string
  /** The published value in words: `½ log₂ N`. */
  readonly published: string
  readonly standing: Standing
  readonly full: Parameters
  readonly quick: Parameters
  /** Measures. A generator's rows are shown one by one, and stay when it is interrupted between them. */
  measure(parameters: Parameters, control: ExperimentControl): Iterable<FidelityRow>
}

/** An experiment that compares what our machine does with what was published of the system. */
export interface FidelityExperiment {
  readonly name: string
  readonly overlay: OverlayName
  readonly question: string
  readonly source: string
  readonly published: string
  readonly standing: Standing
  parametersOf(size: FidelitySize): FidelityParameters
  run(size: FidelitySize, control: ExperimentControl): Iterable<FidelityRow>
}

/** Makes an experiment of its definition. */
export function fidelityExperiment<Parameters extends FidelityParameters>(
  definition: FidelityDefinition<Parameters>,
): FidelityExperiment {
  const { name, overlay, question, source, published, standing } = definition
  const parametersOf = (size: FidelitySize) => (size === 'full' ? definition.full : definition.quick)
  return {
    ...{ name, overlay, question, source, published, standing },
    parametersOf,
    run: (size, control) => definition.measure(parametersOf(size), control),
  }
}
