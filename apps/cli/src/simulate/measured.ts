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
export function measured<Result>(
  start: (onProgress: (progress: ExperimentProgress) => void) => RunningThread<Result>,
  isSilent: boolean,
): Promise<Result> {
  const line = new ProgressLine()
  const running = start(({ experiment, share, doing }) => {
    if (!isSilent) line.bar(experiment, share, 1, doing)
  })
  return resultOf(running, {
    interrupting: () => {
      if (!isSilent) line.log('Ending with what has been measured so far …')
    },
    end: () => line.clear(),
  })
}

/**
 * The result of a run. Ctrl-C, or the end of the process that started this one, ends it with what it has so far.
 * @param display is told when that happens, and when all is over.
 */
export async function resultOf<Result>(
  running: Pick<RunningThread<Result>, 'result' | 'interrupt'>,
  display: { interrupting(): void; end(): void },
): Promise<Result> {
  const stopListening = onInterrupt(() => {
    display.interrupting()
    running.interrupt()
  })
  onParentGone(() => running.interrupt())
  try {
    return await running.result
  } finally {
    stopListening()
    display.end()
  }
}
