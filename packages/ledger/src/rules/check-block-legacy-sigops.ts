import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import { MAX_BLOCK_SIGOPS_COST, WITNESS_SCALE_FACTOR } from '../limits.ts'
import { legacySigops } from '../sigops.ts'

/** The signature operations that are visible without the coins keep the block's limit. */
export function checkBlockLegacySigops(block: Block): Verdict {
  let sigops = 0
  for (const transaction of block.transactions) sigops += legacySigops(transaction)
  return sigops * WITNESS_SCALE_FACTOR > MAX_BLOCK_SIGOPS_COST
    ? invalid('bad-blk-sigops', 'out-of-bounds SigOpCount')
    : OK
}
