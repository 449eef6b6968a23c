import { MAX_QUERY_SLOTS, QUERY_GENERATION_MS, QUERY_PROBES } from './limits.ts'

/** Ordinary nodes never have one. */
const FIRST_SLOTS = 16
/** A table that is fuller than this grows, or becomes the old generation. */
const FULL = 0.5

/** Ids of one generation: open addressing over typed arrays, for there are thousands a second. */
class Generation {
  readonly slots: number
  /** In pairs: the id's two numbers. */
  private readonly ids: Uint32Array
  /** Way back; 0 for a free slot. */
  readonly ways: Int32Array
  /** Pointers that may still go back. */
  readonly left: Uint16Array
  count = 0

  constructor(slots: number) {
    this.slots = slots
    this.ids = new Uint32Array(2 * slots)
    this.ways = new Int32Array(slots)
    this.left = new Uint16Array(slots)
  }

  /** @returns the slot of the id, or −1. */
  find(high: number, low: number): number {
    const home = this.home(high, low)
    for (let i = 0; i < QUERY_PROBES; i++) {
      const slot = (home + i) & (this.slots - 1)
      if (this.ways[slot] === 0) return -1
      if (this.ids[2 * slot] === high && this.ids[2 * slot + 1] === low) return slot
    }
    return -1
  }

  /** Whoever chose ids that collide loses one of them: a chain never becomes long. */
  add(high: number, low: number, way: number, left: number): void {
    const home = this.home(high, low)
    let slot = home
    for (let i = 0; i < QUERY_PROBES; i++) {
      const next = (home + i) & (this.slots - 1)
      if (this.ways[next] !== 0) continue
      slot = next
      this.count++
      break
    }
    this.ids[2 * slot] = high
    this.ids[2 * slot + 1] = low
    this.ways[slot] = way
    this.left[slot] = left
  }

  copyTo(other: Generation): void {
    for (let slot = 0; slot < this.slots; slot++) {
      const way = this.ways[slot]!
      if (way !== 0) other.add(this.ids[2 * slot]!, this.ids[2 * slot + 1]!, way, this.left[slot]!)
    }
  }

  private home(high: number, low: number): number {
    return (Math.imul(high, 0x9e3779b1) ^ low) & (this.slots - 1)
  }
}

/**
 * Queries seen lately, and where each came from: duplicates are dropped by it, and hits find their way back. Two
 * generations: one that fills, and the one before. Memory is bounded whatever comes.
 */
export class QueryTable {
  private current = new Generation(FIRST_SLOTS)
  private previous = new Generation(FIRST_SLOTS)
  private sinceMs: number

  constructor(nowMs: number) {
    this.sinceMs = nowMs
  }

  get size(): number {
    return this.current.count + this.previous.count
  }

  /**
   * Takes up a query.
   * @param way where it came from: any number but 0.
   * @param limit pointers that may go back.
   * @returns false when it has been seen.
   */
  add(high: number, low: number, way: number, limit: number, nowMs: number): boolean {
    if (this.current.find(high, low) >= 0 || this.previous.find(high, low) >= 0) return false
    this.makeRoom(nowMs)
    this.current.add(high, low, way, limit)
    return true
  }

  /** Where a query came from; 0 when it is unknown. */
  wayOf(high: number, low: number): number {
    const slot = this.current.find(high, low)
    if (slot >= 0) return this.current.ways[slot]!
    const old = this.previous.find(high, low)
    return old < 0 ? 0 : this.previous.ways[old]!
  }

  /** So many pointers want to go back. @returns how many may. */
  take(high: number, low: number, wanted: number): number {
    for (const generation of [this.current, this.previous]) {
      const slot = generation.find(high, low)
      if (slot < 0) continue
      const taken = Math.min(wanted, generation.left[slot]!)
      generation.left[slot]! -= taken
      return taken
    }
    return 0
  }

  private makeRoom(nowMs: number): void {
    const { current } = this
    if (current.count < FULL * current.slots) {
      if (nowMs - this.sinceMs > QUERY_GENERATION_MS) this.turn(current.slots, nowMs)
      return
    }
    const isYoung = nowMs - this.sinceMs < QUERY_GENERATION_MS
    if (isYoung && current.slots < MAX_QUERY_SLOTS) {
      this.current = new Generation(2 * current.slots)
      current.copyTo(this.current)
    } else this.turn(current.slots, nowMs)
  }

  private turn(slots: number, nowMs: number): void {
    this.previous = this.current
    this.current = new Generation(slots)
    this.sinceMs = nowMs
  }
}
