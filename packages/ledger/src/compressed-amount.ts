import type { Sats } from './amount.ts'

/**
 * Makes round amounts short (`compressor.cpp`): trailing decimal zeros become an exponent.
 * 0 stays 0; 1 bitcoin becomes 9; 50 bitcoin becomes 50.
 */
export function compressAmount(value: Sats): bigint {
  if (value === 0n) return 0n
  let rest = value
  let exponent = 0n
  while (rest % 10n === 0n && exponent < 9n) {
    rest /= 10n
    exponent++
  }
  if (exponent === 9n) return 1n + (rest - 1n) * 10n + 9n
  return 1n + ((rest / 10n) * 9n + (rest % 10n) - 1n) * 10n + exponent
}

/** The amount that {@link compressAmount} made short. */
export function decompressAmount(compressed: bigint): Sats {
  if (compressed === 0n) return 0n
  let rest = compressed - 1n
  const exponent = rest % 10n
  rest /= 10n
  const digits = exponent === 9n ? rest + 1n : (rest / 9n) * 10n + (rest % 9n) + 1n
  return digits * 10n ** exponent
}
