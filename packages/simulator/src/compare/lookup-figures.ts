import type { LookupSample } from '../experiments/lookup-log.ts'
import { Samples } from '../experiments/samples.ts'

/** What became of the lookups of one run. */
export class LookupFigures {
  found = 0
  /** All of them, those that failed with their whole time. */
  readonly ms = new Samples()
  /** Of those that found something. */
  readonly hops = new Samples()
  readonly failures: Record<string, number> = {}

  get count(): number {
    return this.ms.count
  }

  get successShare(): number {
    return this.count === 0 ? 0 : this.found / this.count
  }

  add({ elapsedMs, isFound, hops, failure }: LookupSample): void {
    this.ms.add(elapsedMs)
    if (isFound) {
      this.found++
      this.hops.add(hops)
    } else if (failure !== undefined) this.failures[failure] = (this.failures[failure] ?? 0) + 1
  }
}
