import type { Failure, Outcome } from '@onehop/overlay'

/** An outcome of an operation that never reached the machine, or that was cut off. */
export function failedOutcome(failure: Failure, attempts = 0, elapsedMs = 0): Outcome {
  return { pointers: [], hops: 0, messages: 0, attempts, elapsedMs, acknowledgements: 0, failure }
}

/** How a join ended that had failed at first, when a peer speaks to us after all. */
export const SOMEBODY_ANSWERED: Outcome = Object.freeze({
  pointers: [],
  hops: 1,
  messages: 0,
  attempts: 1,
  elapsedMs: 0,
  acknowledgements: 0,
})

/** Turns the machine's callbacks into promises, and sees that none waits forever. */
export class Operations {
  private readonly pending = new Set<(outcome: Outcome) => void>()
  private stopped = false

  /**
   * @param begin starts the operation; may return how to cancel it.
   * @returns the outcome; `cancelled` when the driver stops first. Rejects with the signal's reason when it aborts.
   */
  run(
    begin: (done: (outcome: Outcome) => void) => (() => void) | undefined,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.stopped) return Promise.resolve(failedOutcome('cancelled'))
    return new Promise((resolve, reject) => {
      let cancel: (() => void) | undefined
      const forget = () => {
        this.pending.delete(finish)
        signal?.removeEventListener('abort', onAbort)
      }
      const finish = (outcome: Outcome) => {
        forget()
        resolve(outcome)
      }
      const onAbort = () => {
        forget()
        reject(signal?.reason)
        cancel?.()
      }
      this.pending.add(finish)
      signal?.addEventListener('abort', onAbort)
      try {
        cancel = begin(finish)
      } catch (error) {
        forget()
        reject(error)
      }
    })
  }

  /** Ends all that is pending as cancelled, and everything begun later. */
  stop(): void {
    this.stopped = true
    for (const finish of [...this.pending]) finish(failedOutcome('cancelled'))
  }
}

/** The outcome of the work; `timed out` when it takes longer. Rejects with the signal's reason when that aborts before. */
export async function within(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> {
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    return await work(signal === undefined ? timeout : AbortSignal.any([signal, timeout]))
  } catch (error) {
    if (timeout.aborted && signal?.aborted !== true) return failedOutcome('timed out')
    throw error
  }
}
