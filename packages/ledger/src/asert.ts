import { ancestorAt, type HeaderNode } from './header-node.ts'
import type { ChainParameters } from './params.ts'
import { bitsOf, targetOf } from './proof-of-work.ts'

/** Exponents are counted in these parts of one. */
const RADIX_BITS = 16n
const RADIX = 1n << RADIX_BITS

/** Half-lives after which any target has become the easiest: it has 256 bits. */
const MAX_HALF_LIVES = 256

/** The first block's time is when the network was conceived, not when it began: the schedule starts with the one after it. */
const ANCHOR_HEIGHT = 1

/**
 * The compact target that the block on top of `parent` must state where the difficulty follows a schedule: it doubles for
 * every half-life that the chain is ahead of one block each spacing since its second block, and halves for every one that
 * it is behind (aserti3-2d, as Bitcoin Cash has it since 2020).
 */
export function scheduledBits(
  parent: HeaderNode,
  parameters: ChainParameters,
  halfLifeSeconds: number,
): number {
  if (parent.height < ANCHOR_HEIGHT) return parent.header.bits
  const anchor = ancestorAt(parent, ANCHOR_HEIGHT)
  const blocks = parent.height - ANCHOR_HEIGHT
  const late = parent.header.time - anchor.header.time - blocks * parameters.targetSpacingSeconds
  if (late > MAX_HALF_LIVES * halfLifeSeconds) return bitsOf(parameters.powLimit)
  const exponent = (BigInt(late) * RADIX) / BigInt(halfLifeSeconds)
  const target = timesPowerOfTwo(targetOf(anchor.header.bits), exponent)
  if (target === 0n) return bitsOf(1n)
  return bitsOf(target < parameters.powLimit ? target : parameters.powLimit)
}

/** The target × 2^(exponent / 2^16): by a shift, and by a cubic that stands for 2^x between 0 and 1. */
function timesPowerOfTwo(target: bigint, exponent: bigint): bigint {
  const shifts = exponent >> RADIX_BITS
  const x = exponent - (shifts << RADIX_BITS)
  const factor =
    RADIX + ((195_766_423_245_049n * x + 971_821_376n * x ** 2n + 5_127n * x ** 3n + (1n << 47n)) >> 48n)
  const scaled = target * factor
  return (shifts < 0n ? scaled >> -shifts : scaled << shifts) >> RADIX_BITS
}
