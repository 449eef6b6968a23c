import { CHORD_FIDELITY } from './chord.ts'
import { FASTTRACK_FIDELITY } from './fasttrack.ts'
import type { FidelityExperiment } from './fidelity.ts'
import { GNUTELLA_FIDELITY } from './gnutella.ts'
import { NAPSTER_FIDELITY } from './napster.ts'
import { PASTRY_FIDELITY } from './pastry.ts'

/** All fidelity experiments, overlay by overlay, in the order in which they are listed and run. */
export const FIDELITY_EXPERIMENTS: readonly FidelityExperiment[] = Object.freeze([
  ...NAPSTER_FIDELITY,
  ...FASTTRACK_FIDELITY,
  ...GNUTELLA_FIDELITY,
  ...CHORD_FIDELITY,
  ...PASTRY_FIDELITY,
])
