import type { Result } from '@onehop/primitives'
import type { Sats } from '../amount.ts'
import type { Coin, CoinsView } from '../coin.ts'
import type { Transaction } from '../transaction.ts'
import { checkCoinbaseMaturity } from './check-coinbase-maturity.ts'
import { checkInputsExist } from './check-inputs-exist.ts'
import { checkValueConservation } from './check-value-conservation.ts'

/** What the rules found out about a transaction's inputs. */
export interface SpentInputs {
  /** In the order of the inputs. */
  readonly coins: readonly Coin[]
  readonly fee: Sats
}

/**
 * All rules of a transaction, not a coinbase, that depend on the coins and not on scripts, in Bitcoin Core's order
 * (`CheckTxInputs`).
 * @param height of the block that the transaction is in, or could be in next.
 */
export function checkTransactionInputs(
  transaction: Transaction,
  coins: CoinsView,
  height: number,
): Result<SpentInputs> {
  const spent = checkInputsExist(transaction, coins)
  if (!spent.ok) return spent
  const mature = checkCoinbaseMaturity(spent.value, height)
  if (!mature.ok) return mature
  const fee = checkValueConservation(transaction, spent.value)
  return fee.ok ? { ok: true, value: { coins: spent.value, fee: fee.value } } : fee
}
