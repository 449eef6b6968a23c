import { invalid, OK, type Verdict } from '@onehop/primitives'
import { outPointKey, type Transaction } from '../transaction.ts'

/** No coin is spent twice by one transaction (CVE-2018-17144). */
export function checkInputsAreDistinct(transaction: Transaction): Verdict {
  const { inputs } = transaction
  const distinct = new Set(inputs.map(input => outPointKey(input.previousOutput)))
  return distinct.size === inputs.length ? OK : invalid('bad-txns-inputs-duplicate')
}
