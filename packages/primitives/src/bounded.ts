import { assert } from './assert.ts'

/** A map that holds at most `limit` entries: setting one more drops the one that was set or touched longest ago. */
export class BoundedMap<K, V> {
  private readonly entriesByKey = new Map<K, V>()
  readonly limit: number

  constructor(limit: number) {
    assert(limit > 0, 'a bounded map needs a positive limit')
    this.limit = limit
  }

  get size(): number {
    return this.entriesByKey.size
  }

  get(key: K): V | undefined {
    return this.entriesByKey.get(key)
  }

  has(key: K): boolean {
    return this.entriesByKey.has(key)
  }

  /** Sets, and makes the entry the newest. Returns the key that had to go, if one had to. */
  set(key: K, value: V): K | undefined {
    this.entriesByKey.delete(key)
    this.entriesByKey.set(key, value)
    if (this.entriesByKey.size <= this.limit) return undefined
    const oldest = this.entriesByKey.keys().next().value as K
    this.entriesByKey.delete(oldest)
    return oldest
  }

  /** Gets, and makes the entry the newest. */
  touch(key: K): V | undefined {
    const value = this.entriesByKey.get(key)
    if (value !== undefined) {
      this.entriesByKey.delete(key)
      this.entriesByKey.set(key, value)
    }
    return value
  }

  delete(key: K): boolean {
    return this.entriesByKey.delete(key)
  }

  clear(): void {
    this.entriesByKey.clear()
  }

  keys(): IterableIterator<K> {
    return this.entriesByKey.keys()
  }

  values(): IterableIterator<V> {
    return this.entriesByKey.values()
  }

  entries(): IterableIterator<[K, V]> {
    return this.entriesByKey.entries()
  }
}

/** A set that remembers the last `limit` values added. */
export class BoundedSet<T> {
  private readonly members: BoundedMap<T, true>

  constructor(limit: number) {
    this.members = new BoundedMap(limit)
  }

  get size(): number {
    return this.members.size
  }

  has(value: T): boolean {
    return this.members.has(value)
  }

  /** Returns whether the value was new. */
  add(value: T): boolean {
    const isNew = !this.members.has(value)
    this.members.set(value, true)
    return isNew
  }

  delete(value: T): boolean {
    return this.members.delete(value)
  }
}

/** Lets `ratePerSecond` units through on average and `burst` at once. Time comes from outside. */
export class TokenBucket {
  private tokens: number
  private updatedMs: number
  private readonly ratePerSecond: number
  private readonly burst: number

  constructor(ratePerSecond: number, burst: number, nowMs: number) {
    this.ratePerSecond = ratePerSecond
    this.burst = burst
    this.tokens = burst
    this.updatedMs = nowMs
  }

  /** Takes `units` if they are there; otherwise takes nothing and returns false. */
  take(units: number, nowMs: number): boolean {
    const refill = (Math.max(0, nowMs - this.updatedMs) * this.ratePerSecond) / 1000
    this.tokens = Math.min(this.burst, this.tokens + refill)
    this.updatedMs = Math.max(this.updatedMs, nowMs)
    if (this.tokens < units) return false
    this.tokens -= units
    return true
  }
}
