import { BANDWIDTH_INTERVAL_MS, BLOCK_BYTES, UPLOAD_PROBE } from '../limits.ts'
import type { BandwidthLimit } from './bandwidth-limit.ts'
import { divideByWeight } from './divide-by-weight.ts'

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
  /** The peer would have taken, and could not. */
  isShort = false
}

/**
 * Divides our upload between peers that wait for blocks, in proportion to their weights and within limits.
 *
 * The clock deals every {@link BANDWIDTH_INTERVAL_MS}: what the limits allow, or, without limits, {@link UPLOAD_PROBE}
 * times the most that was sent of late, so that the weights rule where the link is too narrow for all. Nothing is held
 * back that the link would carry: a budget shrinks to what its peer takes and the rest goes to others; and when all who
 * wait have used up theirs, the link is idle, and budgets are dealt at once. So a peer alone gets everything.
 */
export class UploadBudgets<Key> {
  private readonly limits: readonly BandwidthLimit[]
  private readonly claimOf: (key: Key) => UploadClaim
  private readonly budgets = new Map<Key, Budget>()
  private peakBytesPerSecond = 0
  private spanMs = BANDWIDTH_INTERVAL_MS
  private dealtMs: number

  constructor(limits: readonly BandwidthLimit[], claimOf: (key: Key) => UploadClaim, nowMs: number) {
    this.limits = limits
    this.claimOf = claimOf
    this.dealtMs = nowMs
  }

  /** Somebody waits for the clock: {@link release} wants to be called. */
  get isHeldBack(): boolean {
    for (const [key, budget] of this.budgets) if (budget.isShort && this.waits(key)) return true
    return false
  }

  /** Whether the peer may send its next block now; it is charged for it. */
  take(key: Key, bytes: number, nowMs: number): boolean {
    const budget = this.budgetOf(key)
    if (budget.bytes < bytes) {
      budget.isShort = true
      if (this.areAllShort()) this.deal(nowMs)
    }
    if (budget.bytes < bytes) return false
    budget.bytes -= bytes
    budget.taken += bytes
    budget.isShort = false
    return true
  }

  /**
   * The clock deals, if it is time.
   * @param peakBytesPerSecond the most that was sent of late.
   * @returns those that were short and may go on.
   */
  release(peakBytesPerSecond: number, nowMs: number): Key[] {
    if (nowMs - this.dealtMs < BANDWIDTH_INTERVAL_MS) return []
    this.spanMs = nowMs - this.dealtMs
    this.dealtMs = nowMs
    this.peakBytesPerSecond = peakBytesPerSecond
    this.deal(nowMs)
    const relieved: Key[] = []
    for (const [key, budget] of this.budgets) {
      budget.taken = 0
      if (budget.isShort && budget.bytes >= this.claimOf(key).nextBytes) relieved.push(key)
    }
    return relieved
  }

  /** The peer is gone, or choked: what it was dealt goes back. */
  remove(key: Key): void {
    const budget = this.budgets.get(key)
    if (!budget) return
    this.budgets.delete(key)
    this.giveBack(budget)
  }

  /** Nothing is divided any more. @returns those that were short. */
  clear(): Key[] {
    const short = [...this.budgets].filter(([, budget]) => budget.isShort).map(([key]) => key)
    for (const key of [...this.budgets.keys()]) this.remove(key)
    return short
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
    for (const [key, budget] of this.budgets) if (!budget.isShort && this.waits(key)) return false
    return true
  }

  private deal(nowMs: number): void {
    const claims: { readonly budget: Budget; readonly weight: number; readonly most: number }[] = []
    for (const [key, budget] of this.budgets) {
      const claim = this.claimOf(key)
      if (claim.nextBytes > 0) claims.push({ budget, weight: claim.weight, most: mostFor(budget, claim) })
      else this.giveBack(budget)
    }
    const wanted = claims.reduce((sum, { most }) => sum + most, 0)
    const parts = divideByWeight(this.draw(wanted, nowMs), claims)
    for (const [i, part] of parts.entries()) claims[i]!.budget.bytes += part
  }

  /** Bytes to deal; they are paid to the limits at once. */
  private draw(wanted: number, nowMs: number): number {
    let bytes = wanted
    let isLimited = false
    for (const limit of this.limits) {
      if (limit.bytesPerSecond === undefined) continue
      isLimited = true
      bytes = Math.min(bytes, Math.max(0, limit.available(nowMs)) / limit.join(this, nowMs))
    }
    if (!isLimited) return Math.min(bytes, this.roundBytes)
    for (const limit of this.limits) limit.take(bytes, nowMs)
    return bytes
  }

  private get roundBytes(): number {
    return Math.max(BLOCK_BYTES, (UPLOAD_PROBE * this.peakBytesPerSecond * this.spanMs) / 1000)
  }

  private giveBack(budget: Budget): void {
    for (const limit of this.limits) limit.giveBack(budget.bytes)
    budget.bytes = 0
    budget.isShort = false
  }
}

/** Who was short may get all that it waits for; a peer that took less, twice what it took. */
function mostFor(budget: Budget, claim: UploadClaim): number {
  const most = budget.isShort ? claim.queuedBytes : Math.min(claim.queuedBytes, 2 * budget.taken)
  return Math.max(0, Math.max(claim.nextBytes, most) - budget.bytes)
}
