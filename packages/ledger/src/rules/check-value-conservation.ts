import { invalid, type Result } from '@onehop/primitives'
import { formatBitcoin, isMoney, type Sats } from '../amount.ts'
import type { Coin } from '../coin.ts'
import type { Transaction } from '../transaction.ts'

/** The transaction pays out no more than it takes in. The value is its fee. */
export function checkValueConservation(transaction: Transaction, spent: readonly Coin[]): Result<Sats> {
  let valueIn = 0n
  for (const { output } of spent) {
    valueIn += output.value
    if (!isMoney(output.value) || !isMoney(valueIn)) return invalid('bad-txns-inputvalues-outofrange')
  }
  const valueOut = transaction.outputs.reduce((sum, { value }) => sum + value, 0n)
  if (valueIn < valueOut) {
    return invalid(
      'bad-txns-in-belowout',
      `value in (${formatBitcoin(valueIn)}) < value out (${formatBitcoin(valueOut)})`,
    )
  }
  const fee = valueIn - valueOut
  return isMoney(fee) ? { ok: true, value: fee } : invalid('bad-txns-fee-outofrange')
}
