import { CHOKER_RATE_WINDOW_MS, RATE_SLOT_MS, RATE_WINDOW_MS } from '../limits.ts'

/** Slots of the longest span asked for, and the one that is being filled. */
const SLOTS = CHOKER_RATE_WINDOW_MS / RATE_SLOT_MS

/** Bytes per second, averaged over a span of at most {@link CHOKER_RATE_WINDOW_MS}. Time comes from outside. */
export class RateMeter {
  /** All bytes ever added. */
  totalBytes = 0
  /** When bytes were last added; before that, when the meter began. */
  lastAddedMs: number
  private readonly slots = new Float64Array(SLOTS)
  private currentSlot: number
  private readonly startedMs: number

  constructor(nowMs: number) {
    this.currentSlot = Math.floor(nowMs / RATE_SLOT_MS)
    this.startedMs = nowMs
    this.lastAddedMs = nowMs
  }

  add(bytes: number, nowMs: number): void {
    this.moveTo(nowMs)
    this.totalBytes += bytes
    this.lastAddedMs = nowMs
    this.slots[this.currentSlot % SLOTS]! += bytes
  }

  /** Until the span has passed once, the average is over what there was of it. */
  bytesPerSecond(nowMs: number, windowMs = RATE_WINDOW_MS): number {
    if (nowMs - this.lastAddedMs >= windowMs) return 0
    this.moveTo(nowMs)
    let sum = 0
    const first = Math.max(0, this.currentSlot - windowMs / RATE_SLOT_MS + 1)
    for (let slot = first; slot <= this.currentSlot; slot++) sum += this.slots[slot % SLOTS]!
    const spanMs = Math.min(windowMs, Math.max(RATE_SLOT_MS, nowMs - this.startedMs))
    return (sum * 1000) / spanMs
  }

  private moveTo(nowMs: number): void {
    const slot = Math.floor(nowMs / RATE_SLOT_MS)
    const steps = Math.min(slot - this.currentSlot, SLOTS)
    for (let i = 0; i < steps; i++) this.slots[(slot - i) % SLOTS] = 0
    this.currentSlot = Math.max(slot, this.currentSlot)
  }
}
