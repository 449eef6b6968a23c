import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_CONTACTS_PER_GROUP, MAX_GROUPS } from './limits.ts'

/** How a Kelips node behaves. All nodes of a network need the same `groups`; the rest is each node's own. */
export interface KelipsOptions {
  /** Affinity groups (k): a number, or 'auto' for one that follows the size of the network. */
  readonly groups: number | 'auto'
  /** Where k tunes itself: a group that would have fewer members than this on average merges with its sibling. */
  readonly minimumGroupMembers: number
  /** Contacts kept per foreign group (c), at least 2. */
  readonly contactsPerGroup: number
  /** Time between gossip rounds. */
  readonly gossipIntervalMs: number
  /** What gossip, probes and refreshes may send on average, in bytes a second. */
  readonly gossipBytesPerSecond: number
  /** Members of the own group that each round gossips to. */
  readonly gossipMembers: number
  /** Contacts that each round gossips to. */
  readonly gossipContacts: number
  /** A node signs a new heartbeat this often. */
  readonly heartbeatIntervalMs: number
  /** A peer of whom nothing was heard for this long is probed. */
  readonly suspectAfterMs: number
  /** A peer of whom nothing was heard for this long is gone, whatever the probes say. */
  readonly memberLifetimeMs: number
  /** A pointer that its provider does not refresh vanishes after this. */
  readonly pointerLifetimeMs: number
  /** A provider refreshes its pointers this often. */
  readonly pointerRefreshMs: number
  /** Members of a key's group that a publication is sent to directly; they tell the others. */
  readonly publishTargets: number
  /** Peers that a lookup asks at once. */
  readonly lookupParallelism: number
  /** Time for an answer from a peer whose round-trip time is unknown. */
  readonly defaultTimeoutMs: number
  /** Least time for an answer (3 × measured round-trip time otherwise): covers a dial and a busy machine. */
  readonly minimumTimeoutMs: number
  /** A departed peer, or an introducer when nobody is known, is looked for this often. */
  readonly rejoinIntervalMs: number
}

/** Networks of strangers on the Internet, of any size. */
export const KELIPS_DEFAULT: KelipsOptions = Object.freeze({
  groups: 'auto',
  minimumGroupMembers: 10,
  contactsPerGroup: 2,
  gossipIntervalMs: 4_000,
  gossipBytesPerSecond: 1_792,
  gossipMembers: 2,
  gossipContacts: 1,
  heartbeatIntervalMs: 15_000,
  suspectAfterMs: 80_000,
  memberLifetimeMs: 240_000,
  pointerLifetimeMs: 43_200_000,
  pointerRefreshMs: 14_400_000,
  publishTargets: 8,
  lookupParallelism: 2,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 300,
  rejoinIntervalMs: 30_000,
})

/** A testnet on one machine: the dead are gone within 10 s, their pointers within 30 s. */
export const KELIPS_TESTNET: KelipsOptions = Object.freeze({
  groups: 4,
  minimumGroupMembers: 10,
  contactsPerGroup: 4,
  gossipIntervalMs: 1_000,
  gossipBytesPerSecond: 4_096,
  gossipMembers: 2,
  gossipContacts: 2,
  heartbeatIntervalMs: 2_000,
  suspectAfterMs: 4_000,
  memberLifetimeMs: 10_000,
  pointerLifetimeMs: 30_000,
  pointerRefreshMs: 8_000,
  publishTargets: 8,
  lookupParallelism: 2,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 500,
  rejoinIntervalMs: 3_000,
})

type Bounds = readonly [least: number, most: number]
const DAY_MS = 86_400_000

const BOUNDS: { readonly [Option in Exclude<keyof KelipsOptions, 'groups'>]: Bounds } = {
  minimumGroupMembers: [2, 1_000],
  contactsPerGroup: [2, MAX_CONTACTS_PER_GROUP],
  gossipIntervalMs: [50, DAY_MS],
  gossipBytesPerSecond: [256, 1e9],
  gossipMembers: [1, 16],
  gossipContacts: [1, 16],
  heartbeatIntervalMs: [50, DAY_MS],
  suspectAfterMs: [100, DAY_MS],
  memberLifetimeMs: [200, DAY_MS],
  pointerLifetimeMs: [2_000, 2 * DAY_MS - 3_600_000],
  pointerRefreshMs: [500, DAY_MS],
  publishTargets: [2, 64],
  lookupParallelism: [1, 8],
  defaultTimeoutMs: [10, 60_000],
  minimumTimeoutMs: [1, 60_000],
  rejoinIntervalMs: [100, DAY_MS],
}

/** Pairs in which the first must be smaller than the second. */
const ORDER: readonly (readonly [keyof typeof BOUNDS, keyof typeof BOUNDS])[] = [
  ['heartbeatIntervalMs', 'suspectAfterMs'],
  ['suspectAfterMs', 'memberLifetimeMs'],
  ['gossipIntervalMs', 'memberLifetimeMs'],
  ['pointerRefreshMs', 'pointerLifetimeMs'],
]

function isWithin(value: unknown, [least, most]: Bounds): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

/** Whether the options make sense, and if not, one clear sentence. */
export function checkKelipsOptions(options: KelipsOptions): Verdict {
  if (options.groups !== 'auto' && !isWithin(options.groups, [1, MAX_GROUPS]))
    return invalid(
      'kelips-options',
      `groups must be 'auto' or an integer from 1 to ${MAX_GROUPS}, not ${String(options.groups)}`,
    )
  for (const [name, [least, most]] of Object.entries(BOUNDS) as [keyof typeof BOUNDS, Bounds][]) {
    const value: unknown = options[name]
    if (!isWithin(value, [least, most]))
      return invalid(
        'kelips-options',
        `${name} must be an integer from ${least} to ${most}, not ${String(value)}`,
      )
  }
  for (const [smaller, larger] of ORDER) {
    if (options[smaller] >= options[larger])
      return invalid(
        'kelips-options',
        `${smaller} (${options[smaller]}) must be less than ${larger} (${options[larger]})`,
      )
  }
  return OK
}
