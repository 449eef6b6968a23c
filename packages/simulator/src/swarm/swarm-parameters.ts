/** Strategies of the machine's choker, both run under everything. */
export const SWARM_STRATEGIES = ['tit-for-tat', 'proportional-share'] as const

/** What compliant nodes choke by. */
export type SwarmStrategy = (typeof SWARM_STRATEGIES)[number]

/**
 * How a node behaves. `compliant`: as our nodes do. `free-rider`: never uploads. `tyrant`: gives each peer as little as
 * it takes (BitTyrant). `large-view`: never uploads, and connects to everybody.
 */
export type SwarmBehaviour = 'compliant' | 'free-rider' | 'tyrant' | 'large-view'

/** A behaviour, or the one who has everything at the start. */
export type SwarmRole = SwarmBehaviour | 'seed'

/** Upload and download of a node in bytes a second. */
export interface LinkRates {
  readonly up: number
  readonly down: number
}

/** One swarm. */
export interface SwarmParameters {
  readonly seed: number
  /** Nodes that come without anything. */
  readonly leechers: number
  /** How many of them are not compliant. */
  readonly others: Readonly<Partial<Record<Exclude<SwarmBehaviour, 'compliant'>, number>>>
  readonly contentBytes: number
  readonly pieceBytes: number
  /** The rates that leechers have, in equal parts of each behaviour. */
  readonly rates: readonly LinkRates[]
  readonly seedRates: LinkRates
  /** The seed goes when it has sent so many times the content; without it, it stays. */
  readonly seedLeavesAfterCopies?: number
  /** Whether pieces are fetched in order, not the rarest first. */
  readonly inOrder?: boolean
}

const KB = 1000

/**
 * Rates of twenty leechers: many slow ones and some ten times as fast, as home connections are; download four times
 * upload, and no less than 512 kB/s. Mean upload: 141 kB/s.
 */
export const HOME_RATES: readonly LinkRates[] = Object.freeze(
  [
    ...Array.from({ length: 4 }, () => 32),
    ...Array.from({ length: 8 }, () => 64),
    ...Array.from({ length: 5 }, () => 128),
    ...Array.from({ length: 3 }, () => 512),
  ].map(up => ({ up: up * KB, down: Math.max(512, 4 * up) * KB })),
)

/** The seed's rates: its first copy of 32 MiB takes a minute. */
export const SEED_RATES: LinkRates = Object.freeze({ up: 512 * KB, down: 512 * KB })
