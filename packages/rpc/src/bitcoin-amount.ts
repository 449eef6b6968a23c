import { COIN, formatBitcoin } from '@onehop/primitives'
import { rawNumber } from './json.ts'

const DECIMALS = 8
const DECIMAL_NUMBER = /^(-?)(\d{1,20})(?:\.(\d{1,8})0*)?$/

/** Satoshis of a decimal text; undefined when it is no number or has more than eight decimals. */
export function parseAmount(text: string): bigint | undefined {
  const match = DECIMAL_NUMBER.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '0', fraction = ''] = match
  const sats = BigInt(whole) * COIN + BigInt(fraction.padEnd(DECIMALS, '0'))
  return sign === '-' ? -sats : sats
}

/** The decimal digits of a number, written out where JavaScript writes a small one with an exponent (`1e-8`). */
export function decimalText(value: number): string {
  const [digits = '', exponent] = String(Math.abs(value)).split('e-')
  const sign = value < 0 ? '-' : ''
  if (exponent === undefined) return sign + digits
  return `${sign}0.${'0'.repeat(Number(exponent) - 1)}${digits.replace('.', '')}`
}

/** An amount in a method's result: serialises as a JSON number of bitcoins with eight decimals, without float error. */
export class BitcoinAmount {
  readonly sats: bigint

  /** @param sats satoshis; may be negative, as fees and debits are in bitcoind's listings. */
  constructor(sats: bigint) {
    this.sats = sats
  }

  toString(): string {
    return formatBitcoin(this.sats)
  }

  toJSON(): unknown {
    return rawNumber(formatBitcoin(this.sats))
  }
}
