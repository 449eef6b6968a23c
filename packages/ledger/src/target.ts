import { bytesToBigIntLE } from '@onehop/primitives'

const MANTISSA_BYTES = 3
const TWO_TO_256 = 1n << 256n

/** The target of a compact form; 0 when the form is negative or exceeds 256 bits: nothing is below it. */
export function targetOf(bits: number): bigint {
  const exponent = bits >>> 24
  const mantissa = bits & 0x7f_ffff
  const isNegative = mantissa !== 0 && (bits & 0x80_0000) !== 0
  if (isNegative) return 0n
  const shift = BigInt(8 * (exponent - MANTISSA_BYTES))
  const target = shift >= 0n ? BigInt(mantissa) << shift : BigInt(mantissa) >> -shift
  return target < TWO_TO_256 ? target : 0n
}

/** The compact form of a target, its lower digits lost. */
export function bitsOf(target: bigint): number {
  let size = Math.ceil(target.toString(2).length / 8)
  const shift = BigInt(8 * (size - MANTISSA_BYTES))
  let mantissa = Number(shift >= 0n ? target >> shift : target << -shift)
  if (mantissa & 0x80_0000) {
    mantissa >>>= 8
    size++
  }
  return ((size << 24) | mantissa) >>> 0
}

/** Expected number of hashes until one is below the target: 2^256 / (target + 1). */
export function workOf(bits: number): bigint {
  const target = targetOf(bits)
  return target === 0n ? 0n : TWO_TO_256 / (target + 1n)
}

/** Whether the hash is at most the target, and the target no easier than the network allows. */
export function checkProofOfWork(hash: Uint8Array, bits: number, powLimit: bigint): boolean {
  const target = targetOf(bits)
  return target > 0n && target <= powLimit && bytesToBigIntLE(hash) <= target
}
