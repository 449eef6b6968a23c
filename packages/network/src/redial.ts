import { FIRST_REDIAL_MS, LAST_REDIAL_MS } from './limits.ts'

/** When something that failed is tried again: after 1, 2, 4 … seconds, up to a minute, spread by up to a half. */
export class Redial {
  private failures = 0
  private notBeforeMs = 0

  isDue(nowMs: number): boolean {
    return nowMs >= this.notBeforeMs
  }

  /** @param spread uniform in [0, 1), so that a testnet does not redial in step. */
  failed(nowMs: number, spread: number): void {
    const delayMs = Math.min(LAST_REDIAL_MS, FIRST_REDIAL_MS * 2 ** this.failures)
    this.failures++
    this.notBeforeMs = nowMs + delayMs * (1 + spread / 2)
  }

  succeeded(): void {
    this.failures = 0
    this.notBeforeMs = 0
  }

  /** Not before `durationMs` from now, whatever else. */
  shun(nowMs: number, durationMs: number): void {
    this.notBeforeMs = Math.max(this.notBeforeMs, nowMs + durationMs)
  }
}
