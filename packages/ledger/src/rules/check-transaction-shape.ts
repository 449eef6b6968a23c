import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_BLOCK_WEIGHT, WITNESS_SCALE_FACTOR } from '../limits.ts'
import type { Transaction } from '../transaction.ts'

/** There are inputs and outputs, and the transaction would fit into a block, its witnesses left aside. */
export function checkTransactionShape(transaction: Transaction): Verdict {
  if (transaction.inputs.length === 0) return invalid('bad-txns-vin-empty')
  if (transaction.outputs.length === 0) return invalid('bad-txns-vout-empty')
  if (transaction.baseSize * WITNESS_SCALE_FACTOR > MAX_BLOCK_WEIGHT) return invalid('bad-txns-oversize')
  return OK
}
