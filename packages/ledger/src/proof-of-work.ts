import { bytesToBigIntLE } from '@onehop/primitives'
import type { BlockHash } from './ids.ts'

const NEGATIVE_BIT = 0x0080_0000
const MANTISSA = 0x007f_ffff
const LARGEST = 1n << 256n

/**
 * The target that compact bits stand for: a hash has to be at most this.
 * Zero, which no hash meets, for an encoding that is negative, or exceeds 256 bits.
 */
export function targetOf(bits: number): bigint {
  const exponent = bits >>> 24
  const mantissa = BigInt(bits & MANTISSA)
  if ((bits & NEGATIVE_BIT) !== 0) return 0n
  const target =
    exponent <= 3 ? mantissa >> BigInt(8 * (3 - exponent)) : mantissa << BigInt(8 * (exponent - 3))
  return target < LARGEST ? target : 0n
}

/** The compact form of a target, rounded down to three significant bytes (`arith_uint256::GetCompact`). */
export function bitsOf(target: bigint): number {
  let size = Math.ceil(target.toString(16).length / 2)
  if (target === 0n) size = 0
  let mantissa = size <= 3 ? Number(target) * 2 ** (8 * (3 - size)) : Number(target >> BigInt(8 * (size - 3)))
  if (mantissa & NEGATIVE_BIT) {
    mantissa >>>= 8
    size++
  }
  return ((size << 24) | mantissa) >>> 0
}

/** Hashes that a block with these bits takes on average; zero for bits that are no target. */
export function workOf(bits: number): bigint {
  const target = targetOf(bits)
  return target === 0n ? 0n : LARGEST / (target + 1n)
}

/** Whether the hash meets the target of the bits, and that target lies within the network's limit. */
export function checkProofOfWork(hash: BlockHash, bits: number, powLimit: bigint): boolean {
  const target = targetOf(bits)
  return target > 0n && target <= powLimit && bytesToBigIntLE(hash) <= target
}
