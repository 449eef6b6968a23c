import { invalid, OK, type Verdict } from '@onehop/primitives'
import { LOCKTIME_THRESHOLD } from '../limits.ts'
import { SEQUENCE_FINAL, type Transaction } from '../transaction.ts'

/**
 * Whether the transaction's absolute lock time lets it into a block.
 * @param height of that block.
 * @param time median time past of the block's parent (BIP 113), Unix time in seconds.
 */
export function isFinal(transaction: Transaction, height: number, time: number): boolean {
  const { lockTime } = transaction
  if (lockTime === 0 || lockTime < (lockTime < LOCKTIME_THRESHOLD ? height : time)) return true
  return transaction.inputs.every(input => input.sequence === SEQUENCE_FINAL)
}

/** The transaction's absolute lock time has passed, or all its inputs opt out of it. */
export function checkTransactionFinal(transaction: Transaction, height: number, time: number): Verdict {
  return isFinal(transaction, height, time) ? OK : invalid('bad-txns-nonfinal', 'non-final transaction')
}
