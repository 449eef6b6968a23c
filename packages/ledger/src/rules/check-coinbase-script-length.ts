import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_COINBASE_SCRIPT_LENGTH, MIN_COINBASE_SCRIPT_LENGTH } from '../limits.ts'
import type { Transaction } from '../transaction.ts'

/** A coinbase's scriptSig, which nobody runs, has 2 to 100 bytes. */
export function checkCoinbaseScriptLength(coinbase: Transaction): Verdict {
  const length = coinbase.inputs[0]?.scriptSig.length ?? 0
  return length < MIN_COINBASE_SCRIPT_LENGTH || length > MAX_COINBASE_SCRIPT_LENGTH
    ? invalid('bad-cb-length')
    : OK
}
