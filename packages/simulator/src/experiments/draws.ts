import { assert, type RandomSource } from '@onehop/primitives'

const LN_2 = Math.LN2
/** Terms of the series: enough for 15 digits where its argument is at most 1/3. */
const LOGARITHM_TERMS = 18

/**
 * The natural logarithm of a positive number, from sums and products alone: those are the same on every engine, which
 * `Math.log` is not. ln x = 2 artanh((x - 1) / (x + 1)).
 */
export function naturalLogarithm(value: number): number {
  assert(value > 0 && Number.isFinite(value), `the logarithm of ${value}`)
  let halvings = 0
  let mantissa = value
  for (; mantissa >= 1; mantissa /= 2) halvings++
  for (; mantissa < 0.5; mantissa *= 2) halvings--
  const ratio = (mantissa - 1) / (mantissa + 1)
  const square = ratio * ratio
  let sum = 0
  for (let term = LOGARITHM_TERMS; term >= 0; term--) sum = sum * square + 1 / (2 * term + 1)
  return 2 * ratio * sum + halvings * LN_2
}

/** A time without memory: exponentially distributed. */
export function drawExponential(random: RandomSource, mean: number): number {
  return -mean * naturalLogarithm(1 - random())
}

/** How often a long session is drawn, and how long the sessions of both kinds are, in parts of the mean. */
const LONG_SHARE = 0.2
const LONG_MEAN = 4
const SHORT_MEAN = 0.25

/** Many short ones and a few long ones, of this mean: a mixture of two exponential distributions. */
export function drawHeavyTailed(random: RandomSource, mean: number): number {
  const factor = random() < LONG_SHARE ? LONG_MEAN : SHORT_MEAN
  return drawExponential(random, mean * factor)
}

/**
 * Draws ranks from 0 to `count` - 1, rank r with a weight of (r + 1)^-exponent. Exponents are multiples of 0.5, for
 * which square roots and products do.
 */
export class RankDraw {
  private readonly sums: Float64Array | undefined
  readonly count: number

  constructor(count: number, exponent: number) {
    assert(Number.isInteger(exponent * 2), `a Zipf exponent of ${exponent}`)
    this.count = count
    this.sums = exponent === 0 ? undefined : cumulative(count, exponent)
  }

  draw(random: RandomSource): number {
    const { sums, count } = this
    if (sums === undefined) return Math.floor(random() * count)
    const wanted = random() * sums[count - 1]!
    let low = 0
    let high = count - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sums[middle]! > wanted) high = middle
      else low = middle + 1
    }
    return low
  }
}

function cumulative(count: number, exponent: number): Float64Array {
  const sums = new Float64Array(count)
  let sum = 0
  for (let i = 0; i < count; i++) {
    const rank = i + 1
    let weight = exponent % 1 === 0 ? 1 : 1 / Math.sqrt(rank)
    for (let power = Math.floor(exponent); power > 0; power--) weight /= rank
    sum += weight
    sums[i] = sum
  }
  return sums
}
