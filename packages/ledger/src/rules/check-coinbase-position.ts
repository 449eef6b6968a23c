import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'

/** The first transaction is a coinbase, and no other is. */
export function checkCoinbasePosition(block: Block): Verdict {
  const [first, ...others] = block.transactions
  if (!first?.isCoinbase) return invalid('bad-cb-missing', 'first tx is not coinbase')
  return others.some(transaction => transaction.isCoinbase)
    ? invalid('bad-cb-multiple', 'more than one coinbase')
    : OK
}
