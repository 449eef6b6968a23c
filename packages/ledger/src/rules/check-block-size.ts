import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import { MAX_BLOCK_WEIGHT, WITNESS_SCALE_FACTOR } from '../limits.ts'

/** There are transactions, and neither their number nor their size without witnesses exceeds any possible block's. */
export function checkBlockSize(block: Block): Verdict {
  const most = MAX_BLOCK_WEIGHT / WITNESS_SCALE_FACTOR
  const { length } = block.transactions
  return length === 0 || length > most || block.baseSize > most
    ? invalid('bad-blk-length', 'size limits failed')
    : OK
}
