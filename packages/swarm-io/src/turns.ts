/** Lets a bounded number of actions go on at once; the others wait for their turn, in the order in which they came. */
export class Turns {
  private readonly limit: number
  private readonly waiting: (() => void)[] = []
  private busy = 0

  constructor(limit: number) {
    this.limit = limit
  }

  async take<T>(action: () => Promise<T>): Promise<T> {
    if (this.busy < this.limit) this.busy++
    else await new Promise<void>(resolve => this.waiting.push(resolve))
    try {
      return await action()
    } finally {
      // The place goes to who has waited longest: whoever comes in the meantime must not take it, too.
      const next = this.waiting.shift()
      if (next) next()
      else this.busy--
    }
  }
}
