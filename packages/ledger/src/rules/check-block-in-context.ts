import { OK, type Verdict } from '@onehop/primitives'
import type { Block } from '../block.ts'
import { type HeaderNode, medianTimePast } from '../header-node.ts'
import type { ChainParameters } from '../params.ts'
import { checkBlockWeight } from './check-block-weight.ts'
import { checkCoinbaseHeight } from './check-coinbase-height.ts'
import { checkTransactionFinal } from './check-transaction-final.ts'
import { checkWitnessCommitment } from './check-witness-commitment.ts'

/**
 * All rules of a block that depend on the headers before it and not on coins, in Bitcoin Core's order
 * (`ContextualCheckBlock`). The header's own come before (`HeaderTree.add`).
 */
export function checkBlockInContext(block: Block, parent: HeaderNode, parameters: ChainParameters): Verdict {
  const height = parent.height + 1
  // BIP 113: before it, lock times were compared with the block's own time.
  const time = height >= parameters.csvHeight ? medianTimePast(parent) : block.header.time
  for (const transaction of block.transactions) {
    const final = checkTransactionFinal(transaction, height, time)
    if (!final.ok) return final
  }
  const coinbase = checkCoinbaseHeight(block, height, parameters)
  if (!coinbase.ok) return coinbase
  const witness = checkWitnessCommitment(block, height, parameters)
  if (!witness.ok) return witness
  const weight = checkBlockWeight(block)
  return weight.ok ? OK : weight
}
