import { UPLOAD_PEAK_MEMORY_MS, UPLOAD_PEAK_WINDOW_MS } from '../limits.ts'
import { RateMeter } from './rate-meter.ts'

/**
 * The most that was sent of late, per second: what our upload is known to carry. It is the only estimate that needs no
 * measurement of its own, and it is never above the truth; who would send more than it is let try (see
 * {@link UploadBudgets}), so that it rises to the link's rate, and what is not used is forgotten.
 */
export class UploadPeak {
  private readonly meter: RateMeter
  private current = 0
  private previous = 0
  private turnedMs: number

  constructor(nowMs: number) {
    this.meter = new RateMeter(nowMs)
    this.turnedMs = nowMs
  }

  add(bytes: number, nowMs: number): void {
    this.meter.add(bytes, nowMs)
  }

  /** Call at least once a second while anything is sent. */
  observe(nowMs: number): void {
    if (nowMs - this.turnedMs >= UPLOAD_PEAK_MEMORY_MS) {
      this.previous = nowMs - this.turnedMs >= 2 * UPLOAD_PEAK_MEMORY_MS ? 0 : this.current
      this.current = 0
      this.turnedMs = nowMs
    }
    this.current = Math.max(this.current, this.meter.bytesPerSecond(nowMs, UPLOAD_PEAK_WINDOW_MS))
  }

  /** 0 until something was sent. */
  get bytesPerSecond(): number {
    return Math.max(this.current, this.previous)
  }
}
