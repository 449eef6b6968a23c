import type { SeveralProgress } from '../experiments/run-several.ts'
import { serveThread } from '../interruptible-thread.ts'
import { runSwarmExperiments, swarmExperimentNamed } from './run-swarm-experiments.ts'
import type { SwarmSize } from './swarm-experiment.ts'

/** What the thread is given: functions do not cross threads, names do. */
export interface SwarmJob {
  readonly names: readonly string[]
  readonly size: SwarmSize
  readonly seed: number
}

serveThread<SwarmJob, SeveralProgress, unknown>(({ names, size, seed }, control) =>
  runSwarmExperiments(names.map(swarmExperimentNamed), size, seed, control),
)
