import { OK, type Verdict } from '@onehop/primitives'
import type { Transaction } from '../transaction.ts'
import { checkCoinbaseScriptLength } from './check-coinbase-script-length.ts'
import { checkInputsAreDistinct } from './check-inputs-are-distinct.ts'
import { checkInputsAreNotNull } from './check-inputs-are-not-null.ts'
import { checkOutputValues } from './check-output-values.ts'
import { checkTransactionShape } from './check-transaction-shape.ts'

/** All rules of a transaction that depend on nothing else, in Bitcoin Core's order (`CheckTransaction`). */
export function checkTransaction(transaction: Transaction): Verdict {
  const shape = checkTransactionShape(transaction)
  if (!shape.ok) return shape
  const values = checkOutputValues(transaction)
  if (!values.ok) return values
  const distinct = checkInputsAreDistinct(transaction)
  if (!distinct.ok) return distinct
  const inputs = transaction.isCoinbase
    ? checkCoinbaseScriptLength(transaction)
    : checkInputsAreNotNull(transaction)
  return inputs.ok ? OK : inputs
}
