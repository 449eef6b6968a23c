import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { Progress } from './control.ts'
import type { Experiment } from './experiment.ts'
import { PROGRESS_INTERVAL_MS } from './experiment-limits.ts'
import type { ExperimentResult } from './result.ts'
import { runExperiment } from './run-experiment.ts'

/** What the thread is given. */
export interface WorkerJob {
  readonly experiment: Experiment
  /** One word in shared memory: anything but 0 ends the run. */
  readonly flag: Int32Array
}

/** What it tells. */
export type WorkerReport = { readonly progress: Progress } | { readonly result: ExperimentResult }

function run({ experiment, flag }: WorkerJob): void {
  let toldMs = Number.NEGATIVE_INFINITY
  let last: Progress | undefined
  const tell = (report: WorkerReport) => parentPort?.postMessage(report)
  const result = runExperiment(experiment, {
    isInterrupted: () => Atomics.load(flag, 0) !== 0,
    onProgress: progress => {
      last = progress
      const nowMs = performance.now()
      if (nowMs - toldMs < PROGRESS_INTERVAL_MS) return
      toldMs = nowMs
      tell({ progress })
    },
  })
  if (last !== undefined) tell({ progress: last })
  tell({ result })
}

if (!isMainThread) run(workerData as WorkerJob)
