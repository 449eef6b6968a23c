import { RATE_SLOTS, RATE_WINDOW_MS } from './limits.ts'

/** Bytes per second, averaged over the last window. Time comes from outside. */
export class RateMeter {
  /** All bytes ever added. */
  totalBytes = 0
  private readonly slots: Float64Array
  private readonly slotMs: number
  private readonly windowMs: number
  private currentSlot: number
  private readonly startedMs: number

  constructor(nowMs: number, windowMs = RATE_WINDOW_MS, slots = RATE_SLOTS) {
    this.windowMs = windowMs
    this.slotMs = windowMs / slots
    this.slots = new Float64Array(slots)
    this.currentSlot = Math.floor(nowMs / this.slotMs)
    this.startedMs = nowMs
  }

  add(bytes: number, nowMs: number): void {
    this.moveTo(nowMs)
    this.totalBytes += bytes
    this.slots[this.currentSlot % this.slots.length]! += bytes
  }

  bytesPerSecond(nowMs: number): number {
    this.moveTo(nowMs)
    let sum = 0
    for (const bytes of this.slots) sum += bytes
    const spanMs = Math.min(this.windowMs, Math.max(this.slotMs, nowMs - this.startedMs))
    return (sum * 1000) / spanMs
  }

  private moveTo(nowMs: number): void {
    const slot = Math.floor(nowMs / this.slotMs)
    const steps = Math.min(slot - this.currentSlot, this.slots.length)
    for (let i = 0; i < steps; i++) this.slots[(slot - i) % this.slots.length] = 0
    this.currentSlot = Math.max(slot, this.currentSlot)
  }
}
