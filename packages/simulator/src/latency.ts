import { assert, type RandomSource } from '@onehop/primitives'
import { mixedHash, pairFraction } from './pair-hash.ts'

/** How long messages travel. Only arithmetic that every engine does alike: + − × ÷ and Math.sqrt. */
export interface LatencyModel {
  /** Time of one message from one node to another, by their numbers, in ms. */
  oneWayMs(from: number, to: number, random: RandomSource): number
  /** The part that is the same for every message of the pair; undefined: it is drawn for each. */
  fixedMs(from: number, to: number): number | undefined
}

/** Every message takes this long. */
export function constantLatency(latencyMs: number): LatencyModel {
  return { oneWayMs: () => latencyMs, fixedMs: () => latencyMs }
}

/** Drawn anew for every message: messages overtake one another. */
export function uniformLatency(leastMs: number, mostMs: number): LatencyModel {
  return {
    oneWayMs: (_from, _to, random) => leastMs + random() * (mostMs - leastMs),
    fixedMs: () => undefined,
  }
}

/** Up to so much more for every message: messages overtake one another. */
export function withJitter(model: LatencyModel, mostMs: number): LatencyModel {
  return {
    oneWayMs: (from, to, random) => model.oneWayMs(from, to, random) + random() * mostMs,
    fixedMs: (from, to) => model.fixedMs(from, to),
  }
}

/** A distribution as data: values at rising percentiles from 0 to 100, straight lines between them. */
export type Percentiles = readonly (readonly [percent: number, value: number])[]

/**
 * Round-trip times between name servers as the King method finds them (Gummadi, Saroiu, Gribble, IMW 2002; the
 * data set of 1,740 servers at pdos.csail.mit.edu/p2psim/kingdata). King-LIKE: the percentiles are recalled to fit a
 * median near 159 ms and a mean near 180 ms, not computed from the data.
 */
export const KING_LIKE_ROUND_TRIP_MS: Percentiles = [
  [0, 2],
  [5, 24],
  [10, 41],
  [25, 92],
  [50, 159],
  [75, 235],
  [90, 330],
  [95, 400],
  [99, 600],
  [100, 800],
]

/** Each pair draws its round-trip time from the distribution once, half of it each way. */
export function distributedLatency(roundTripMs: Percentiles, seed: number): LatencyModel {
  assertPercentiles(roundTripMs)
  const half = (from: number, to: number) => valueAt(roundTripMs, pairFraction(seed, from, to)) / 2
  return { oneWayMs: half, fixedMs: half }
}

/** The value at a fraction (0 to 1) of the distribution. */
export function valueAt(percentiles: Percentiles, fraction: number): number {
  const percent = fraction * 100
  let at = 1
  while (at < percentiles.length - 1 && percentiles[at]![0] < percent) at++
  const [fromPercent, fromValue] = percentiles[at - 1]!
  const [toPercent, toValue] = percentiles[at]!
  return fromValue + ((percent - fromPercent) * (toValue - fromValue)) / (toPercent - fromPercent)
}

/** @throws {AssertionError} unless they rise from 0 to 100 with values that do not fall below zero or the last. */
export function assertPercentiles(percentiles: Percentiles): void {
  const [first, last] = [percentiles[0], percentiles.at(-1)]
  assert(first?.[0] === 0 && last?.[0] === 100, 'percentiles must begin at 0 and end at 100')
  assert(first[1] >= 0, 'a distribution of times has no negative values')
  for (let i = 1; i < percentiles.length; i++) {
    const isRising =
      percentiles[i]![0] > percentiles[i - 1]![0] && percentiles[i]![1] >= percentiles[i - 1]![1]
    assert(isRising, `percentiles must rise, but ${percentiles[i]} follows ${percentiles[i - 1]}`)
  }
}

/** Settings of {@link geographicLatency}. */
export interface Geography {
  /** Decides where nodes live. */
  readonly seed: number
  /** How much longer than the great circle the way of a packet is. Default 1.5. */
  readonly detour?: number
  /** A node's own line adds from a fifth of this to all of it to every message, each way. Default 10. */
  readonly lastMileMs?: number
}

const EARTH_RADIUS_KM = 6_371
/** Light in glass: two thirds of its speed in vacuum. */
const KM_PER_MS = 200

/** Nodes live at random places on the sphere: great circles at the speed of light in glass, and their own lines. */
export function geographicLatency({ seed, detour = 1.5, lastMileMs = 10 }: Geography): LatencyModel {
  const places: Place[] = []
  const placeOf = (node: number) => {
    places[node] ??= placeOnSphere(seed, node, lastMileMs)
    return places[node]
  }
  const between = (from: number, to: number) => {
    const a = placeOf(from)
    const b = placeOf(to)
    const km = arcOfCosine(a.x * b.x + a.y * b.y + a.z * b.z) * EARTH_RADIUS_KM
    return a.lineMs + b.lineMs + (km * detour) / KM_PER_MS
  }
  return { oneWayMs: between, fixedMs: between }
}

interface Place {
  readonly x: number
  readonly y: number
  readonly z: number
  readonly lineMs: number
}

function placeOnSphere(seed: number, node: number, lastMileMs: number): Place {
  const lineMs = lastMileMs * (0.2 + 0.8 * pairFraction(seed ^ 0x11ce, node, node))
  for (let attempt = 0; ; attempt += 3) {
    const [x, y, z] = [0, 1, 2].map(axis => mixedHash(seed, node, attempt + axis) / 0x8000_0000 - 1) as [
      number,
      number,
      number,
    ]
    const square = x * x + y * y + z * z
    if (square > 1 || square < 0.01) continue
    const radius = Math.sqrt(square)
    return { x: x / radius, y: y / radius, z: z / radius, lineMs }
  }
}

/** Arc cosine to 0.0001 (Abramowitz and Stegun 4.4.45): Math.acos differs between engines. */
function arcOfCosine(cosine: number): number {
  const x = Math.min(1, cosine < 0 ? -cosine : cosine)
  const arc = Math.sqrt(1 - x) * (1.5707288 + x * (-0.2121144 + x * (0.074261 - x * 0.0187293)))
  return cosine < 0 ? Math.PI - arc : arc
}
