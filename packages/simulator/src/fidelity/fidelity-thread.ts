import type { SeveralProgress } from '../experiments/run-several.ts'
import { type RunningThread, startThread } from '../interruptible-thread.ts'
import type { FidelitySize } from './fidelity.ts'
import type { FidelityJob } from './fidelity-worker.ts'
import type { FidelityResult } from './run-fidelity.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './fidelity-worker.ts' : './fidelity-worker.js',
  import.meta.url,
)

/** Old space in MB: 16,384 Chord nodes with their fingers want some of it. */
const HEAP_MB = 4_096
/** Young generation in MB: messages live until they arrive, and are copied the less the larger it is. */
const YOUNG_GENERATION_MB = 128

/** Runs the experiments of these names in a thread of its own. */
export function startFidelity(
  names: readonly string[],
  size: FidelitySize,
  onProgress: (progress: SeveralProgress) => void,
): RunningThread<FidelityResult> {
  return startThread<FidelityJob, SeveralProgress, FidelityResult>(ENTRY, { names, size }, onProgress, {
    maxOldGenerationSizeMb: HEAP_MB,
    maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
  })
}
