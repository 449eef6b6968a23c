/** Where the clock reads: the wall clock and a monotonic one, both in ms. */
export interface ClockSources {
  wallMs(): number
  monotonicMs(): number
}

const SYSTEM: ClockSources = { wallMs: () => Date.now(), monotonicMs: () => performance.now() }

/**
 * Milliseconds since the Unix epoch that never run backwards. When the wall clock is set back, this clock goes on at
 * half speed until the two meet, so that neither does time stand still nor stay wrong.
 */
export class SteadyClock {
  private readonly sources: ClockSources
  private shownMs: number
  private readAtMs: number

  constructor(sources: ClockSources = SYSTEM) {
    this.sources = sources
    this.shownMs = sources.wallMs()
    this.readAtMs = sources.monotonicMs()
  }

  readonly now = (): number => {
    const monotonicMs = this.sources.monotonicMs()
    const elapsedMs = Math.max(0, monotonicMs - this.readAtMs)
    this.readAtMs = monotonicMs
    this.shownMs = Math.max(this.sources.wallMs(), this.shownMs + elapsedMs / 2)
    return Math.floor(this.shownMs)
  }
}
