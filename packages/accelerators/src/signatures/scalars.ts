import { CURVE_ORDER } from '@onehop/primitives'

const SCALAR_BYTES = 32
const WORD_BITS = 64n
const WORD_MASK = (1n << WORD_BITS) - 1n

const ORDER = encode(CURVE_ORDER)
const HALF_ORDER = encode(CURVE_ORDER >> 1n)

const scratch = new Uint8Array(SCALAR_BYTES)
const scratchView = new DataView(scratch.buffer)

/** Much faster than by hexadecimal digits. @param bytes 32, big endian. */
export function readScalar(bytes: Uint8Array): bigint {
  scratch.set(bytes)
  const high = (scratchView.getBigUint64(0) << WORD_BITS) | scratchView.getBigUint64(8)
  const low = (scratchView.getBigUint64(16) << WORD_BITS) | scratchView.getBigUint64(24)
  return (high << (2n * WORD_BITS)) | low
}

/** Writes 32 bytes, big endian. @param value below 2^256. */
export function writeScalar(target: DataView, at: number, value: bigint): void {
  target.setBigUint64(at, value >> (3n * WORD_BITS))
  target.setBigUint64(at + 8, (value >> (2n * WORD_BITS)) & WORD_MASK)
  target.setBigUint64(at + 16, (value >> WORD_BITS) & WORD_MASK)
  target.setBigUint64(at + 24, value & WORD_MASK)
}

/** Whether the 32 bytes from there on are a number below the group's order. */
export function isBelowOrder(bytes: Uint8Array, at: number): boolean {
  return compareScalar(bytes, at, ORDER) < 0
}

/** Whether the 32 bytes from there on are more than half of the order: s of such a signature is high (BIP 146). */
export function isHigh(bytes: Uint8Array, at: number): boolean {
  return compareScalar(bytes, at, HALF_ORDER) > 0
}

/** Negative, 0 or positive: the 32 bytes from there on are less than, equal to or more than the bound. */
function compareScalar(bytes: Uint8Array, at: number, bound: Uint8Array): number {
  for (let i = 0; i < SCALAR_BYTES; i++) {
    const difference = bytes[at + i]! - bound[i]!
    if (difference !== 0) return difference
  }
  return 0
}

function encode(value: bigint): Uint8Array {
  const bytes = new Uint8Array(SCALAR_BYTES)
  writeScalar(new DataView(bytes.buffer), 0, value)
  return bytes
}
