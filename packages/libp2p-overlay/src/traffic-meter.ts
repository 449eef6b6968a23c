/** The window over which a rate is told, and its parts, in ms. */
const WINDOW_MS = 60_000
const SLOT_MS = 5_000
const SLOTS = WINDOW_MS / SLOT_MS

/** Bytes a second over the last minute, in memory that does not grow. */
export class TrafficMeter {
  private readonly now: () => number
  private readonly beganMs: number
  private readonly slots = new Float64Array(SLOTS)
  private slot: number

  constructor(now: () => number) {
    this.now = now
    this.beganMs = now()
    this.slot = Math.floor(this.beganMs / SLOT_MS)
  }

  add(bytes: number): void {
    this.advance()
    const index = this.slot % SLOTS
    this.slots[index] = this.slots[index]! + bytes
  }

  bytesPerSecond(): number {
    this.advance()
    const total = this.slots.reduce((sum, bytes) => sum + bytes, 0)
    const nowMs = this.now()
    const coveredMs = Math.min(nowMs - this.beganMs, WINDOW_MS - SLOT_MS + (nowMs % SLOT_MS))
    return (total * 1_000) / Math.max(1_000, coveredMs)
  }

  private advance(): void {
    const current = Math.floor(this.now() / SLOT_MS)
    if (current - this.slot >= SLOTS) this.slots.fill(0)
    else for (let slot = this.slot + 1; slot <= current; slot++) this.slots[slot % SLOTS] = 0
    this.slot = Math.max(this.slot, current)
  }
}
