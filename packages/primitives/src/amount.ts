/** An amount in satoshis, 10^-8 bitcoin. */
export type Sats = bigint

/** Satoshis in one bitcoin. */
export const COIN: Sats = 100_000_000n

/** The most satoshis that any amount or sum of amounts may hold (`consensus/amount.h`). */
export const MAX_MONEY: Sats = 21_000_000n * COIN

/** Whether the amount lies between 0 and {@link MAX_MONEY}. */
export function isMoney(value: Sats): boolean {
  return value >= 0n && value <= MAX_MONEY
}

/** Bitcoin with all eight decimals, `1.50000000`. */
export function formatBitcoin(value: Sats): string {
  const digits = (value < 0n ? -value : value).toString().padStart(9, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`
}
