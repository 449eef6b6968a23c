import { isMainThread, parentPort, type ResourceLimits, Worker, workerData } from 'node:worker_threads'

/** Least wall time in ms between two reports of progress of a thread. */
const REPORT_INTERVAL_MS = 200

/** What runs in a thread of its own, so that this one can draw its progress and hear of Ctrl-C. */
export interface RunningThread<Result> {
  /** What there is at the end, or after the interruption. */
  readonly result: Promise<Result>
  /** Ends it before long, with what there is so far. */
  interrupt(): void
  /** Ends it at once, with nothing. */
  terminate(): void
}

/** What a thread's work is told from outside, and tells. */
export interface ThreadControl<Progress> {
  isInterrupted(): boolean
  onProgress(progress: Progress): void
}

interface ThreadData<Job> {
  readonly job: Job
  /** One word in shared memory: anything but 0 interrupts the work. */
  readonly flag: Int32Array
}

type Report<Progress, Result> = { readonly progress: Progress } | { readonly result: Result }

/**
 * Starts a module that calls {@link serveThread}.
 * @param entry the module's URL, that of its source or of what it was compiled to.
 */
export function startThread<Job, Progress, Result>(
  entry: URL,
  job: Job,
  onProgress: (progress: Progress) => void,
  resourceLimits: ResourceLimits = {},
): RunningThread<Result> {
  const flag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const workerData: ThreadData<Job> = { job, flag }
  const worker = new Worker(entry, { workerData, resourceLimits })
  const { promise, resolve, reject } = Promise.withResolvers<Result>()
  worker.on('message', (report: Report<Progress, Result>) => {
    if ('progress' in report) onProgress(report.progress)
    else resolve(report.result)
  })
  worker.on('error', reject)
  worker.on('exit', code => reject(new Error(`The thread ended with code ${code} and without a result.`)))
  return {
    result: promise,
    interrupt: () => void Atomics.store(flag, 0, 1),
    terminate: () => void worker.terminate(),
  }
}

/** Does a thread's work and tells the result. In the main thread, where the module is only imported, nothing. */
export function serveThread<Job, Progress, Result>(
  work: (job: Job, control: ThreadControl<Progress>) => Result,
): void {
  if (isMainThread) return
  const { job, flag } = workerData as ThreadData<Job>
  const tell = (report: Report<Progress, Result>) => parentPort?.postMessage(report)
  const isInterrupted = () => Atomics.load(flag, 0) !== 0
  let toldMs = Number.NEGATIVE_INFINITY
  let last: Progress | undefined
  const onProgress = (progress: Progress) => {
    last = progress
    const nowMs = performance.now()
    if (nowMs - toldMs < REPORT_INTERVAL_MS) return
    toldMs = nowMs
    tell({ progress })
  }
  const result = work(job, { isInterrupted, onProgress })
  if (last !== undefined) tell({ progress: last })
  tell({ result })
}
