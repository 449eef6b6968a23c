import { equalBytes, invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import { transactionMerkleRoot } from '../merkle.ts'

/**
 * The header commits to exactly these transactions. A list with repeats that has the right root all the same
 * is refused by a code of its own: the block of that hash may be valid (CVE-2012-2459).
 */
export function checkMerkleRoot(block: Block): Verdict {
  const { root, mutated } = transactionMerkleRoot(block.transactions)
  if (!equalBytes(root, block.header.merkleRoot)) return invalid('bad-txnmrklroot', 'hashMerkleRoot mismatch')
  return mutated ? invalid('bad-txns-duplicate', 'duplicate transaction') : OK
}
