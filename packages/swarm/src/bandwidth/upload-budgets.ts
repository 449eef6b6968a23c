import { BANDWIDTH_INTERVAL_MS, BLOCK_BYTES } from '../limits.ts'
import type { BandwidthLimit } from './bandwidth-limit.ts'
import { divideByWeight } from './divide-by-weight.ts'
import type { UploadCapacity } from './upload-capacity.ts'

/** How fast what a peer usually takes follows what it takes: over some ten deals, so that blocks do not blur it. */
const USUAL_GAIN = 0.1

/** A peer as far as sending to it goes. */
export interface UploadClaim {
  /** Bytes of the next block that it waits for; 0 when it waits for none. */
  readonly nextBytes: number
  /** Bytes of all blocks that it waits for. */
  readonly queuedBytes: number
  /** Part of our upload that it is to get, relative to others'. */
  readonly weight: number
}

/** What one peer may send of. */
class Budget {
  bytes = 0
  /** What was taken since the clock dealt last. */
  taken = 0
  /** What was taken between two deals of the clock, of late. */
  usuallyTaken = 0
  /** The peer would have taken, and could not; it has not taken since. */
  wasRefused = false

  /** The peer waits for a new budget, not for its connection. */
  isShortOf(nextBytes: number): boolean {
    return this.wasRefused && this.bytes < nextBytes
  }
}

/**
 * Divides our upload between peers that wait for blocks, in proportion to their weights and within limits.
 *
 * The clock deals every {@link BANDWIDTH_INTERVAL_MS}: what the limits allow, and where weights differ no more than our
 * upload is known to carry, so that the weights rule where it is too narrow for all. Nothing is held back that the link
 * would carry: what a peer does not take goes to others ({@link UploadCapacity}), and when all who wait have used up their
 * budgets the link is idle, and new ones are dealt at once. A peer alone gets everything.
 */
export class UploadBudgets<Key> {
  private readonly limits: readonly BandwidthLimit[]
  private readonly claimOf: (key: Key) => UploadClaim
  private readonly budgets = new Map<Key, Budget>()
  private capacity: UploadCapacity | undefined
  private spanMs = BANDWIDTH_INTERVAL_MS
  private dealtMs: number
  /** Who was refused and can take now. */
  private relieved: Key[] = []

  constructor(limits: readonly BandwidthLimit[], claimOf: (key: Key) => UploadClaim, nowMs: number) {
    this.limits = limits
    this.claimOf = claimOf
    this.dealtMs = nowMs
  }

  /** Somebody waits for the clock: {@link release} wants to be called. */
  get isHeldBack(): boolean {
    for (const [key, budget] of this.budgets) if (budget.wasRefused && this.waits(key)) return true
    return false
  }

  /** Whether the peer may send its next block now; it is charged for it. */
  take(key: Key, bytes: number, nowMs: number): boolean {
    const budget = this.budgetOf(key)
    if (budget.bytes < bytes) {
      budget.wasRefused = true
      if (this.areAllShort() && this.isAlone(nowMs)) this.deal(nowMs)
    }
    if (budget.bytes < bytes) return false
    budget.bytes -= bytes
    budget.taken += bytes
    budget.wasRefused = false
    return true
  }

  /** Those who were refused and can take now. Who does not take is told again with the next deal. */
  takeRelieved(): Key[] {
    if (this.relieved.length === 0) return this.relieved
    const relieved = this.relieved
    this.relieved = []
    return relieved
  }

  /**
   * The clock deals, if it is time.
   * @param capacity what our upload carries, where weights divide it; without it, only the limits do.
   */
  release(capacity: UploadCapacity | undefined, nowMs: number): void {
    // A timer's hundred milliseconds are sometimes ninety-nine.
    if (nowMs - this.dealtMs < BANDWIDTH_INTERVAL_MS / 2) return
    this.spanMs = nowMs - this.dealtMs
    this.dealtMs = nowMs
    this.capacity = capacity
    this.deal(nowMs)
    for (const budget of this.budgets.values()) {
      budget.usuallyTaken += (budget.taken - budget.usuallyTaken) * USUAL_GAIN
      budget.taken = 0
    }
  }

  /** The peer is gone, or choked: what it was dealt goes back. */
  remove(key: Key): void {
    const budget = this.budgets.get(key)
    if (!budget) return
    this.budgets.delete(key)
    this.giveBack(budget, budget.bytes)
  }

  /** Nothing is divided any more. */
  clear(): void {
    for (const [key, { wasRefused }] of [...this.budgets]) {
      if (wasRefused) this.relieved.push(key)
      this.remove(key)
    }
  }

  private budgetOf(key: Key): Budget {
    const known = this.budgets.get(key)
    if (known) return known
    const budget = new Budget()
    this.budgets.set(key, budget)
    return budget
  }

  private waits(key: Key): boolean {
    return this.claimOf(key).nextBytes > 0
  }

  private areAllShort(): boolean {
    for (const [key, budget] of this.budgets) {
      const { nextBytes } = this.claimOf(key)
      if (nextBytes > 0 && !budget.isShortOf(nextBytes)) return false
    }
    return true
  }

  /** Whether nobody else wants a part of what the limits allow. */
  private isAlone(nowMs: number): boolean {
    return this.limits.every(limit => limit.usersAt(nowMs) === 1)
  }

  private deal(nowMs: number): void {
    const claims: { readonly budget: Budget; readonly weight: number; readonly most: number }[] = []
    for (const [key, budget] of this.budgets) {
      const claim = this.claimOf(key)
      const most = mostFor(budget, claim)
      this.giveBack(budget, budget.bytes - most)
      if (claim.nextBytes > 0) claims.push({ budget, weight: claim.weight, most: most - budget.bytes })
      else budget.wasRefused = false
    }
    const wanted = claims.reduce((sum, { most }) => sum + most, 0)
    const parts = divideByWeight(this.mayDeal(wanted, nowMs), claims, this.capacity?.spill ?? 1)
    const dealt = parts.reduce((sum, part) => sum + part, 0)
    for (const limit of this.limits) limit.charge(dealt, this)
    for (const [i, part] of parts.entries()) claims[i]!.budget.bytes += part
    this.relieve()
  }

  private relieve(): void {
    for (const [key, budget] of this.budgets) {
      if (budget.wasRefused && budget.bytes >= this.claimOf(key).nextBytes) this.relieved.push(key)
    }
  }

  private mayDeal(wanted: number, nowMs: number): number {
    const span = this.capacity ? (this.capacity.trialBytesPerSecond * this.spanMs) / 1000 : wanted
    let bytes = Math.min(wanted, Math.max(BLOCK_BYTES, span))
    for (const limit of this.limits) bytes = Math.min(bytes, limit.partOf(this, nowMs))
    return bytes
  }

  private giveBack(budget: Budget, bytes: number): void {
    if (bytes <= 0) return
    for (const limit of this.limits) limit.giveBack(bytes)
    budget.bytes -= bytes
  }
}

/** What a budget may hold: of who was short, all that it waits for; of others, a few blocks or twice what is usual. */
function mostFor(budget: Budget, { nextBytes, queuedBytes }: UploadClaim): number {
  if (budget.isShortOf(nextBytes)) return queuedBytes
  return Math.min(queuedBytes, Math.max(4 * nextBytes, 2 * budget.usuallyTaken, 2 * budget.taken))
}
