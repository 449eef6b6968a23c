import { bytesKey } from '@onehop/primitives'
import type { AnswerSource, Failure, LookupOptions, Outcome } from '../contract.ts'
import type { Pointer } from '../pointer.ts'
import type { Costs } from './costs.ts'

/** What a lookup of one key has found, each once and up to the limit, and where the first of it came from. */
export class FoundPointers {
  private readonly options: LookupOptions
  private readonly byName = new Map<string, Pointer>()
  private hops = 0
  private answeredBy: AnswerSource | undefined

  constructor(options: LookupOptions) {
    this.options = options
  }

  get size(): number {
    return this.byName.size
  }

  get isFull(): boolean {
    return this.byName.size >= this.options.limit
  }

  /** Tells the user of the pointer, who may end the lookup thereupon, unless it is known or there are enough. */
  take(pointer: Pointer, hops: number, source: AnswerSource): void {
    const provider = bytesKey(pointer.provider)
    const name = pointer.target === undefined ? provider : `${provider}/${bytesKey(pointer.target)}`
    if (this.byName.has(name) || this.isFull) return
    if (this.byName.size === 0) {
      this.hops = hops
      this.answeredBy = source
    }
    this.byName.set(name, pointer)
    this.options.onPointer?.(pointer)
  }

  /** The lookup's outcome: whoever has found something has not failed, unless the user wanted no more of it. */
  outcome(costs: Costs, nowMs: number, failure: Failure | undefined): Outcome {
    const { hops, answeredBy } = this
    const pointers = [...this.byName.values()]
    const reason = pointers.length > 0 && failure !== 'cancelled' ? undefined : failure
    return costs.outcome(nowMs, { pointers, hops, answeredBy, failure: reason })
  }
}
