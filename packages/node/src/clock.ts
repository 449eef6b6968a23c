/** Unix time in whole seconds, as the ledger counts it. */
export function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** A node's clock: the machine's, unless a test has set it. */
export class NodeClock {
  private mockSeconds: number | undefined

  /** Unix time in whole seconds. */
  readonly nowSeconds = (): number => this.mockSeconds ?? nowSeconds()

  /** Stops the clock at a Unix time in seconds; undefined lets it run again. */
  mock(seconds: number | undefined): void {
    this.mockSeconds = seconds
  }
}
