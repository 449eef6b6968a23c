import type { ByteReader, ByteWriter } from '@onehop/primitives'
import type { Sats } from './amount.ts'
import { readNarrowVarint, readWideVarint, writeVarint, writeWideVarint } from './varint.ts'

/*
 * Round amounts are made short (`compressor.cpp`): trailing decimal zeros become an exponent. 0 stays 0; 1 bitcoin
 * becomes 9; 50 bitcoin becomes 50. Numbers do for nearly all of them, and are many times as fast as bigints.
 */

/** Amounts below it become less than 2^53. */
const NARROW_LIMIT = 2 ** 49
const MAX_EXPONENT = 9
const POWERS_OF_TEN: readonly number[] = Array.from({ length: MAX_EXPONENT + 1 }, (_, i) => 10 ** i)

/** Appends an amount. */
export function writeAmount(writer: ByteWriter, value: Sats): void {
  const narrow = Number(value)
  if (narrow < NARROW_LIMIT) writeVarint(writer, compressNarrow(narrow))
  else writeWideVarint(writer, compressWide(value))
}

/** Reads an amount that {@link writeAmount} wrote. @throws {DecodeError} */
export function readAmount(reader: ByteReader): Sats {
  const narrow = readNarrowVarint(reader)
  const value = narrow === undefined ? Number.POSITIVE_INFINITY : decompressNarrow(narrow)
  if (Number.isSafeInteger(value)) return BigInt(value)
  return decompressWide(narrow === undefined ? readWideVarint(reader) : BigInt(narrow))
}

function compressNarrow(value: number): number {
  if (value === 0) return 0
  let rest = value
  let exponent = 0
  while (rest % 10 === 0 && exponent < MAX_EXPONENT) {
    rest /= 10
    exponent++
  }
  if (exponent === MAX_EXPONENT) return 1 + (rest - 1) * 10 + MAX_EXPONENT
  return 1 + (Math.floor(rest / 10) * 9 + (rest % 10) - 1) * 10 + exponent
}

/** May leave the safe integers, and says so by its result. */
function decompressNarrow(compressed: number): number {
  if (compressed === 0) return 0
  const exponent = (compressed - 1) % 10
  const rest = Math.floor((compressed - 1) / 10)
  const digits = exponent === MAX_EXPONENT ? rest + 1 : Math.floor(rest / 9) * 10 + (rest % 9) + 1
  return digits * POWERS_OF_TEN[exponent]!
}

function compressWide(value: Sats): bigint {
  let rest = value
  let exponent = 0n
  while (rest % 10n === 0n && exponent < 9n) {
    rest /= 10n
    exponent++
  }
  if (exponent === 9n) return 1n + (rest - 1n) * 10n + 9n
  return 1n + ((rest / 10n) * 9n + (rest % 10n) - 1n) * 10n + exponent
}

function decompressWide(compressed: bigint): Sats {
  const rest = (compressed - 1n) / 10n
  const exponent = (compressed - 1n) % 10n
  const digits = exponent === 9n ? rest + 1n : (rest / 9n) * 10n + (rest % 9n) + 1n
  return digits * 10n ** exponent
}
