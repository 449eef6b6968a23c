/** Numbers that are collected one by one, and asked for their percentiles. */
export class Samples {
  private values = new Float64Array(256)
  private length = 0
  private isSorted = true

  get count(): number {
    return this.length
  }

  add(value: number): void {
    if (this.length === this.values.length) {
      const grown = new Float64Array(2 * this.length)
      grown.set(this.values)
      this.values = grown
    }
    this.values[this.length++] = value
    this.isSorted = false
  }

  /** The value that a share of `quantile` does not exceed; undefined without samples. */
  percentile(quantile: number): number | undefined {
    if (this.length === 0) return undefined
    this.sort()
    return this.values[Math.min(this.length - 1, Math.floor(quantile * this.length))]
  }

  mean(): number | undefined {
    if (this.length === 0) return undefined
    let sum = 0
    for (let i = 0; i < this.length; i++) sum += this.values[i]!
    return sum / this.length
  }

  /** The greatest; undefined without samples. */
  most(): number | undefined {
    return this.percentile(1)
  }

  clear(): void {
    this.length = 0
  }

  private sort(): void {
    if (!this.isSorted) this.values.subarray(0, this.length).sort()
    this.isSorted = true
  }
}
