import type { Failure, Outcome, Pointer } from '@onehop/overlay'

/** Counts what an operation costs, and makes its outcome. */
export class Costs {
  messages = 0
  attempts = 0
  private readonly startedMs: number

  constructor(startedMs: number) {
    this.startedMs = startedMs
  }

  outcome(
    nowMs: number,
    result: {
      readonly pointers?: readonly Pointer[]
      readonly hops?: number
      readonly acknowledgements?: number
      readonly failure?: Failure | undefined
    },
  ): Outcome {
    const outcome = {
      pointers: result.pointers ?? [],
      hops: result.hops ?? 0,
      messages: this.messages,
      attempts: this.attempts,
      elapsedMs: nowMs - this.startedMs,
      acknowledgements: result.acknowledgements ?? 0,
    }
    return result.failure === undefined ? outcome : { ...outcome, failure: result.failure }
  }
}
