import { assert, assertDefined, type Rejection } from '@onehop/primitives'
import type { BlockHeader } from './block.ts'
import type { BlockHash } from './ids.ts'
import { MEDIAN_TIME_SPAN } from './limits.ts'

/** A header with its place in the tree. Only whether it is invalid, and why, ever changes. */
export interface HeaderNode {
  readonly hash: BlockHash
  readonly header: BlockHeader
  readonly height: number
  /** Hashes that the chain up to here took on average, the genesis block's included. */
  readonly chainWork: bigint
  readonly parent: HeaderNode | undefined
  /** A far ancestor, so that any ancestor is found in a logarithmic number of steps. */
  readonly skip: HeaderNode | undefined
  /** It, or an ancestor, broke a rule. */
  invalid: boolean
  /** Why, where that is known. */
  rejection?: Rejection
}

/** The ancestor at the height (the node itself at its own). @throws {AssertionError} outside 0 to its height. */
export function ancestorAt(node: HeaderNode, height: number): HeaderNode {
  assert(height >= 0 && height <= node.height, 'an ancestor has a height between 0 and the node’s')
  let walk = node
  while (walk.height > height) {
    const { skip } = walk
    walk =
      skip && skip.height >= height
        ? skip
        : assertDefined(walk.parent, 'only the genesis block has no parent')
  }
  return walk
}

/** The last block that both chains share. Both must come from one tree. */
export function findFork(a: HeaderNode, b: HeaderNode): HeaderNode {
  let left = a.height > b.height ? ancestorAt(a, b.height) : a
  let right = b.height > a.height ? ancestorAt(b, a.height) : b
  while (left !== right) {
    left = assertDefined(left.parent, 'two chains of one tree share the genesis block')
    right = assertDefined(right.parent, 'two chains of one tree share the genesis block')
  }
  return left
}

/** The median time of the last eleven headers up to the node (BIP 113), Unix time in seconds. */
export function medianTimePast(node: HeaderNode): number {
  const times: number[] = []
  for (let walk: HeaderNode | undefined = node; walk && times.length < MEDIAN_TIME_SPAN; walk = walk.parent) {
    times.push(walk.header.time)
  }
  times.sort((a, b) => a - b)
  return times[times.length >> 1]!
}

function clearLowestOne(value: number): number {
  return value & (value - 1)
}

/** The height that a node's skip leads to (`GetSkipHeight` of Bitcoin Core). */
export function skipHeight(height: number): number {
  if (height < 2) return 0
  return height & 1 ? clearLowestOne(clearLowestOne(height - 1)) + 1 : clearLowestOne(height)
}
