import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_MONEY } from '../amount.ts'
import type { Transaction } from '../transaction.ts'

/** Every output, and their sum, is an amount of money that can exist (CVE-2010-5139). */
export function checkOutputValues(transaction: Transaction): Verdict {
  let total = 0n
  for (const { value } of transaction.outputs) {
    if (value < 0n) return invalid('bad-txns-vout-negative')
    if (value > MAX_MONEY) return invalid('bad-txns-vout-toolarge')
    total += value
    if (total > MAX_MONEY) return invalid('bad-txns-txouttotal-toolarge')
  }
  return OK
}
