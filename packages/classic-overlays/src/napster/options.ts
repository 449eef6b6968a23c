import type { PeerId } from '@onehop/overlay'
import { invalid, OK, type Verdict } from '@onehop/primitives'
import { MAX_CLIENTS } from './limits.ts'

/** `auto`: who is the first becomes the index server, who joins others their client. */
export type NapsterRole = 'auto' | 'server' | 'client'

/** How a Napster node behaves. Each node's own choice. */
export interface NapsterOptions {
  readonly role: NapsterRole
  /** Only these peers count as servers. Absent: whoever says that it is one. */
  readonly trustedServers?: readonly PeerId[]
  /** Clients that this node serves, as a server. */
  readonly maxClients: number
  /** A client that has heard nothing from its server for this long says that it is there; so do servers to servers. */
  readonly keepAliveMs: number
  /** A server drops a client, or another server, of which it has heard nothing for this long. */
  readonly sessionTimeoutMs: number
  /** A pointer that its provider does not refresh vanishes after this. */
  readonly pointerLifetimeMs: number
  /** A provider refreshes its pointers this often. */
  readonly pointerRefreshMs: number
  /** A client that has lost its server, or a server that has lost another, looks for it this often. */
  readonly rejoinIntervalMs: number
  /** Time for an answer from a peer whose round-trip time is unknown, over an open connection. */
  readonly defaultTimeoutMs: number
  /** Least time for an answer (3 × measured round-trip time otherwise). */
  readonly minimumTimeoutMs: number
}

/**
 * Networks of strangers on the Internet. Napster's clients kept a TCP connection, whose end told the server that they
 * were gone; here four keep-alives that do not come tell it.
 */
export const NAPSTER_DEFAULT: NapsterOptions = Object.freeze({
  role: 'auto',
  maxClients: 20_000,
  keepAliveMs: 30_000,
  sessionTimeoutMs: 130_000,
  pointerLifetimeMs: 43_200_000,
  pointerRefreshMs: 14_400_000,
  rejoinIntervalMs: 20_000,
  defaultTimeoutMs: 1_500,
  minimumTimeoutMs: 500,
})

/** A testnet on one machine: the dead are gone within 7 s. */
export const NAPSTER_TESTNET: NapsterOptions = Object.freeze({
  role: 'auto',
  maxClients: 1_000,
  keepAliveMs: 1_000,
  sessionTimeoutMs: 6_000,
  pointerLifetimeMs: 30_000,
  pointerRefreshMs: 8_000,
  rejoinIntervalMs: 2_000,
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 400,
})

type Bounds = readonly [least: number, most: number]
const DAY_MS = 86_400_000

const BOUNDS: { readonly [Option in Exclude<keyof NapsterOptions, 'role' | 'trustedServers'>]: Bounds } = {
  maxClients: [1, MAX_CLIENTS],
  keepAliveMs: [50, DAY_MS],
  sessionTimeoutMs: [100, DAY_MS],
  pointerLifetimeMs: [2_000, 2 * DAY_MS - 3_600_000],
  pointerRefreshMs: [500, DAY_MS],
  rejoinIntervalMs: [100, DAY_MS],
  defaultTimeoutMs: [10, 60_000],
  minimumTimeoutMs: [1, 60_000],
}

const ROLES: readonly NapsterRole[] = ['auto', 'server', 'client']

function isWithin(value: unknown, [least, most]: Bounds): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

/** Whether the options make sense, and if not, one clear sentence. */
export function checkNapsterOptions(options: NapsterOptions): Verdict {
  if (!ROLES.includes(options.role))
    return invalid('napster-options', `role must be one of ${ROLES.join(', ')}, not ${String(options.role)}`)
  for (const [name, [least, most]] of Object.entries(BOUNDS) as [keyof typeof BOUNDS, Bounds][]) {
    const value: unknown = options[name]
    if (!isWithin(value, [least, most]))
      return invalid(
        'napster-options',
        `${name} must be an integer from ${least} to ${most}, not ${String(value)}`,
      )
  }
  return checkOrder(options)
}

function checkOrder(options: NapsterOptions): Verdict {
  const { keepAliveMs, sessionTimeoutMs, pointerRefreshMs, pointerLifetimeMs } = options
  if (2 * keepAliveMs > sessionTimeoutMs)
    return invalid('napster-options', 'sessionTimeoutMs must be at least twice keepAliveMs')
  if (2 * pointerRefreshMs > pointerLifetimeMs)
    return invalid('napster-options', 'pointerLifetimeMs must be at least twice pointerRefreshMs')
  return OK
}
