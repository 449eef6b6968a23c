import { invalid, OK, type Verdict } from '@onehop/primitives'

/** How a Pastry node behaves. All nodes of a network need the same `digitBits`; the rest is each node's own. */
export interface PastryOptions {
  /** b: bits of a digit. A row of the routing table has 2^b places. 1, 2 or 4. */
  readonly digitBits: number
  /** |L|: half of them with larger ids, half with smaller. Even. */
  readonly leafSetSize: number
  /** |M|: the nearest peers by round-trip time. */
  readonly neighbourhoodSize: number
  /** k: numerically closest nodes that hold a key's pointers. */
  readonly replicas: number
  /** Members of the leaf set from whom nothing was heard for this long are asked whether they are there. */
  readonly keepAliveMs: number
  /** The leaf set is exchanged with a neighbour this often. */
  readonly exchangeMs: number
  /** A row of the routing table is asked for, and its places improved, this often. */
  readonly rowMs: number
  /** After a change of the leaf set, pointers move when so much time has passed without a look at them. */
  readonly settleMs: number
  /** A pointer that its provider does not refresh vanishes after this. */
  readonly pointerLifetimeMs: number
  /** A provider refreshes its pointers this often. */
  readonly pointerRefreshMs: number
  /** Time for an answer from a peer whose round-trip time is unknown. */
  readonly defaultTimeoutMs: number
  /** Least time for an answer (3 × measured round-trip time otherwise). */
  readonly minimumTimeoutMs: number
  /** Time for the answer to a routed request; then it goes by another way. */
  readonly routeTimeoutMs: number
  /** Departed peers are looked for, and introducers when nobody is known, this often. */
  readonly rejoinMs: number
  /** A child of a multicast tree hears from its parent this often. */
  readonly heartbeatMs: number
}

/**
 * The published values: b = 4, |L| = 16, |M| = 2 × 2^b is "typically", 16 with PAST's text; k = 5 as PAST's
 * evaluation; keep-alives every 30 s and routing table maintenance every 20 minutes, here a row each 5, as Castro,
 * Druschel, Hu and Rowstron have it ("Exploiting network proximity in peer-to-peer overlay networks", 2002).
 */
export const PASTRY_DEFAULT: PastryOptions = Object.freeze({
  digitBits: 4,
  leafSetSize: 16,
  neighbourhoodSize: 16,
  replicas: 5,
  keepAliveMs: 30_000,
  exchangeMs: 60_000,
  rowMs: 300_000,
  settleMs: 2_000,
  pointerLifetimeMs: 43_200_000,
  pointerRefreshMs: 14_400_000,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 300,
  routeTimeoutMs: 4_000,
  rejoinMs: 30_000,
  heartbeatMs: 30_000,
})

/** A testnet on one machine: the dead are gone within a few seconds, their pointers within 30. */
export const PASTRY_TESTNET: PastryOptions = Object.freeze({
  ...PASTRY_DEFAULT,
  keepAliveMs: 1_500,
  exchangeMs: 1_500,
  rowMs: 5_000,
  settleMs: 500,
  pointerLifetimeMs: 30_000,
  pointerRefreshMs: 8_000,
  minimumTimeoutMs: 500,
  routeTimeoutMs: 3_000,
  rejoinMs: 3_000,
  heartbeatMs: 2_000,
})

type Bounds = readonly [least: number, most: number]
const DAY_MS = 86_400_000

const BOUNDS: { readonly [Option in keyof PastryOptions]: Bounds } = {
  digitBits: [1, 4],
  leafSetSize: [4, 64],
  neighbourhoodSize: [1, 64],
  replicas: [1, 16],
  keepAliveMs: [50, DAY_MS],
  exchangeMs: [50, DAY_MS],
  rowMs: [50, DAY_MS],
  settleMs: [10, DAY_MS],
  pointerLifetimeMs: [2_000, 2 * DAY_MS - 3_600_000],
  pointerRefreshMs: [500, DAY_MS],
  defaultTimeoutMs: [10, 60_000],
  minimumTimeoutMs: [1, 60_000],
  routeTimeoutMs: [50, 120_000],
  rejoinMs: [100, DAY_MS],
  heartbeatMs: [50, DAY_MS],
}

function isWithin(value: unknown, [least, most]: Bounds): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

/** Whether the options make sense, and if not, one clear sentence. */
export function checkPastryOptions(options: PastryOptions): Verdict {
  for (const [name, [least, most]] of Object.entries(BOUNDS) as [keyof PastryOptions, Bounds][])
    if (!isWithin(options[name], [least, most]))
      return refusal(`${name} must be an integer from ${least} to ${most}, not ${String(options[name])}`)
  if (options.digitBits === 3) return refusal('digitBits must divide 128: 1, 2 or 4')
  if (options.leafSetSize % 2 !== 0) return refusal('leafSetSize must be even')
  if (options.replicas > options.leafSetSize / 2 + 1)
    return refusal('replicas must not exceed half of the leaf set and one')
  if (options.pointerRefreshMs * 2 > options.pointerLifetimeMs)
    return refusal('pointerRefreshMs must be at most half of pointerLifetimeMs')
  return OK
}

function refusal(sentence: string): Verdict {
  return invalid('pastry-options', sentence)
}
