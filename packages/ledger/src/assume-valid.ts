import { ancestorAt, type HeaderNode } from './header-node.ts'
import type { ChainParameters } from './params.ts'
import { workOf } from './proof-of-work.ts'

/**
 * Seconds of the network's work that have to lie on a block before its scripts are assumed: who wants to make others
 * believe in a wrong one has to buy that much work for it (Core: two weeks).
 */
const WORK_ON_TOP_SECONDS = 2n * 7n * 24n * 60n * 60n

/** How long the work between two blocks would take at the difficulty of a third (`GetBlockProofEquivalentTime`). */
function equivalentSeconds(
  to: HeaderNode,
  from: HeaderNode,
  tip: HeaderNode,
  parameters: ChainParameters,
): bigint {
  const work = to.chainWork - from.chainWork
  return (work * BigInt(parameters.targetSpacingSeconds)) / workOf(tip.header.bits)
}

function hasAncestor(node: HeaderNode, ancestor: HeaderNode): boolean {
  return node.height >= ancestor.height && ancestorAt(node, ancestor.height) === ancestor
}

/**
 * Whether a block's scripts need not be run (Core's `assumevalid`): somebody whom the operator trusts has run those of
 * `assumed`, of which the block is an ancestor or which it is; it is an ancestor of the best header too; and that has
 * more than two weeks' work on top of it.
 */
export function isAssumedValid(
  block: HeaderNode,
  assumed: HeaderNode,
  best: HeaderNode,
  parameters: ChainParameters,
): boolean {
  if (!hasAncestor(assumed, block) || !hasAncestor(best, block)) return false
  return equivalentSeconds(best, block, best, parameters) > WORK_ON_TOP_SECONDS
}
