import type { Sats } from '../amount.ts'
import {
  FEE_FLOOR_HALF_LIFE_SECONDS,
  FEE_FLOOR_UPDATE_SECONDS,
  INCREMENTAL_RELAY_FEE_RATE,
} from '../limits.ts'

/**
 * The fee rate that a transaction has to pay since others had to go for want of memory
 * (`CTxMemPool::GetMinFee`): falls by halves over time once a block has made room, and vanishes when it is small.
 * Satoshis per 1,000 virtual bytes.
 */
export class FeeFloor {
  private rate = 0
  private changedSeconds = 0
  private blockSinceRaise = false

  /** @param fullness share of the memory that is taken: with much room the floor falls faster. */
  at(nowSeconds: number, fullness: number): Sats {
    if (this.rate === 0 || !this.blockSinceRaise) return BigInt(Math.round(this.rate))
    if (nowSeconds > this.changedSeconds + FEE_FLOOR_UPDATE_SECONDS) {
      const haste = fullness < 1 / 4 ? 4 : fullness < 1 / 2 ? 2 : 1
      const halvings = ((nowSeconds - this.changedSeconds) * haste) / FEE_FLOOR_HALF_LIFE_SECONDS
      this.rate /= 2 ** halvings
      this.changedSeconds = nowSeconds
      if (this.rate < Number(INCREMENTAL_RELAY_FEE_RATE) / 2) this.rate = 0
      if (this.rate === 0) return 0n
    }
    const rounded = BigInt(Math.round(this.rate))
    return rounded > INCREMENTAL_RELAY_FEE_RATE ? rounded : INCREMENTAL_RELAY_FEE_RATE
  }

  /** Something that paid at this rate had to go: the next one has to pay visibly more. */
  raiseAbove(rate: Sats): void {
    const raised = Number(rate + INCREMENTAL_RELAY_FEE_RATE)
    if (raised <= this.rate) return
    this.rate = raised
    this.blockSinceRaise = false
  }

  onBlock(nowSeconds: number): void {
    this.changedSeconds = nowSeconds
    this.blockSinceRaise = true
  }
}
