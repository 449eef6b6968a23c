import { invalid, type Result } from '@onehop/primitives'

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

/**
 * Satoshis from a decimal number of bitcoin with at most eight decimals and no sign or exponent.
 * Refused with `invalid-amount` (blame: sender) for any other text, and above {@link MAX_MONEY}.
 */
export function parseBitcoin(text: string): Result<Sats> {
  const match = /^(\d{1,8})(?:\.(\d{1,8}))?$/.exec(text.trim())
  if (match === null) return invalid('invalid-amount', `"${text}" is not an amount of bitcoin, such as 1.5`)
  const value = BigInt(match[1]!) * COIN + BigInt((match[2] ?? '').padEnd(8, '0'))
  if (!isMoney(value)) return invalid('invalid-amount', `${text} is more than all bitcoin there can be`)
  return { ok: true, value }
}
