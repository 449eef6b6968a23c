import type { Coin, CoinsView } from '../coin.ts'
import type { Mempool } from './mempool.ts'

/** Coins at the tip and those that transactions of the mempool make. */
export function coinsWithMempool(mempool: Mempool, coins: CoinsView, nextHeight: number): CoinsView {
  return {
    get(outPoint): Coin | undefined {
      const output = mempool.get(outPoint.txid)?.outputs[outPoint.index]
      return output === undefined ? coins.get(outPoint) : { output, height: nextHeight, coinbase: false }
    },
  }
}
