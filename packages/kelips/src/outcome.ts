import type { AnswerSource, Failure, Outcome, Pointer } from '@onehop/overlay'

/** Counts what an operation costs, and makes its outcome. */
export class Costs {
  messages = 0
  attempts = 0
  /** Of those asked, how many were silent for too long. */
  timeouts = 0
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
      readonly answeredBy?: AnswerSource | undefined
      readonly failure?: Failure | undefined
    },
  ): Outcome {
    const { answeredBy, failure } = result
    return {
      pointers: result.pointers ?? [],
      hops: result.hops ?? 0,
      messages: this.messages,
      attempts: this.attempts,
      elapsedMs: nowMs - this.startedMs,
      acknowledgements: result.acknowledgements ?? 0,
      ...(answeredBy === undefined ? {} : { answeredBy }),
      ...(this.timeouts === 0 ? {} : { timeouts: this.timeouts }),
      ...(failure === undefined ? {} : { failure }),
    }
  }
}
