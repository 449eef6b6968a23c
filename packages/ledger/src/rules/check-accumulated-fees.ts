import { invalid, OK, type Verdict } from '@onehop/primitives'
import { isMoney, type Sats } from '../amount.ts'

/** The fees of a block's transactions so far are an amount of money that can exist. */
export function checkAccumulatedFees(fees: Sats): Verdict {
  return isMoney(fees)
    ? OK
    : invalid('bad-txns-accumulated-fee-outofrange', 'accumulated fee in the block out of range')
}
