/** Runs jobs one after the other, in the order they came. */
export class SerialQueue {
  private last: Promise<unknown> = Promise.resolve()

  /** Starts the job when all earlier ones have ended, and resolves or rejects as it does. */
  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.last.then(job)
    // Whoever gave the job hears of its failure; the next one begins all the same.
    this.last = result.catch(() => undefined)
    return result
  }

  /** Resolves when every job given so far has ended. */
  async idle(): Promise<void> {
    await this.last
  }
}
