import type { SeveralProgress } from '../experiments/run-several.ts'
import { type RunningThread, startThread } from '../interruptible-thread.ts'
import type { SwarmResult } from './run-swarm-experiments.ts'
import type { SwarmJob } from './swarm-worker.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './swarm-worker.ts' : './swarm-worker.js',
  import.meta.url,
)

/** Young generation in MB: messages live until they arrive, and are copied the less the larger it is. */
const YOUNG_GENERATION_MB = 128

/** Runs swarm experiments in a thread of its own. */
export function startSwarm(
  job: SwarmJob,
  onProgress: (progress: SeveralProgress) => void,
): RunningThread<SwarmResult> {
  return startThread<SwarmJob, SeveralProgress, SwarmResult>(ENTRY, job, onProgress, {
    maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
  })
}
