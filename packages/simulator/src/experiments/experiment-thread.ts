import type { ResourceLimits } from 'node:worker_threads'
import { type RunningThread, startThread } from '../interruptible-thread.ts'
import type { Progress } from './control.ts'
import type { Experiment } from './experiment.ts'
import { estimateMemoryBytes, inGigabytes } from './memory-estimate.ts'
import type { ExperimentResult } from './result.ts'

/** Beside this file, whether it runs from its source or was compiled. */
const ENTRY = new URL(
  import.meta.url.endsWith('.ts') ? './experiment-worker.ts' : './experiment-worker.js',
  import.meta.url,
)
/** The heap may grow beyond the estimate by so much before the thread is ended. */
const HEAP_MARGIN = 1.5
const LEAST_HEAP_MB = 1_024
/**
 * V8's young generation (three semi-spaces) in a large experiment: messages live until they arrive, and are copied the
 * less the larger it is. A sixth of the time at 1,000 nodes.
 */
const YOUNG_GENERATION_MB = 384
/** Experiments that need less leave it as it is. */
const LARGE_EXPERIMENT_BYTES = 265_000_000

/** Runs an experiment that has been checked, so that this thread can draw its progress and hear of Ctrl-C. */
export function startExperiment(
  experiment: Experiment,
  onProgress: (progress: Progress) => void,
): RunningThread<ExperimentResult> {
  const running = startThread<Experiment, Progress, ExperimentResult>(
    ENTRY,
    experiment,
    onProgress,
    limitsFor(experiment),
  )
  const result = running.result.catch(error => {
    throw told(error, experiment)
  })
  return { ...running, result }
}

function limitsFor(experiment: Experiment): ResourceLimits {
  const neededBytes = estimateMemoryBytes(experiment)
  const maxOldGenerationSizeMb = Math.ceil(LEAST_HEAP_MB + (neededBytes * HEAP_MARGIN) / 2 ** 20)
  return neededBytes < LARGE_EXPERIMENT_BYTES
    ? { maxOldGenerationSizeMb }
    : { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB }
}

function told(error: unknown, experiment: Experiment): Error {
  if ((error as { code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error as Error
  const estimate = inGigabytes(estimateMemoryBytes(experiment))
  return new Error(`The experiment has outgrown its memory, which was estimated at ${estimate}.`)
}
