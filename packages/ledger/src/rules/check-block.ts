import { OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import type { ChainParameters } from '../params.ts'
import { checkBlockLegacySigops } from './check-block-legacy-sigops.ts'
import { checkBlockSize } from './check-block-size.ts'
import { checkCoinbasePosition } from './check-coinbase-position.ts'
import { checkHeaderProofOfWork } from './check-header-proof-of-work.ts'
import { checkMerkleRoot } from './check-merkle-root.ts'
import { checkSignetSolution } from './check-signet-solution.ts'
import { checkTransaction } from './check-transaction.ts'

/** All rules of a block that depend on nothing else, in Bitcoin Core's order (`CheckBlock`). */
export function checkBlock(block: Block, parameters: ChainParameters): Verdict {
  const work = checkHeaderProofOfWork(block.header, parameters)
  if (!work.ok) return work
  const signed = checkSignetSolution(block, parameters)
  return signed.ok ? checkBlockBody(block) : signed
}

/** {@link checkBlock} without proof of work, for a block that is yet to be mined. */
export function checkBlockBody(block: Block): Verdict {
  const merkle = checkMerkleRoot(block)
  if (!merkle.ok) return merkle
  const size = checkBlockSize(block)
  if (!size.ok) return size
  const position = checkCoinbasePosition(block)
  if (!position.ok) return position
  for (const transaction of block.transactions) {
    const verdict = checkTransaction(transaction)
    if (!verdict.ok) return verdict
  }
  const sigops = checkBlockLegacySigops(block)
  return sigops.ok ? OK : sigops
}
