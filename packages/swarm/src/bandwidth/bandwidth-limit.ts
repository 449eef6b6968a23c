import { assert } from '@onehop/primitives'
import { LIMIT_BURST_MS, LIMIT_USER_MS, MIN_LIMIT_BURST_BYTES } from '../limits.ts'

/** What one of several who share a limit may take of it. */
interface LimitPart {
  askedMs: number
  credit: number
}

/**
 * A bound on bytes per second, for one torrent or for several: a bucket that fills at the rate and holds what comes in
 * {@link LIMIT_BURST_MS}. Without a rate everything is allowed. Time comes from outside.
 */
export class BandwidthLimit {
  private rate: number | undefined
  private tokens = 0
  private filledMs: number
  private readonly users = new Map<object, LimitPart>()

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
  private available(nowMs: number): number {
    if (this.rate === undefined) return Number.POSITIVE_INFINITY
    this.fill(nowMs)
    return this.tokens
  }

  /** Counts bytes that go, and that were seen to be allowed. */
  charge(bytes: number, user?: object): void {
    if (this.rate === undefined) return
    this.tokens -= bytes
    const part = user && this.users.get(user)
    if (part) part.credit = Math.max(0, part.credit - bytes)
  }

  /**
   * Milliseconds until that many bytes may go, if nobody else takes any but its part. What is longer than the bucket
   * goes when that is full, on credit.
   * @param user who asks, where several share the limit: nobody gets more by asking first.
   */
  waitMs(bytes: number, nowMs: number, user?: object): number {
    if (this.rate === undefined) return 0
    const needed = Math.min(bytes, this.burst)
    const missing = needed - this.available(nowMs)
    const parted = user ? this.missingOfPart(needed, user, nowMs) : 0
    return Math.ceil((Math.max(0, missing, parted) * 1000) / this.rate)
  }

  /** Bytes that were taken and did not go after all. */
  giveBack(bytes: number): void {
    if (this.rate !== undefined) this.tokens = Math.min(this.burst, this.tokens + bytes)
  }

  /** Bytes that one of those who share the limit may take now. */
  partOf(user: object, nowMs: number): number {
    const available = Math.max(0, this.available(nowMs))
    const { credit } = this.join(user, nowMs)
    if (this.rate === undefined || this.usersAt(nowMs) === 1) return available
    return Math.min(available, Math.max(credit, this.leftOver))
  }

  /** How many asked for bytes within {@link LIMIT_USER_MS}; 1 when nobody did. */
  usersAt(nowMs: number): number {
    for (const [user, { askedMs }] of this.users) if (nowMs - askedMs > LIMIT_USER_MS) this.users.delete(user)
    return Math.max(1, this.users.size)
  }

  /** What the others leave: of a bucket that is more than half full. */
  private get leftOver(): number {
    return this.tokens - this.burst / 2
  }

  /** By how much the bucket has to fill until a user's part of that is enough. A full one is not left to overflow. */
  private missingOfPart(needed: number, user: object, nowMs: number): number {
    const { credit } = this.join(user, nowMs)
    const users = this.usersAt(nowMs)
    const isNext = this.tokens >= this.burst && !this.hasMoreCredit(credit)
    return users === 1 || isNext ? 0 : Math.min((needed - credit) * users, needed - this.leftOver)
  }

  private hasMoreCredit(credit: number): boolean {
    for (const part of this.users.values()) if (part.credit > credit) return true
    return false
  }

  /** The user's part of what came in since it asked last is added to its credit. */
  private join(user: object, nowMs: number): LimitPart {
    const users = this.usersAt(nowMs)
    const known = this.users.get(user)
    if (!known) {
      const first = { askedMs: nowMs, credit: 0 }
      this.users.set(user, first)
      return first
    }
    const gained = ((this.rate ?? 0) * (nowMs - known.askedMs)) / 1000 / users
    known.credit = Math.min(this.burst, known.credit + gained)
    known.askedMs = nowMs
    return known
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

/** Milliseconds until all of the limits allow that many bytes. */
export function waitForAll(
  limits: readonly BandwidthLimit[],
  bytes: number,
  nowMs: number,
  user?: object,
): number {
  let waitMs = 0
  for (const limit of limits) waitMs = Math.max(waitMs, limit.waitMs(bytes, nowMs, user))
  return waitMs
}
