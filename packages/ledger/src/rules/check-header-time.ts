import { invalid, OK, refused, type Verdict } from '@onehop/primitives'
import type { BlockHeader } from '../block.ts'
import { difficultyInterval } from '../difficulty.ts'
import { type HeaderNode, medianTimePast } from '../header-node.ts'
import { MAX_FUTURE_BLOCK_TIME_SECONDS, MAX_TIMEWARP_SECONDS } from '../limits.ts'
import type { ChainParameters } from '../params.ts'

/** The time lies after the median of the eleven headers before it, and at most two hours ahead of our clock. */
export function checkHeaderTime(
  header: BlockHeader,
  parent: HeaderNode,
  parameters: ChainParameters,
  nowSeconds: number,
): Verdict {
  if (header.time <= medianTimePast(parent)) return invalid('time-too-old', "block's timestamp is too early")
  if (parameters.enforceBip94 && isTimewarp(header, parent, parameters)) {
    return invalid('time-timewarp-attack', "block's timestamp is too early on diff adjustment block")
  }
  if (header.time > nowSeconds + MAX_FUTURE_BLOCK_TIME_SECONDS) {
    return refused('time-too-new', 'block timestamp too far in the future')
  }
  return OK
}

/**
 * The least time, Unix time in seconds, that a block on top of `parent` should state: it also keeps to BIP 94 where no
 * rule asks for it (Core's GetMinimumTime).
 */
export function minimumBlockTime(parent: HeaderNode, parameters: ChainParameters): number {
  const afterMedian = medianTimePast(parent) + 1
  if (!startsPeriod(parent, parameters)) return afterMedian
  return Math.max(afterMedian, parent.header.time - MAX_TIMEWARP_SECONDS)
}

/** BIP 94: a period's first block must not lie far before its parent. */
function isTimewarp(header: BlockHeader, parent: HeaderNode, parameters: ChainParameters): boolean {
  return startsPeriod(parent, parameters) && header.time < parent.header.time - MAX_TIMEWARP_SECONDS
}

function startsPeriod(parent: HeaderNode, parameters: ChainParameters): boolean {
  return (parent.height + 1) % difficultyInterval(parameters) === 0
}
