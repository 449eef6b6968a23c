import { invalid, type Result } from '@onehop/primitives'
import type { Coin, CoinsView } from '../coin.ts'
import type { Transaction } from '../transaction.ts'

/** The coins that the transaction spends, in the order of its inputs: all of them are there. */
export function checkInputsExist(transaction: Transaction, coins: CoinsView): Result<readonly Coin[]> {
  const spent: Coin[] = []
  for (const { previousOutput } of transaction.inputs) {
    const coin = coins.get(previousOutput)
    if (!coin) return invalid('bad-txns-inputs-missingorspent', 'an input is missing or spent')
    spent.push(coin)
  }
  return { ok: true, value: spent }
}
