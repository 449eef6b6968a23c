import type { AnswerSource, Failure, Outcome } from '../contract.ts'
import type { Pointer } from '../pointer.ts'

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

/** Begins an operation for each; what came of all of them is told when the last has ended. Of none, nothing is told. */
export function sideBySide<Item>(
  items: readonly Item[],
  begin: (item: Item, done: (outcome: Outcome) => void) => void,
  done: (outcome: Outcome) => void,
): void {
  const outcomes: Outcome[] = []
  for (const item of items)
    begin(item, outcome => {
      outcomes.push(outcome)
      if (outcomes.length === items.length) done(mergedOutcome(outcomes))
    })
}

/**
 * One outcome of several operations side by side: what they cost together, and the first failure among them. Of none, it
 * is a success that cost nothing.
 */
export function mergedOutcome(outcomes: readonly Outcome[]): Outcome {
  const sum = (of: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const failure = outcomes.find(outcome => outcome.failure !== undefined)?.failure
  const timeouts = sum(outcome => outcome.timeouts ?? 0)
  return {
    pointers: [],
    hops: Math.max(0, ...outcomes.map(({ hops }) => hops)),
    messages: sum(({ messages }) => messages),
    attempts: sum(({ attempts }) => attempts),
    elapsedMs: Math.max(0, ...outcomes.map(({ elapsedMs }) => elapsedMs)),
    acknowledgements:
      outcomes.length === 0 ? 0 : Math.min(...outcomes.map(({ acknowledgements }) => acknowledgements)),
    ...(timeouts === 0 ? {} : { timeouts }),
    ...(failure === undefined ? {} : { failure }),
  }
}
