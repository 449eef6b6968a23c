import { scheduledBits } from './asert.ts'
import type { BlockHeaderFields } from './block.ts'
import { ancestorAt, type HeaderNode } from './header-node.ts'
import type { ChainParameters } from './params.ts'
import { bitsOf, targetOf } from './proof-of-work.ts'

/** Blocks between two changes of the difficulty. */
export function difficultyInterval(parameters: ChainParameters): number {
  return Math.floor(parameters.targetTimespanSeconds / parameters.targetSpacingSeconds)
}

/** The compact target that a header on top of `parent` must state (`GetNextWorkRequired`, but for schedules). */
export function requiredBits(
  parent: HeaderNode,
  header: Pick<BlockHeaderFields, 'time'>,
  parameters: ChainParameters,
): number {
  const { asertHalfLifeSeconds } = parameters
  if (asertHalfLifeSeconds !== undefined) return scheduledBits(parent, parameters, asertHalfLifeSeconds)
  if ((parent.height + 1) % difficultyInterval(parameters) === 0) return retargetedBits(parent, parameters)
  if (!parameters.allowMinimumDifficulty) return parent.header.bits
  const easiest = bitsOf(parameters.powLimit)
  if (header.time > parent.header.time + 2 * parameters.targetSpacingSeconds) return easiest
  return lastUsualBits(parent, easiest, parameters)
}

/**
 * Whether a header of these bits may follow one of those, whatever the times between (`PermittedDifficultyTransition`).
 * For headers that are looked at before they are kept.
 */
export function isPermittedTransition(
  height: number,
  parentBits: number,
  bits: number,
  parameters: ChainParameters,
): boolean {
  // A schedule follows the times alone.
  if (parameters.allowMinimumDifficulty || parameters.asertHalfLifeSeconds !== undefined) return true
  if (height % difficultyInterval(parameters) !== 0) return bits === parentBits
  const target = targetOf(bits)
  const easiest = roundedTarget(targetOf(parentBits) * 4n, parameters)
  const hardest = roundedTarget(targetOf(parentBits) / 4n, parameters)
  return target <= easiest && target >= hardest
}

/** What is left of a target in its compact form, within the limit. */
function roundedTarget(target: bigint, { powLimit }: ChainParameters): bigint {
  return targetOf(bitsOf(target < powLimit ? target : powLimit))
}

/** The bits of the last block that did not make use of the easiest target. */
function lastUsualBits(parent: HeaderNode, easiest: number, parameters: ChainParameters): number {
  const interval = difficultyInterval(parameters)
  let node = parent
  while (node.parent && node.height % interval !== 0 && node.header.bits === easiest) node = node.parent
  return node.header.bits
}

function retargetedBits(last: HeaderNode, parameters: ChainParameters): number {
  if (parameters.noRetargeting) return last.header.bits
  const first = ancestorAt(last, last.height - (difficultyInterval(parameters) - 1))
  const timespan = parameters.targetTimespanSeconds
  const actual = last.header.time - first.header.time
  const bounded = Math.min(Math.max(actual, Math.floor(timespan / 4)), timespan * 4)
  // BIP 94: the period's first block cannot be one of minimum difficulty, its last one can.
  const base = parameters.enforceBip94 ? first : last
  const target = (targetOf(base.header.bits) * BigInt(bounded)) / BigInt(timespan)
  return bitsOf(target < parameters.powLimit ? target : parameters.powLimit)
}
