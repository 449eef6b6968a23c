import type { Sats } from '../amount.ts'
import { FEE_FLOOR_HALF_LIFE_SECONDS, INCREMENTAL_RELAY_FEE_RATE } from '../limits.ts'

/**
 * The fee rate that a transaction has to pay since others had to go for want of memory
 * (`CTxMemPool::GetMinFee`): falls by halves over time once a block has made room, and vanishes when it is small.
 * Satoshis per 1,000 virtual bytes.
 */
export class FeeFloor {
  private rate: Sats = 0n
  private changedSeconds = 0
  private blockSinceRaise = false

  /** @param roomy there is so much room that the floor falls faster. */
  at(nowSeconds: number, roomy: boolean): Sats {
    if (!this.blockSinceRaise) return this.rate
    const halfLife = roomy ? FEE_FLOOR_HALF_LIFE_SECONDS / 2 : FEE_FLOOR_HALF_LIFE_SECONDS
    while (this.rate > 0n && nowSeconds >= this.changedSeconds + halfLife) {
      this.changedSeconds += halfLife
      this.rate = this.rate / 2n < INCREMENTAL_RELAY_FEE_RATE ? 0n : this.rate / 2n
    }
    return this.rate
  }

  /** Something that paid at this rate had to go: the next one has to pay visibly more. */
  raiseAbove(rate: Sats, nowSeconds: number): void {
    const raised = rate + INCREMENTAL_RELAY_FEE_RATE
    if (raised <= this.rate) return
    this.rate = raised
    this.changedSeconds = nowSeconds
    this.blockSinceRaise = false
  }

  onBlock(): void {
    this.blockSinceRaise = true
  }
}
