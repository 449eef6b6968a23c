type Waiter<T> = { resolve(result: IteratorResult<T>): void; reject(error: unknown): void }

/**
 * An async iterator that is fed from outside. Unlike an async generator its `return` does not wait for the value
 * under way, so that a consumer that breaks off ends the work behind it at once.
 */
export class PushIterator<T> implements AsyncIterableIterator<T> {
  private readonly begin: (iterator: PushIterator<T>) => () => void
  private readonly values: T[] = []
  private readonly waiters: Waiter<T>[] = []
  private cancel: (() => void) | undefined
  private begun = false
  private over = false
  private error: { readonly reason: unknown } | undefined

  /** @param begin starts the work when the first value is asked for; returns how to stop it. */
  constructor(begin: (iterator: PushIterator<T>) => () => void) {
    this.begin = begin
  }

  push(value: T): void {
    if (this.over) return
    const waiter = this.waiters.shift()
    if (waiter === undefined) this.values.push(value)
    else waiter.resolve({ value, done: false })
  }

  /** No more values; what was pushed is still handed out. */
  end(): void {
    if (this.over) return
    this.over = true
    for (const waiter of this.waiters.splice(0)) waiter.resolve({ value: undefined, done: true })
  }

  /** The consumer gets the error after what was pushed. */
  fail(reason: unknown): void {
    if (this.over) return
    this.over = true
    const waiters = this.waiters.splice(0)
    if (waiters.length === 0) this.error = { reason }
    for (const [index, waiter] of waiters.entries()) {
      if (index === 0) waiter.reject(reason)
      else waiter.resolve({ value: undefined, done: true })
    }
  }

  next(): Promise<IteratorResult<T>> {
    if (!this.begun) {
      this.begun = true
      this.cancel = this.begin(this)
    }
    const value = this.values.shift()
    if (value !== undefined) return Promise.resolve({ value, done: false })
    const { error } = this
    this.error = undefined
    if (error !== undefined) return Promise.reject(error.reason)
    if (this.over) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }))
  }

  return(): Promise<IteratorResult<T>> {
    this.begun = true
    this.values.length = 0
    this.error = undefined
    this.end()
    this.cancel?.()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
