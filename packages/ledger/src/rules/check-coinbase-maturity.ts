import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Coin } from '../coin.ts'
import { COINBASE_MATURITY } from '../limits.ts'

/** @param height of the block that the spending transaction is in, or could be in next. */
export function checkCoinbaseMaturity(spent: readonly Coin[], height: number): Verdict {
  const immature = spent.find(coin => coin.coinbase && height - coin.height < COINBASE_MATURITY)
  return immature
    ? invalid(
        'bad-txns-premature-spend-of-coinbase',
        `tried to spend coinbase at depth ${height - immature.height}`,
      )
    : OK
}
