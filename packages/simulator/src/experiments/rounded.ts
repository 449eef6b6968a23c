const SIGNIFICANT_DIGITS = 6

/** A figure as it is written down: six digits, more only of whole numbers. */
export function rounded(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(SIGNIFICANT_DIGITS))
}
