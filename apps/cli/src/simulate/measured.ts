import type { RunningThread } from '@onehop/simulator'
import { onInterrupt } from '../interruption.ts'
import { onParentGone } from '../parent.ts'
import { ProgressLine } from '../progress.ts'

/** How far experiments are. */
interface ExperimentProgress {
  readonly experiment: string
  /** Of all of them together; 0 to 1. */
  readonly share: number
  readonly doing: string
}

/** The figures of experiments, with a line that says how far they are. Ctrl-C ends them with those that there are. */
export async function measured<Result>(
  start: (onProgress: (progress: ExperimentProgress) => void) => RunningThread<Result>,
  isSilent: boolean,
): Promise<Result> {
  const line = new ProgressLine()
  const running = start(({ experiment, share, doing }) => {
    if (!isSilent) line.bar(experiment, share, 1, doing)
  })
  const stopListening = onInterrupt(() => {
    if (!isSilent) line.log('Ending with what has been measured so far …')
    running.interrupt()
  })
  onParentGone(() => running.interrupt())
  try {
    return await running.result
  } finally {
    stopListening()
    line.clear()
  }
}
