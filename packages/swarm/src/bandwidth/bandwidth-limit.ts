import { assert } from '@onehop/primitives'
import { LIMIT_BURST_MS, LIMIT_USER_MS, MIN_LIMIT_BURST_BYTES } from '../limits.ts'

/**
 * A bound on bytes per second, for one torrent or for several: a bucket that fills at the rate and holds what comes in
 * {@link LIMIT_BURST_MS}. Without a rate everything is allowed. Time comes from outside.
 */
export class BandwidthLimit {
  private rate: number | undefined
  private tokens = 0
  private filledMs: number
  private readonly users = new Map<object, number>()

  /** @param bytesPerSecond undefined: no bound. */
  constructor(nowMs: number, bytesPerSecond?: number) {
    this.filledMs = nowMs
    this.setRate(bytesPerSecond, nowMs)
  }

  /** The bound; undefined when there is none. */
  get bytesPerSecond(): number | undefined {
    return this.rate
  }

  /** What was saved up under another rate is kept as far as it fits. */
  setRate(bytesPerSecond: number | undefined, nowMs: number): void {
    assert(bytesPerSecond === undefined || bytesPerSecond > 0, 'a bandwidth limit is above 0, or none')
    const wasUnlimited = this.rate === undefined
    this.fill(nowMs)
    this.rate = bytesPerSecond
    this.tokens = wasUnlimited ? this.burst : Math.min(this.tokens, this.burst)
  }

  /** Bytes that may go now; below 0 after a message longer than the bucket. Infinity without a bound. */
  available(nowMs: number): number {
    if (this.rate === undefined) return Number.POSITIVE_INFINITY
    this.fill(nowMs)
    return this.tokens
  }

  /** Takes the bytes if they may go now. What is longer than the bucket goes when that is full, on credit. */
  take(bytes: number, nowMs: number): boolean {
    if (this.waitMs(bytes, nowMs) > 0) return false
    if (this.rate !== undefined) this.tokens -= bytes
    return true
  }

  /** Milliseconds until that many bytes may go, if nobody else takes any. */
  waitMs(bytes: number, nowMs: number): number {
    if (this.rate === undefined) return 0
    const missing = Math.min(bytes, this.burst) - this.available(nowMs)
    return missing <= 0 ? 0 : Math.ceil((missing * 1000) / this.rate)
  }

  /** Bytes that were taken and did not go after all. */
  giveBack(bytes: number): void {
    if (this.rate !== undefined) this.tokens = Math.min(this.burst, this.tokens + bytes)
  }

  /**
   * Bytes that one of those who share the limit may take now: its part of what came in since it asked last, and what the
   * others leave, so that who asks first does not get more.
   */
  partOf(user: object, nowMs: number): number {
    const available = Math.max(0, this.available(nowMs))
    const askedMs = this.users.get(user) ?? nowMs
    this.users.set(user, nowMs)
    const users = this.usersAt(nowMs)
    if (this.rate === undefined || users === 1) return available
    const part = (this.rate * (nowMs - askedMs)) / 1000 / users
    return Math.min(available, Math.max(part, available - this.burst / 2))
  }

  /** How many asked for a part within {@link LIMIT_USER_MS}; 1 when nobody did. */
  usersAt(nowMs: number): number {
    for (const [user, askedMs] of this.users) if (nowMs - askedMs > LIMIT_USER_MS) this.users.delete(user)
    return Math.max(1, this.users.size)
  }

  private get burst(): number {
    return Math.max(MIN_LIMIT_BURST_BYTES, ((this.rate ?? 0) * LIMIT_BURST_MS) / 1000)
  }

  private fill(nowMs: number): void {
    const spanMs = Math.max(0, nowMs - this.filledMs)
    this.filledMs = nowMs
    if (this.rate !== undefined) this.tokens = Math.min(this.burst, this.tokens + (this.rate * spanMs) / 1000)
  }
}

/** Takes the bytes from all of the limits, or from none. */
export function takeFromAll(limits: readonly BandwidthLimit[], bytes: number, nowMs: number): boolean {
  if (waitForAll(limits, bytes, nowMs) > 0) return false
  for (const limit of limits) limit.take(bytes, nowMs)
  return true
}

/** Milliseconds until all of the limits allow that many bytes. */
export function waitForAll(limits: readonly BandwidthLimit[], bytes: number, nowMs: number): number {
  let waitMs = 0
  for (const limit of limits) waitMs = Math.max(waitMs, limit.waitMs(bytes, nowMs))
  return waitMs
}
