import { invalid, type Result } from '@onehop/primitives'
import type { Sats } from './transaction.ts'

/** Satoshis of one bitcoin. */
export const COIN: Sats = 100_000_000n
/** No amount is above this: 21 million bitcoins. */
export const MAX_MONEY: Sats = 21_000_000n * COIN
const DECIMALS = 8

/** Whether it is between 0 and {@link MAX_MONEY}. */
export function isMoney(sats: Sats): boolean {
  return sats >= 0n && sats <= MAX_MONEY
}

/** Bitcoins with all eight decimals: `1.50000000`. */
export function formatBitcoin(sats: Sats): string {
  const magnitude = sats < 0n ? -sats : sats
  const fraction = (magnitude % COIN).toString().padStart(DECIMALS, '0')
  return `${sats < 0n ? '-' : ''}${magnitude / COIN}.${fraction}`
}

/** Satoshis of a decimal number of bitcoins with at most eight decimals. */
export function parseBitcoin(text: string): Result<Sats> {
  const match = /^(\d{1,8})(?:\.(\d{1,8}))?$/.exec(text.trim())
  if (match === null) return invalid('bad-amount', `"${text}" is not an amount of bitcoins such as 1.5`)
  const sats = BigInt(match[1]!) * COIN + BigInt((match[2] ?? '').padEnd(DECIMALS, '0'))
  return isMoney(sats)
    ? { ok: true, value: sats }
    : invalid('bad-amount', 'there are only 21 million bitcoins')
}
