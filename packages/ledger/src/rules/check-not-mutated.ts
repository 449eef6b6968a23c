import { invalid, OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import { MERKLE_NODE_LENGTH } from '../limits.ts'
import type { ChainParameters } from '../params.ts'
import { checkMerkleRoot } from './check-merkle-root.ts'
import { checkWitnessCommitment } from './check-witness-commitment.ts'

/**
 * Whether these are the very transactions that the header commits to (`IsBlockMutated`). Where they are not, the
 * block of that hash may be valid all the same.
 */
export function checkNotMutated(block: Block, height: number, parameters: ChainParameters): Verdict {
  const merkle = checkMerkleRoot(block)
  if (!merkle.ok) return merkle
  if (block.transactions[0]?.isCoinbase !== true) return checkTransactionsAreNoNodes(block)
  return checkWitnessCommitment(block, height, parameters)
}

/** A transaction of 64 bytes may be a pair of hashes inside the real block's merkle tree (CVE-2017-12842). */
function checkTransactionsAreNoNodes({ transactions }: Block): Verdict {
  return transactions.some(({ baseSize }) => baseSize === MERKLE_NODE_LENGTH)
    ? invalid('bad-txnmrklroot', 'a transaction may be a node of the merkle tree')
    : OK
}
