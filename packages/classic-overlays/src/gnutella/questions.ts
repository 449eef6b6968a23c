import type { Cancel, Key, LookupOptions, Outcome } from '@onehop/overlay'
import type { Flooding } from './flooding.ts'
import { MAX_OWN_QUERIES } from './limits.ts'
import { type QueryHit, type Sought, soughtKey, soughtWords } from './messages.ts'
import type { Neighbour } from './neighbours.ts'
import { Question } from './question.ts'
import type { GnutellaState } from './state.ts'

/** What questions need of the machine. */
export interface QuestionsParts {
  readonly state: GnutellaState
  readonly flooding: Flooding
  readonly whenReady: (ready: () => void) => void
}

/** The lookups and searches of this node that are under way. */
export class Questions {
  private readonly parts: QuestionsParts
  private readonly open = new Set<Question>()
  private readonly floods = new Map<number, Question>()

  constructor(parts: QuestionsParts) {
    this.parts = parts
  }

  get size(): number {
    return this.open.size
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    return this.ask(soughtKey(key), options, done)
  }

  search(words: readonly string[], options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    return this.ask(soughtWords(words), options, done)
  }

  /** An answer has come back to where its question came from. */
  onHit(hit: QueryHit, from: Neighbour): void {
    this.floods.get(hit.id.low)?.onHit(hit, from)
  }

  cancelAll(): void {
    for (const question of [...this.open]) question.cancel()
  }

  private ask(sought: Sought, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    const { state, flooding, whenReady } = this.parts
    if (this.open.size >= MAX_OWN_QUERIES) this.open.values().next().value?.drop()
    const question = new Question({ state, flooding, floods: this.floods }, sought, options, outcome => {
      this.open.delete(question)
      done(outcome)
    })
    this.open.add(question)
    whenReady(() => question.start())
    return () => question.cancel()
  }
}
