/** A promise of being ready that starts anew whenever what it tells of does. */
export class Readiness {
  private state = pending()

  get promise(): Promise<void> {
    return this.state.promise
  }

  get isReady(): boolean {
    return this.state.isReady
  }

  resolve(): void {
    this.state.isReady = true
    this.state.resolve()
  }

  /** Those who still wait are rejected; whoever asks from now on waits for the next time. */
  reset(reason: Error): void {
    this.state.reject(reason)
    this.state = pending()
  }

  /** Whether it is ready within the time. @throws the reason of a reset, or of the signal. */
  async within(timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.isReady) return true
    const { promise } = this.state
    let onAbort: (() => void) | undefined
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<false>((resolve, reject) => {
      timer = setTimeout(() => resolve(false), timeoutMs)
      onAbort = () => reject(signal?.reason)
      signal?.addEventListener('abort', onAbort)
    })
    try {
      return await Promise.race([promise.then(() => true), over])
    } finally {
      clearTimeout(timer)
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
    }
  }
}

function pending() {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  // Nobody has to wait for it.
  promise.catch(() => {})
  return { promise, resolve, reject, isReady: false }
}
