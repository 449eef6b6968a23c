import type { SeveralProgress } from '../experiments/run-several.ts'
import { serveThread } from '../interruptible-thread.ts'
import type { FidelitySize } from './fidelity.ts'
import { fidelityExperimentNamed, runFidelity } from './run-fidelity.ts'

/** What the thread is given: functions do not cross threads, names do. */
export interface FidelityJob {
  readonly names: readonly string[]
  readonly size: FidelitySize
}

serveThread<FidelityJob, SeveralProgress, unknown>(({ names, size }, control) =>
  runFidelity(names.map(fidelityExperimentNamed), size, control),
)
