import { CHORD_FIDELITY } from './chord.ts'
import type { FidelityExperiment } from './fidelity.ts'
import { PASTRY_FIDELITY } from './pastry.ts'

/** All fidelity experiments, overlay by overlay, in the order in which they are listed and run. */
export const FIDELITY_EXPERIMENTS: readonly FidelityExperiment[] = Object.freeze([
  ...CHORD_FIDELITY,
  ...PASTRY_FIDELITY,
])
