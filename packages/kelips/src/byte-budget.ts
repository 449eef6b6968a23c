import { LEAST_ROUND_SHARE, ROUND_SHARE } from './limits.ts'

/** Seconds of budget that may be saved up, and that may be owed. */
const SAVED_SECONDS = 2

/** Seconds of budget that may be lent to joiners. */
const LENT_SECONDS = 120

/** Part of a round that goes into paying back what was lent. */
const REPAID_PART = 0.3

/**
 * The constant byte budget of a node's background traffic. Rounds spend what is there; probes, refreshes and answers
 * may go into debt, which later rounds pay, but never with more than half of what is theirs: a node that says nothing
 * is taken for dead. Shares for joiners are lent: rounds pay them back little by little, and news is not held up.
 */
export class ByteBudget {
  private balance: number
  private lentBytes = 0
  private updatedMs: number
  private spentBytes = 0
  private readonly bytesPerSecond: number

  constructor(bytesPerSecond: number, nowMs: number) {
    this.bytesPerSecond = bytesPerSecond
    this.balance = bytesPerSecond * SAVED_SECONDS
    this.updatedMs = nowMs
  }

  /** All bytes spent. */
  get spent(): number {
    return this.spentBytes
  }

  spend(bytes: number): void {
    this.spentBytes += bytes
    this.balance = Math.max(-this.bytesPerSecond * SAVED_SECONDS, this.balance - bytes)
  }

  /** Takes back what was charged for what did not happen. */
  refund(bytes: number): void {
    this.spentBytes -= bytes
    this.balance += bytes
  }

  /** Spends what later rounds pay back. */
  lend(bytes: number): void {
    this.spentBytes += bytes
    this.lentBytes = Math.min(this.bytesPerSecond * LENT_SECONDS, this.lentBytes + bytes)
  }

  /** Bytes that may be sent now. */
  available(nowMs: number): number {
    this.refill(nowMs)
    return Math.max(0, this.balance)
  }

  /** Whether what cannot wait may still be sent, to be paid for later. */
  mayOwe(nowMs: number): boolean {
    this.refill(nowMs)
    return this.balance > -this.bytesPerSecond
  }

  /** Bytes for the round that is due after `intervalMs`. */
  forRound(intervalMs: number, nowMs: number): number {
    this.refill(nowMs)
    const share = (this.bytesPerSecond * intervalMs * ROUND_SHARE) / 1000
    const repaid = Math.min(this.lentBytes, share * REPAID_PART)
    this.lentBytes -= repaid
    this.balance -= repaid
    return Math.max(share * LEAST_ROUND_SHARE, Math.min(share, this.balance))
  }

  private refill(nowMs: number): void {
    const refill = (Math.max(0, nowMs - this.updatedMs) * this.bytesPerSecond) / 1000
    this.balance = Math.min(this.bytesPerSecond * SAVED_SECONDS, this.balance + refill)
    this.updatedMs = Math.max(this.updatedMs, nowMs)
  }
}
