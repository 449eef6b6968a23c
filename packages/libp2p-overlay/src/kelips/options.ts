import { InvalidParametersError } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { checkKelipsOptions, KELIPS_DEFAULT, type KelipsOptions } from '@onehop/kelips'
import { describeRejection } from '@onehop/primitives'
import {
  DEFAULT_MAX_CONNECTIONS,
  DEFAULT_READY_TIMEOUT_MS,
  LEAST_MAX_CONNECTIONS,
  MAX_TIMEOUT_MS,
} from '../limits.ts'
import type { PenaltyLedger } from '../penalty-ledger.ts'

/** How `kelips()` behaves on a libp2p node. Everything has a default. */
export interface KelipsServiceInit {
  /**
   * Multiaddrs of nodes to enter the overlay through. Without any, the service enters through whatever peer libp2p
   * finds that speaks the protocol (bootstrap, mDNS, a connection made by the application).
   */
  readonly introducers?: readonly string[]
  /** Changes to the preset `KELIPS_DEFAULT` of @onehop/kelips; `KELIPS_TESTNET` is quicker on one machine. */
  readonly options?: Partial<KelipsOptions>
  /** Before `kelips/1` in the stream protocol's name: networks with different prefixes do not meet. Default `/onehop/`. */
  readonly protocolPrefix?: string
  /** Who misbehaved; to be shared with other protocols of the node. Default: an own ledger. */
  readonly penalties?: PenaltyLedger
  /** Peers with an open stream of the overlay, at most. Default `DEFAULT_MAX_CONNECTIONS`. */
  readonly maxConnections?: number
  /** How long an operation waits for a node that has just started to enter, in ms. Default `DEFAULT_READY_TIMEOUT_MS`. */
  readonly readyTimeoutMs?: number
}

/** The same with every default in its place, and found to make sense. */
export interface KelipsServiceOptions {
  readonly introducers: readonly string[]
  readonly options: KelipsOptions
  readonly protocolPrefix: string
  readonly penalties: PenaltyLedger | undefined
  readonly maxConnections: number
  readonly readyTimeoutMs: number
}

/** @throws {InvalidParametersError} with one sentence that names what is wrong. */
export function parseKelipsInit(init: KelipsServiceInit): KelipsServiceOptions {
  const parsed = {
    introducers: [...(init.introducers ?? [])],
    options: { ...KELIPS_DEFAULT, ...init.options },
    protocolPrefix: init.protocolPrefix ?? '/onehop/',
    penalties: init.penalties,
    maxConnections: init.maxConnections ?? DEFAULT_MAX_CONNECTIONS,
    readyTimeoutMs: init.readyTimeoutMs ?? DEFAULT_READY_TIMEOUT_MS,
  }
  for (const address of parsed.introducers) assertMultiaddr(address)
  const verdict = checkKelipsOptions(parsed.options)
  if (!verdict.ok) throw new InvalidParametersError(describeRejection(verdict))
  if (!/^\/(?:[^/\s]+\/)*$/.test(parsed.protocolPrefix))
    throw new InvalidParametersError(`protocolPrefix must begin and end with /, not ${parsed.protocolPrefix}`)
  assertInteger('maxConnections', parsed.maxConnections, LEAST_MAX_CONNECTIONS, Number.MAX_SAFE_INTEGER)
  assertInteger('readyTimeoutMs', parsed.readyTimeoutMs, 0, MAX_TIMEOUT_MS)
  return parsed
}

function assertMultiaddr(address: string): void {
  try {
    multiaddr(address)
  } catch {
    throw new InvalidParametersError(`the introducer ${address} is no multiaddr`)
  }
}

function assertInteger(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new InvalidParametersError(
      `${name} must be an integer from ${least} to ${most}, not ${String(value)}`,
    )
}
