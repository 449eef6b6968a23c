import { COIN, formatBitcoin, type Sats } from '../amount.ts'

/** Virtual bytes that a fee rate is for. */
const RATE_UNIT = 1_000n

/** What is paid for how much: compared exactly, never divided (`FeeFrac`). */
export interface FeePerSize {
  /** Satoshis. */
  readonly fee: Sats
  /** Virtual bytes. */
  readonly size: number
}

/** The fee for a size at a rate in satoshis per 1,000 virtual bytes, rounded up (`CFeeRate::GetFee`). */
export function feeAt(rate: Sats, virtualSize: number): Sats {
  return (rate * BigInt(virtualSize) + RATE_UNIT - 1n) / RATE_UNIT
}

/** The rate of a fee, rounded down, in satoshis per 1,000 virtual bytes. */
export function feeRateOf({ fee, size }: FeePerSize): Sats {
  return (fee * RATE_UNIT) / BigInt(size)
}

/** Whether the fee is above a rate in satoshis per 1,000 virtual bytes. */
export function exceedsRate({ fee, size }: FeePerSize, rate: Sats): boolean {
  return fee * RATE_UNIT > rate * BigInt(size)
}

/** Negative where `a` pays the lower rate, positive where it pays the higher one. */
export function compareFeeRates(a: FeePerSize, b: FeePerSize): number {
  const difference = a.fee * BigInt(b.size) - b.fee * BigInt(a.size)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Both together. */
export function addFees(a: FeePerSize, b: FeePerSize): FeePerSize {
  return { fee: a.fee + b.fee, size: a.size + b.size }
}

/** A rate as Bitcoin Core's texts have it, `0.00001000 BTC/kvB` (`CFeeRate::ToString`). */
export function formatFeeRate(paid: FeePerSize): string {
  return `${formatBitcoin(feeRateOf(paid))} BTC/kvB`
}

/** An amount as Bitcoin Core's texts have it: no zeros behind the second decimal (`FormatMoney`). */
export function formatMoney(amount: Sats): string {
  return formatBitcoin(amount).replace(/(\.\d\d\d*?)0+$/, '$1')
}

/** A rate per 1,000 virtual bytes that nobody pays by accident, 0.1 bitcoin: what sending refuses unless told otherwise. */
export const HIGH_FEE_RATE: Sats = COIN / 10n
