import { invalid, OK, type Verdict } from '@onehop/primitives'
import { isNullOutPoint, type Transaction } from '../transaction.ts'

/** Only a coinbase has an input that names no coin. */
export function checkInputsAreNotNull(transaction: Transaction): Verdict {
  return transaction.inputs.some(input => isNullOutPoint(input.previousOutput))
    ? invalid('bad-txns-prevout-null')
    : OK
}
