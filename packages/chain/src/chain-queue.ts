import { ChainClosedError, ChainHaltedError } from './errors.ts'
import { SerialQueue } from './serial-queue.ts'

/** What jobs change, and how that comes to the store. */
export interface Committed {
  /** Whether a write has failed (or is under way), so that nobody knows how much of it has happened. */
  readonly isUnsure: boolean
  /** Makes the store have all that has happened. */
  commit(): Promise<void>
  /** Resolves when all that has happened up to now would survive a loss of power. */
  committed(): Promise<void>
  /** The store has failed: tells those who wait for a commit. */
  fail(reason: Error): void
}

/** The order in which a chain is changed, beside which it is read; and its end. */
export class ChainQueue {
  private readonly target: Committed
  private readonly queue = new SerialQueue()
  private readonly reads = new Set<Promise<unknown>>()
  private durableJobsWaiting = 0
  private closed = false
  private failure: ChainHaltedError | undefined

  constructor(target: Committed) {
    this.target = target
  }

  /** @throws {ChainClosedError | ChainHaltedError} when nothing works any more. */
  assertUsable(): void {
    if (this.closed) throw new ChainClosedError()
    if (this.failure !== undefined) throw this.failure
  }

  /**
   * Runs alone, after all that came before, and before long what it did is stored. When the store fails in the middle of
   * a write, memory and store may differ: nothing runs after that.
   */
  run<T>(job: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new ChainClosedError())
    return this.queue.run(async () => {
      if (this.failure !== undefined) throw this.failure
      try {
        return await this.thenCommit(job)
      } catch (error) {
        if (!this.target.isUnsure) throw error
        this.failure = new ChainHaltedError(error)
        this.target.fail(this.failure)
        throw this.failure
      }
    })
  }

  /**
   * As {@link run}, and resolves when what the job did, and what it found done, would survive a loss of power. Jobs that
   * wait for each other share a commit.
   */
  async runDurable<T>(job: () => Promise<T>): Promise<T> {
    this.durableJobsWaiting += 1
    let committed: Promise<void> | undefined
    const result = await this.run(async () => {
      this.durableJobsWaiting -= 1
      const done = await job()
      committed = this.target.committed()
      // When the commit fails, this job may be the one that hears of it first.
      committed.catch(() => undefined)
      return done
    })
    await committed
    return result
  }

  /** Runs beside the others; {@link close} waits for it. */
  async read<T>(job: () => Promise<T>): Promise<T> {
    this.assertUsable()
    const reading = job()
    this.reads.add(reading)
    try {
      return await reading
    } finally {
      this.reads.delete(reading)
    }
  }

  /**
   * Waits for what has begun. Calls that come later are refused.
   * @param last runs after all others, unless the store has failed.
   * @returns false when it was closed before.
   * @throws {ChainHaltedError} when the last job fails.
   */
  async close(last: () => Promise<void>): Promise<boolean> {
    if (this.closed) return false
    this.closed = true
    try {
      await this.queue.run(async () => {
        if (this.failure === undefined) await last()
      })
    } catch (error) {
      throw new ChainHaltedError(error)
    }
    return true
  }

  /** Resolves when nobody reads any more. */
  async readsEnd(): Promise<void> {
    await Promise.allSettled(this.reads)
  }

  private async thenCommit<T>(job: () => Promise<T>): Promise<T> {
    try {
      return await job()
    } finally {
      if (!this.target.isUnsure && this.durableJobsWaiting === 0) await this.target.commit()
    }
  }
}
