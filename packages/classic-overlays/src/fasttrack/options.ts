import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_CHILDREN, MAX_LEVEL, MAX_LINKS, MAX_TTL } from './limits.ts'

/** How a FastTrack node behaves. Each node's own; nodes with different ones understand each other. */
export interface FastTrackOptions {
  /** Children that this node could carry as a supernode. 0: it never becomes one. */
  readonly capacity: number
  /** A supernode with so many children is full, and one of them becomes a supernode. */
  readonly childrenMost: number
  /** A supernode with fewer children is idle. */
  readonly childrenLeast: number
  /** Links to other supernodes at most aimed at; fewer where three hops reach everybody with fewer. */
  readonly neighbours: number
  /** Hops of a query among supernodes. */
  readonly ttl: number
  /** Participation level from which a child is made a supernode; below it only where others must be turned away. */
  readonly promotionLevel: number
  /** What an hour of being connected adds to the level. */
  readonly levelPerHour: number
  /** What a confirmed upload adds to the level. */
  readonly levelPerUpload: number
  /** A supernode that has been idle for this long becomes an ordinary node, where others have room. */
  readonly demoteAfterMs: number
  /** Children of a supernode that all are told of, to come together through when it is gone. */
  readonly deputies: number
  /** Time between two looks at what is due. */
  readonly tickMs: number
  /** A child pings its supernode this often. */
  readonly childPingMs: number
  /** Supernodes ping each other this often. */
  readonly linkPingMs: number
  /** A child of which its supernode hears nothing for this long is gone, and its pointers with it. */
  readonly silentAfterMs: number
  /** Time between tries to reach those who were lost, or anybody when nobody is known. */
  readonly rejoinMs: number
  /** A pointer that its provider does not refresh vanishes after this. */
  readonly pointerLifetimeMs: number
  /** A provider signs its pointers anew this often. */
  readonly pointerRefreshMs: number
  /** Within this, somebody must have confirmed a publication. */
  readonly publishTimeoutMs: number
  /** Time for the answers to a flood, beside 8 round trips over the slowest link. */
  readonly windowMs: number
  /** Supernodes asked, one after the other, before something counts as not found. */
  readonly opinions: number
  /** A child has another supernode look for its publications this often. */
  readonly auditMs: number
  /** Time for an answer from a peer whose round-trip time is unknown. */
  readonly defaultTimeoutMs: number
  /** Least time for an answer (3 × measured round-trip time otherwise). */
  readonly minimumTimeoutMs: number
}

/**
 * What was measured of the real network (Liang, Kumar, Ross, "The FastTrack overlay: a measurement study", 2006): 60–150 children, 40–50 links.
 * What nobody published (times, TTL, the level's steps) is ours.
 */
export const FASTTRACK_DEFAULT: FastTrackOptions = Object.freeze({
  capacity: 150,
  childrenMost: 150,
  childrenLeast: 60,
  neighbours: 45,
  ttl: 7,
  promotionLevel: 70,
  levelPerHour: 60,
  levelPerUpload: 5,
  demoteAfterMs: 600_000,
  deputies: 3,
  tickMs: 5_000,
  childPingMs: 30_000,
  linkPingMs: 15_000,
  silentAfterMs: 100_000,
  rejoinMs: 30_000,
  pointerLifetimeMs: 43_200_000,
  pointerRefreshMs: 14_400_000,
  publishTimeoutMs: 30_000,
  windowMs: 500,
  opinions: 2,
  auditMs: 1_800_000,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 300,
})

/** A testnet on one machine: a supernode for some four nodes, the dead are gone within 6 s, their pointers too. */
export const FASTTRACK_TESTNET: FastTrackOptions = Object.freeze({
  capacity: 16,
  childrenMost: 4,
  childrenLeast: 1,
  neighbours: 8,
  ttl: 7,
  promotionLevel: 10,
  levelPerHour: 60,
  levelPerUpload: 5,
  demoteAfterMs: 8_000,
  deputies: 4,
  tickMs: 250,
  childPingMs: 1_000,
  linkPingMs: 1_000,
  silentAfterMs: 6_000,
  rejoinMs: 2_000,
  pointerLifetimeMs: 30_000,
  pointerRefreshMs: 8_000,
  publishTimeoutMs: 8_000,
  windowMs: 300,
  opinions: 4,
  auditMs: 20_000,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 500,
})

type Bounds = readonly [least: number, most: number]
const DAY_MS = 86_400_000

const BOUNDS: { readonly [Option in keyof FastTrackOptions]: Bounds } = {
  capacity: [0, MAX_CHILDREN],
  childrenMost: [2, MAX_CHILDREN],
  childrenLeast: [0, MAX_CHILDREN],
  neighbours: [2, MAX_LINKS],
  ttl: [1, MAX_TTL],
  promotionLevel: [0, MAX_LEVEL],
  levelPerHour: [0, MAX_LEVEL],
  levelPerUpload: [0, MAX_LEVEL],
  demoteAfterMs: [100, DAY_MS],
  deputies: [0, 16],
  tickMs: [50, 60_000],
  childPingMs: [100, DAY_MS],
  linkPingMs: [100, DAY_MS],
  silentAfterMs: [200, DAY_MS],
  rejoinMs: [100, DAY_MS],
  pointerLifetimeMs: [2_000, 2 * DAY_MS - 3_600_000],
  pointerRefreshMs: [500, DAY_MS],
  publishTimeoutMs: [100, DAY_MS],
  windowMs: [10, 60_000],
  opinions: [1, 8],
  auditMs: [1_000, DAY_MS],
  defaultTimeoutMs: [10, 60_000],
  minimumTimeoutMs: [1, 60_000],
}

/** Pairs in which twice the first must be at most the second. */
const ORDER: readonly (readonly [keyof FastTrackOptions, keyof FastTrackOptions])[] = [
  ['childPingMs', 'silentAfterMs'],
  ['childrenLeast', 'childrenMost'],
  ['pointerRefreshMs', 'pointerLifetimeMs'],
]

/** Whether the options make sense, and if not, one clear sentence. */
export function checkFastTrackOptions(options: FastTrackOptions): Verdict {
  for (const [name, [least, most]] of Object.entries(BOUNDS) as [keyof FastTrackOptions, Bounds][]) {
    const value: unknown = options[name]
    if (!(typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most))
      return invalid(
        'fasttrack-options',
        `${name} must be an integer from ${least} to ${most}, not ${String(value)}`,
      )
  }
  for (const [smaller, larger] of ORDER) {
    if (2 * options[smaller] > options[larger])
      return invalid(
        'fasttrack-options',
        `${smaller} (${options[smaller]}) must be at most half of ${larger} (${options[larger]})`,
      )
  }
  return OK
}
