import { isMoney } from '@onehop/primitives'
import { isOverlayName, OVERLAYS, type OverlayName, parseAmount } from '@onehop/rpc'
import { UsageFailure } from './failure.ts'

/** The limits of a number that a person types. */
export interface NumberRange {
  readonly min: number
  readonly max: number
}

/** @throws {UsageFailure} that names what was wanted. */
function parseWholeNumber(text: string, what: string, { min, max }: NumberRange): number {
  const value = Number(text)
  if (/^-?\d+$/.test(text) && value >= min && value <= max) return value
  throw new UsageFailure(`${what} must be a whole number from ${min} to ${max}, not "${text}".`)
}

/** A number with decimals. @throws {UsageFailure} */
function parseDecimal(text: string, what: string, { min, max }: NumberRange): number {
  const value = Number(text)
  if (/^-?\d+(\.\d+)?$/.test(text) && value >= min && value <= max) return value
  throw new UsageFailure(`${what} must be a number from ${min} to ${max}, not "${text}".`)
}

/** Satoshis of an amount in bitcoins, exactly. @throws {UsageFailure} */
export function parseBitcoins(text: string): bigint {
  const sats = parseAmount(text)
  if (sats === undefined) {
    throw new UsageFailure(`The amount must be bitcoins with up to 8 decimals, such as 0.5, not "${text}".`)
  }
  if (sats <= 0n || !isMoney(sats)) {
    throw new UsageFailure(`The amount must be more than 0 and at most 21000000 bitcoins, not "${text}".`)
  }
  return sats
}

/** Parses a flag or argument that is a whole number. @param what begins the sentence that refuses another value. */
export function wholeNumber(what: string, range: NumberRange): (text: string) => Promise<number> {
  return async text => parseWholeNumber(text, what, range)
}

/** Parses a flag that names an overlay. */
export function overlayName(what: string): (text: string) => Promise<OverlayName> {
  return async text => {
    if (isOverlayName(text)) return text
    const others = OVERLAYS.slice(0, -1).join(', ')
    throw new UsageFailure(`${what} must be ${others} or ${OVERLAYS.at(-1)}, not "${text}".`)
  }
}

/** Parses a flag that is a number with decimals. */
export function decimal(what: string, range: NumberRange): (text: string) => Promise<number> {
  return async text => parseDecimal(text, what, range)
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }
const SIZE = /^(\d{1,15}(?:\.\d{1,3})?)([KMG]?)(?:i?B)?$/i

/** Bytes of `500K`, `1.5M`, `16384`; undefined for any other text. */
function bytesOf(text: string): number | undefined {
  const [, digits = '', unit = ''] = SIZE.exec(text) ?? []
  const bytes = Math.round(Number(digits) * SIZE_UNITS[unit.toUpperCase()]!)
  return digits !== '' && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** Parses a flag that limits a rate: bytes a second, `500K`, `1.5M`; 0 is no limit. @returns bytes a second. */
export function transferLimit(what: string): (text: string) => Promise<number> {
  return async text => {
    const bytesPerSecond = bytesOf(text)
    if (bytesPerSecond !== undefined) return bytesPerSecond
    throw new UsageFailure(
      `${what} must be bytes a second, such as 500K or 2M (K is 1024), or 0 for no limit, not "${text}".`,
    )
  }
}

/** Parses a flag that is a size. @returns bytes. */
export function size(what: string): (text: string) => Promise<number> {
  return async text => {
    const bytes = bytesOf(text)
    if (bytes !== undefined && bytes > 0) return bytes
    throw new UsageFailure(`${what} must be a size such as 64K or 1M (K is 1024), not "${text}".`)
  }
}

/** Parses a flag that is a fee rate: bitcoins for 1,000 virtual bytes; 0 is one. @returns satoshis for as much. */
export function feeRate(what: string): (text: string) => Promise<bigint> {
  return async text => {
    const sats = parseAmount(text)
    if (sats !== undefined && isMoney(sats)) return sats
    throw new UsageFailure(
      `${what} must be bitcoins for 1,000 virtual bytes, such as 0.00001, not "${text}".`,
    )
  }
}
