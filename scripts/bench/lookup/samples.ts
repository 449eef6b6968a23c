/** The value below which this share of the others lies (the nearest that was measured). NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.filter(value => !Number.isNaN(value)).toSorted((a, b) => a - b)
  const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)
  return sorted[Math.max(0, index)] ?? Number.NaN
}

/** NaN of none. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
