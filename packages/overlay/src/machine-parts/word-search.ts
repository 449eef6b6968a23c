import type { Cancel, Failure, LookupOptions, Outcome } from '../contract.ts'
import { type Key, wordKey } from '../keys.ts'
import type { Pointer } from '../pointer.ts'
import { rankContents } from '../search-results.ts'

/** What a search needs of its machine. */
export interface WordSearchParts {
  readonly lookup: (key: Key, options: LookupOptions, done: (outcome: Outcome) => void) => Cancel
  readonly now: () => number
  /** Pointers that a lookup of one word asks for: all that a table holds under one key. */
  readonly pointersPerWord: number
}

/** One search: the words are looked up side by side, as any other key, and what all of them lead to is ranked. */
export class WordSearch {
  private readonly parts: WordSearchParts
  private readonly words: readonly string[]
  private readonly options: LookupOptions
  private readonly finished: (outcome: Outcome) => void
  private readonly startedMs: number
  private readonly cancels: Cancel[] = []
  private readonly outcomes: Outcome[] = []
  private isCancelled = false
  private isOver = false

  constructor(
    parts: WordSearchParts,
    words: readonly string[],
    options: LookupOptions,
    finished: (outcome: Outcome) => void,
  ) {
    this.parts = parts
    this.words = words
    this.options = options
    this.finished = finished
    this.startedMs = parts.now()
  }

  /** Each list is asked for whole, since what is common to all may stand anywhere in it. */
  start(): void {
    if (this.words.length === 0) this.finish(undefined)
    const options = { ...this.options, limit: this.parts.pointersPerWord }
    for (const word of this.words)
      this.cancels.push(this.parts.lookup(wordKey(word), options, outcome => this.onOutcome(outcome)))
  }

  cancel(): void {
    this.isCancelled = true
    for (const cancel of this.cancels) cancel()
    this.finish('cancelled')
  }

  private onOutcome(outcome: Outcome): void {
    this.outcomes.push(outcome)
    if (this.outcomes.length === this.words.length) this.finish(this.isCancelled ? 'cancelled' : undefined)
  }

  private finish(failure: Failure | undefined): void {
    if (this.isOver) return
    this.isOver = true
    const pointers = failure === undefined ? this.best() : []
    const sum = (of: (outcome: Outcome) => number) =>
      this.outcomes.reduce((total, outcome) => total + of(outcome), 0)
    const timeouts = sum(outcome => outcome.timeouts ?? 0)
    const reason = failure ?? (pointers.length > 0 ? undefined : this.failure())
    this.finished({
      pointers,
      hops: Math.max(0, ...this.outcomes.map(({ hops }) => hops)),
      messages: sum(({ messages }) => messages),
      attempts: sum(({ attempts }) => attempts),
      elapsedMs: this.parts.now() - this.startedMs,
      acknowledgements: 0,
      ...(timeouts > 0 ? { timeouts } : {}),
      ...(reason === undefined ? {} : { failure: reason }),
    })
  }

  /** All pointers to the best contents, content by content. */
  private best(): Pointer[] {
    const pointers = this.outcomes.flatMap(outcome => outcome.pointers)
    const contents = rankContents(this.words, pointers).slice(0, Math.max(1, this.options.limit))
    return contents.flatMap(content => content.pointers)
  }

  /** A word that nobody has published is an answer for all of them; a word of which nothing was heard is none. */
  private failure(): Failure {
    const failures = this.outcomes.map(({ failure }) => failure)
    if (failures.includes('not found')) return 'not found'
    return failures.find(failure => failure !== undefined) ?? 'not found'
  }
}
