import { invalid, OK, type Verdict } from '@onehop/primitives'
import {
  LEAST_IDENTIFIER_BITS,
  MOST_IDENTIFIER_BITS,
  MOST_REPLICAS,
  MOST_SUCCESSORS,
  MOST_VIRTUAL_NODES,
} from './limits.ts'

/** How a Chord node behaves. All nodes of a network need the same `bits`; the rest is each node's own. */
export interface ChordOptions {
  /** Length of identifiers (m). */
  readonly bits: number
  /** Positions that this machine has on the ring. */
  readonly virtualNodes: number
  /** Length of successor lists (r): a number, or 'auto' for 2 log₂ N by the node's own estimate of N. */
  readonly successors: number | 'auto'
  /** Nodes that hold a pointer: the owner of its key and those that follow. */
  readonly replicas: number
  /** Who finds a key's owner: the node that looks for it step by step, or each node on the way for the one before. */
  readonly routing: 'iterative' | 'recursive'
  /** Time between two stabilisations. */
  readonly stabiliseMs: number
  /** Replicas are compared this often. */
  readonly compareMs: number
  /** A pointer that its provider does not refresh vanishes after this. */
  readonly pointerLifetimeMs: number
  /** A provider refreshes its pointers this often. */
  readonly pointerRefreshMs: number
  /** Time for an answer from a peer whose round-trip time is unknown. */
  readonly defaultTimeoutMs: number
  /** Least time for an answer (3 × measured round-trip time otherwise). */
  readonly minimumTimeoutMs: number
  /** A departed peer, or an introducer when nobody is known, is looked for this often. */
  readonly rejoinIntervalMs: number
}

/** The published values where there are such: m = 160, r = 2 log₂ N, a stabilisation every 30 s (ToN 2003, §VI-E). */
export const CHORD_DEFAULT: ChordOptions = Object.freeze({
  bits: 160,
  virtualNodes: 1,
  successors: 'auto',
  replicas: 4,
  routing: 'iterative',
  stabiliseMs: 30_000,
  compareMs: 600_000,
  pointerLifetimeMs: 43_200_000,
  pointerRefreshMs: 14_400_000,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 300,
  rejoinIntervalMs: 60_000,
})

/** A testnet on one machine: the dead are gone within 10 s, their pointers within 30 s. */
export const CHORD_TESTNET: ChordOptions = Object.freeze({
  bits: 160,
  virtualNodes: 1,
  successors: 'auto',
  replicas: 4,
  routing: 'iterative',
  stabiliseMs: 1_000,
  compareMs: 5_000,
  pointerLifetimeMs: 30_000,
  pointerRefreshMs: 8_000,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 500,
  rejoinIntervalMs: 2_000,
})

type Bounds = readonly [least: number, most: number]
const DAY_MS = 86_400_000

const BOUNDS: { readonly [Option in Exclude<keyof ChordOptions, 'successors' | 'routing'>]: Bounds } = {
  bits: [LEAST_IDENTIFIER_BITS, MOST_IDENTIFIER_BITS],
  virtualNodes: [1, MOST_VIRTUAL_NODES],
  replicas: [1, MOST_REPLICAS],
  stabiliseMs: [50, DAY_MS],
  compareMs: [100, DAY_MS],
  pointerLifetimeMs: [2_000, 2 * DAY_MS - 3_600_000],
  pointerRefreshMs: [500, DAY_MS],
  defaultTimeoutMs: [10, 60_000],
  minimumTimeoutMs: [1, 60_000],
  rejoinIntervalMs: [100, DAY_MS],
}

function isWithin(value: unknown, [least, most]: Bounds): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

function bad(name: string, wanted: string, value: unknown): Verdict {
  return invalid('chord-options', `${name} must be ${wanted}, not ${String(value)}`)
}

/** Whether the options make sense, and if not, one clear sentence. */
export function checkChordOptions(options: ChordOptions): Verdict {
  const { successors, routing } = options
  if (successors !== 'auto' && !isWithin(successors, [1, MOST_SUCCESSORS]))
    return bad('successors', `'auto' or an integer from 1 to ${MOST_SUCCESSORS}`, successors)
  if (routing !== 'iterative' && routing !== 'recursive')
    return bad('routing', `'iterative' or 'recursive'`, routing)
  for (const [name, bounds] of Object.entries(BOUNDS) as [keyof typeof BOUNDS, Bounds][]) {
    if (!isWithin(options[name], bounds))
      return bad(name, `an integer from ${bounds[0]} to ${bounds[1]}`, options[name])
  }
  if (options.pointerRefreshMs >= options.pointerLifetimeMs)
    return bad('pointerRefreshMs', `less than pointerLifetimeMs`, options.pointerRefreshMs)
  return OK
}
