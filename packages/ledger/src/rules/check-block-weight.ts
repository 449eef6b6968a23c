import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import { MAX_BLOCK_WEIGHT } from '../limits.ts'

/** The block weighs at most 4,000,000 units (BIP 141). */
export function checkBlockWeight(block: Block): Verdict {
  return block.weight > MAX_BLOCK_WEIGHT ? invalid('bad-blk-weight', 'weight limit failed') : OK
}
