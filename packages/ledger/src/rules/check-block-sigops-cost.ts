import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_BLOCK_SIGOPS_COST } from '../limits.ts'

/** The signature operations of a block's transactions so far, those in coins and witnesses included (BIP 141). */
export function checkBlockSigopsCost(cost: number): Verdict {
  return cost > MAX_BLOCK_SIGOPS_COST ? invalid('bad-blk-sigops', 'too many sigops') : OK
}
