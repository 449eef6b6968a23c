import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_NEIGHBOURS, MAX_TTL_AND_HOPS } from './limits.ts'

/** How a Gnutella servent behaves. */
export interface GnutellaOptions {
  /** Hops that its queries and pings go, and that it lets others' go. */
  readonly ttl: number
  /** It seeks neighbours while it has fewer. */
  readonly leastNeighbours: number
  /** It leaves a neighbour while both have more. */
  readonly enoughNeighbours: number
  /** It refuses whoever wants to be one more. */
  readonly mostNeighbours: number
  /** Between two Pings to its neighbours. */
  readonly pingMs: number
  /**
   * The later fix of Ping/Pong traffic: a Ping goes no further than the neighbour, which answers for others out of its
   * cache. Off: Pings are flooded as in 0.4.
   */
  readonly pongCaching: boolean
  /** Pongs that answer one Ping out of the cache. */
  readonly pongsPerPing: number
  /** Between two Pings that ask for others than the neighbours. */
  readonly discoveryMs: number
  /** Between two connections that it tries though it has neighbours enough; 0: never. */
  readonly exploreMs: number
  readonly connectTimeoutMs: number
  readonly hostLifetimeMs: number
  readonly hostRetryMs: number
  /** For so long a descriptor is known again, and its answers find back. */
  readonly routeLifetimeMs: number
  /** The later fix of repeated searches: answers that pass are kept for so long, and given again. 0: they are not. */
  readonly hitCacheMs: number
  /** Another later fix: a query goes few hops first, further only when nothing was found. The last one is the TTL. */
  readonly ringTtls: readonly number[]
  /** Times that a query is flooded to the full TTL before nothing is taken for an answer. */
  readonly queryAttempts: number
  /** Waited for answers to a flood, at least and at most. */
  readonly leastWindowMs: number
  readonly mostWindowMs: number
  readonly pushTimeoutMs: number
  readonly pointerLifetimeMs: number
  readonly pointerRefreshMs: number
}

/**
 * TTL 7 and some 4 neighbours, as 0.4's servents had them, with the fixes that came later: cached Pongs, and degrees
 * that stay small though newcomers bring links.
 */
export const GNUTELLA_DEFAULT: GnutellaOptions = Object.freeze({
  ttl: 7,
  leastNeighbours: 4,
  enoughNeighbours: 4,
  mostNeighbours: 8,
  pingMs: 30_000,
  pongCaching: true,
  pongsPerPing: 10,
  discoveryMs: 300_000,
  exploreMs: 600_000,
  connectTimeoutMs: 5_000,
  hostLifetimeMs: 21_600_000,
  hostRetryMs: 30_000,
  routeLifetimeMs: 30_000,
  hitCacheMs: 0,
  ringTtls: Object.freeze([7]),
  queryAttempts: 1,
  leastWindowMs: 500,
  mostWindowMs: 8_000,
  pushTimeoutMs: 10_000,
  pointerLifetimeMs: 43_200_000,
  pointerRefreshMs: 14_400_000,
})

/** The protocol as Clip2 wrote it down: Pings are flooded, nothing is cached. */
export const GNUTELLA_04: GnutellaOptions = Object.freeze({
  ...GNUTELLA_DEFAULT,
  pongCaching: false,
  exploreMs: 0,
})

/** A testnet on one machine: the dead are gone within 10 s, and nobody else answers for them. */
export const GNUTELLA_TESTNET: GnutellaOptions = Object.freeze({
  ...GNUTELLA_DEFAULT,
  enoughNeighbours: 5,
  pingMs: 1_500,
  discoveryMs: 4_000,
  exploreMs: 15_000,
  connectTimeoutMs: 3_000,
  hostLifetimeMs: 120_000,
  hostRetryMs: 1_000,
  routeLifetimeMs: 30_000,
  queryAttempts: 2,
  leastWindowMs: 400,
  mostWindowMs: 3_000,
  pushTimeoutMs: 5_000,
  pointerLifetimeMs: 3_600_000,
  pointerRefreshMs: 1_200_000,
})

type Bounds = readonly [least: number, most: number]
type Numbers = Exclude<keyof GnutellaOptions, 'pongCaching' | 'ringTtls'>
const DAY_MS = 86_400_000

const BOUNDS: { readonly [Option in Numbers]: Bounds } = {
  ttl: [1, MAX_TTL_AND_HOPS],
  leastNeighbours: [1, MAX_NEIGHBOURS],
  enoughNeighbours: [1, MAX_NEIGHBOURS],
  mostNeighbours: [1, MAX_NEIGHBOURS],
  pingMs: [50, DAY_MS],
  pongsPerPing: [1, 32],
  discoveryMs: [100, DAY_MS],
  exploreMs: [0, DAY_MS],
  connectTimeoutMs: [10, 120_000],
  hostLifetimeMs: [1_000, 30 * DAY_MS],
  hostRetryMs: [10, DAY_MS],
  routeLifetimeMs: [100, DAY_MS],
  hitCacheMs: [0, DAY_MS],
  queryAttempts: [1, 16],
  leastWindowMs: [1, 120_000],
  mostWindowMs: [1, 120_000],
  pushTimeoutMs: [10, 120_000],
  pointerLifetimeMs: [2_000, 2 * DAY_MS - 3_600_000],
  pointerRefreshMs: [500, DAY_MS],
}

/** Pairs of which the first must not be larger than the second. */
const ORDER: readonly (readonly [Numbers, Numbers])[] = [
  ['leastNeighbours', 'enoughNeighbours'],
  ['enoughNeighbours', 'mostNeighbours'],
  ['leastWindowMs', 'mostWindowMs'],
  ['pointerRefreshMs', 'pointerLifetimeMs'],
]

/** Whether the options make sense, and if not, one clear sentence. */
export function checkGnutellaOptions(options: GnutellaOptions): Verdict {
  for (const [name, [least, most]] of Object.entries(BOUNDS) as [Numbers, Bounds][]) {
    const value: unknown = options[name]
    if (!isWithin(value, least, most))
      return invalid(
        'gnutella-options',
        `${name} must be an integer from ${least} to ${most}, not ${String(value)}`,
      )
  }
  for (const [smaller, larger] of ORDER) {
    if (options[smaller] > options[larger])
      return invalid(
        'gnutella-options',
        `${smaller} (${options[smaller]}) must not be more than ${larger} (${options[larger]})`,
      )
  }
  return checkRings(options)
}

function checkRings({ ringTtls, ttl }: GnutellaOptions): Verdict {
  const areRising = ringTtls.every((ring, i) => isWithin(ring, 1, ttl) && ring > (ringTtls[i - 1] ?? 0))
  return areRising && ringTtls.at(-1) === ttl
    ? OK
    : invalid('gnutella-options', `ringTtls must rise to the TTL (${ttl}), not be ${String(ringTtls)}`)
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}
