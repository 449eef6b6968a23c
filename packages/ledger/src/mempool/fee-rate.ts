import type { Sats } from '../amount.ts'

/** Virtual bytes that a fee rate is for. */
const RATE_UNIT = 1_000n

/** The fee for a size at a rate in satoshis per 1,000 virtual bytes, rounded up (`CFeeRate::GetFee`). */
export function feeAt(rate: Sats, virtualSize: number): Sats {
  return (rate * BigInt(virtualSize) + RATE_UNIT - 1n) / RATE_UNIT
}

/** The rate of a fee, rounded down, in satoshis per 1,000 virtual bytes. */
export function feeRateOf(fee: Sats, virtualSize: number): Sats {
  return (fee * RATE_UNIT) / BigInt(virtualSize)
}
