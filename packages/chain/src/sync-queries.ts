import {
  ancestorAt,
  type BlockHash,
  type BlockHeader,
  type HeaderNode,
  type HeaderTree,
} from '@onehop/ledger'
import { assertDefined } from '@onehop/primitives'
import type { ActiveChain } from './active-chain.ts'
import type { BlockIndex } from './block-index.ts'
import { MAX_BLOCKS_AHEAD } from './limits.ts'

/** Blocks on the way from the active chain to the best header whose bodies are not here, lowest first. */
export function missingBlocks(
  best: HeaderNode,
  active: ActiveChain,
  index: BlockIndex,
  limit: number,
): BlockHash[] {
  if (best.chainWork <= active.tip.chainWork) return []
  const fork = active.forkWith(best)
  const end = Math.max(fork.height, Math.min(best.height, active.tip.height + MAX_BLOCKS_AHEAD))
  const missing: BlockHash[] = []
  for (let from = fork; from.height < end && missing.length < limit; ) {
    // Mostly the next few are missing: no need to walk all the way back from the end.
    const to = ancestorAt(best, Math.min(end, from.height + limit))
    missing.push(...missingBetween(from, to, index))
    from = to
  }
  return missing.slice(0, limit)
}

/** After one block and up to its descendant, lowest first. */
function missingBetween(from: HeaderNode, to: HeaderNode, index: BlockIndex): BlockHash[] {
  const missing: BlockHash[] = []
  for (let node = to; node !== from; node = assertDefined(node.parent, 'a descendant of the first'))
    if (index.entryOf(node).block === undefined) missing.push(node.hash)
  return missing.reverse()
}

/** Headers of the active chain after the first block of the locator that is on it, lowest first. */
export function activeHeadersAfter(
  locator: readonly BlockHash[],
  tree: HeaderTree,
  active: ActiveChain,
  limit: number,
): BlockHeader[] {
  const shared = locator.map(hash => tree.get(hash)).find(node => node && active.contains(node))
  const first = (shared?.height ?? 0) + 1
  const headers: BlockHeader[] = []
  for (let node = active.at(first); node && headers.length < limit; node = active.at(node.height + 1))
    headers.push(node.header)
  return headers
}
