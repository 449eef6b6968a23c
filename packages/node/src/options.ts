import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import {
  DEFAULT_COINS_CACHE_BYTES,
  defaultScriptThreads,
  MAX_COINS_CACHE_BYTES,
  MAX_SCRIPT_THREADS,
  MIN_COINS_CACHE_BYTES,
} from '@onehop/chain'
import {
  type BlockHash,
  type ChainParameters,
  hexToBlockHash,
  isMoney,
  MAX_MEMPOOL_BYTES,
  MEMPOOL_EXPIRY_SECONDS,
  MIN_RELAY_FEE_RATE,
  NETWORK_NAMES,
  parametersOf,
} from '@onehop/ledger'
import { isOverlayName, OVERLAYS, type OverlayName } from '@onehop/rpc'
import { OptionError } from './errors.ts'
import { MAX_MEMPOOL_MEGABYTES, MIN_MEMPOOL_MEGABYTES } from './limits.ts'
import { configureSwarm, type SwarmConfiguration, type SwarmOptions } from './swarm-options.ts'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What a node is started with. Everything has a default; all of it is checked once, here. */
export interface NodeOptions extends SwarmOptions {
  /** Name of the chain: `regtest`, or `onehop`, the public network. */
  readonly network?: string
  /** Folder of everything that must last. Default `~/.onehop/<network>` (`ONEHOP_HOME` replaces `~/.onehop`). */
  readonly datadir?: string
  /** Keep nothing on disk. */
  readonly inMemory?: boolean
  /**
   * Name of the overlay that content is found by: `kelips` (default), `napster`, `gnutella`, `fasttrack`, `chord` or
   * `pastry`. Nodes of different overlays share the chain, and do not find each other's content.
   */
  readonly overlay?: string
  /** Multiaddrs to listen on; default one free port on 127.0.0.1. An empty list: dial only. */
  readonly listen?: readonly string[]
  /** Whether to relay to peers that nobody can dial. Default: a node that listens does. */
  readonly relay?: boolean
  /** Multiaddrs of nodes to join through. */
  readonly connect?: readonly string[]
  /** Whether to join the peer-to-peer network. Default: yes on disk; in memory when `listen` or `connect` is given. */
  readonly peerToPeer?: boolean
  /** Port of the RPC server on 127.0.0.1, 0 for any free one. Default: the chain's (regtest 18443, onehop 28443); none in memory. */
  readonly rpcPort?: number
  /** What people call this node, shown in its status. */
  readonly name?: string
  readonly logLevel?: LogLevel
  /** Keep an index of all transactions of the chain. Can be switched on and off at any start. */
  readonly txindex?: boolean
  /**
   * MiB that blocks may take on the disk, 550 or more: older ones are deleted. 1 deletes what is asked for
   * (`pruneblockchain`), 0 nothing, which is the default.
   */
  readonly prune?: number
  /** Hash of a block whose scripts, and those before it, are trusted, once two weeks of work are on it. Default none. */
  readonly assumeValid?: string
  /** Keep the filters of all blocks (BIP 158). Can be switched on and off at any start. */
  readonly blockFilterIndex?: boolean
  /** Memory in MiB for unspent outputs, 4 to 16,384. Default 450. What is needed is taken, and no more. */
  readonly dbcacheMebibytes?: number
  /** Threads that check the scripts of large blocks, 1 to 16. Default one for each core. */
  readonly threads?: number
  /** Memory in MB (10^6 bytes) for transactions that wait for a block, 5 at least. Default 300. */
  readonly maxMempoolMegabytes?: number
  /** Fee rate below which no transaction is taken, in satoshis per 1,000 virtual bytes. Default 100. */
  readonly minRelayFeeRate?: bigint
  /** Hours after which a transaction that no block took is forgotten. Default 336. */
  readonly mempoolExpiryHours?: number
  /** Mine a block each so many milliseconds. */
  readonly mineIntervalMs?: number
}

/** Options with every default filled in. */
export interface NodeConfiguration {
  readonly parameters: ChainParameters
  /** Absent: in memory. */
  readonly datadir: string | undefined
  readonly overlay: OverlayName
  readonly listen: readonly string[]
  readonly relay: boolean
  readonly swarm: SwarmConfiguration
  readonly connect: readonly string[]
  readonly peerToPeer: boolean
  readonly rpcPort: number | undefined
  readonly name: string | undefined
  readonly logLevel: LogLevel
  readonly txindex: boolean
  /** Absent: all blocks are kept. */
  readonly prune: { readonly targetBytes: number | undefined } | undefined
  readonly assumedValid: BlockHash | undefined
  readonly blockFilterIndex: boolean
  readonly coinsCacheBytes: number
  readonly threads: number
  readonly mempool: MempoolBounds
  readonly mineIntervalMs: number | undefined
}

/** Bounds of the mempool, in the ledger's units. */
interface MempoolBounds {
  readonly limit: number
  readonly minRelayFeeRate: bigint
  readonly expirySeconds: number
}

const DEFAULT_LISTEN = ['/ip4/127.0.0.1/tcp/0']
const MAX_PORT = 65_535
const MEBIBYTE = 1024 * 1024
/** MiB that 288 blocks, their undo data and what is written meanwhile may take (Core's MIN_DISK_SPACE_FOR_BLOCK_FILES). */
const MIN_PRUNE_MEBIBYTES = 550
/** Of `prune`: only what is asked for is deleted. */
const MANUAL_PRUNE = 1
const MEGABYTE = 1_000_000
const SECONDS_PER_HOUR = 3_600

/** `~/.onehop`, or what `ONEHOP_HOME` says. */
export function onehopHome(): string {
  return process.env.ONEHOP_HOME ?? join(homedir(), '.onehop')
}

/** The folder of a node of the network when none is given. */
export function defaultDatadir(network: string): string {
  return join(onehopHome(), network)
}

/** @throws {OptionError} for a port that is none. */
function checkPort(port: number | undefined): number | undefined {
  if (port === undefined || (Number.isInteger(port) && port >= 0 && port <= MAX_PORT)) return port
  throw new OptionError(`The RPC port must be between 0 and ${MAX_PORT}, not ${port}.`)
}

/** @throws {OptionError} for a size that is too small to be of use or too large to be addressed. */
function checkCache(mebibytes: number | undefined): number {
  if (mebibytes === undefined) return DEFAULT_COINS_CACHE_BYTES
  const bytes = mebibytes * MEBIBYTE
  if (bytes >= MIN_COINS_CACHE_BYTES && bytes <= MAX_COINS_CACHE_BYTES) return bytes
  const [least, most] = [MIN_COINS_CACHE_BYTES / MEBIBYTE, MAX_COINS_CACHE_BYTES / MEBIBYTE]
  throw new OptionError(`--dbcache wants between ${least} and ${most} MiB, not ${mebibytes}.`)
}

/** @throws {OptionError} for a number of threads that is none, or more than are of use. */
function checkThreads(threads: number | undefined): number {
  if (threads === undefined) return defaultScriptThreads()
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_SCRIPT_THREADS) return threads
  throw new OptionError(`--threads wants between 1 and ${MAX_SCRIPT_THREADS}, not ${threads}.`)
}

function checkInterval(intervalMs: number | undefined): number | undefined {
  if (intervalMs === undefined || (Number.isFinite(intervalMs) && intervalMs > 0)) return intervalMs
  throw new OptionError(`The mining interval must be more than 0 ms, not ${intervalMs}.`)
}

/** @throws {OptionError} in Core's words. */
function checkPrune({ prune = 0, txindex = false }: NodeOptions): NodeConfiguration['prune'] {
  if (prune === 0) return undefined
  if (!Number.isInteger(prune) || prune < 0)
    throw new OptionError('Prune cannot be configured with a negative value.')
  if (txindex) throw new OptionError('Prune mode is incompatible with --txindex.')
  if (prune === MANUAL_PRUNE) return { targetBytes: undefined }
  if (prune >= MIN_PRUNE_MEBIBYTES) return { targetBytes: prune * MEBIBYTE }
  throw new OptionError(
    `Prune configured below the minimum of ${MIN_PRUNE_MEBIBYTES} MiB. Please use a higher number.`,
  )
}

/** @throws {OptionError} for a text that is no block hash; `0` is none. */
function checkAssumedValid(hash: string | undefined): BlockHash | undefined {
  if (hash === undefined || hash === '0') return undefined
  if (/^[0-9a-f]{64}$/i.test(hash)) return hexToBlockHash(hash)
  throw new OptionError(
    `--assumevalid wants a block hash of 64 hexadecimal digits, or 0 for none, not "${hash}".`,
  )
}

/** @throws {OptionError} for bounds that no mempool can have. */
function checkMempool(options: NodeOptions): MempoolBounds {
  const {
    maxMempoolMegabytes: megabytes = MAX_MEMPOOL_BYTES / MEGABYTE,
    minRelayFeeRate = MIN_RELAY_FEE_RATE,
    mempoolExpiryHours: hours = MEMPOOL_EXPIRY_SECONDS / SECONDS_PER_HOUR,
  } = options
  if (!(megabytes >= MIN_MEMPOOL_MEGABYTES && megabytes <= MAX_MEMPOOL_MEGABYTES)) {
    throw new OptionError(
      `The mempool wants between ${MIN_MEMPOOL_MEGABYTES} and ${MAX_MEMPOOL_MEGABYTES} MB, not ${megabytes}.`,
    )
  }
  if (!isMoney(minRelayFeeRate)) throw new OptionError('The least fee rate must be an amount of money.')
  if (!(hours >= 1 && Number.isFinite(hours)))
    throw new OptionError(`Transactions must be kept for an hour at least, not for ${hours}.`)
  return { limit: megabytes * MEGABYTE, minRelayFeeRate, expirySeconds: hours * SECONDS_PER_HOUR }
}

/** @throws {OptionError} for a name that no overlay has. */
function checkOverlay(name: string): OverlayName {
  if (isOverlayName(name)) return name
  throw new OptionError(`There is no overlay "${name}"; this version runs ${listed(OVERLAYS)}.`)
}

/** `a, b and c` */
function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

const MULTIADDR = /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/tcp\/(\d{1,5})(\/p2p\/[1-9A-HJ-NP-Za-km-z]{46,60})?$/

/** @throws {OptionError} for a text that is no multiaddr of TCP, the one transport that there is. */
function checkAddresses(option: 'listen' | 'connect', addresses: readonly string[]): readonly string[] {
  const wrong = addresses.find(address => !isTcpAddress(address))
  if (wrong === undefined) return addresses
  const example = option === 'listen' ? '/ip4/127.0.0.1/tcp/0' : '/ip4/127.0.0.1/tcp/40001/p2p/12D3KooW…'
  throw new OptionError(`--${option} wants a multiaddr such as ${example}, not "${wrong}".`)
}

function isTcpAddress(address: string): boolean {
  const [, protocol, host = '', port] = MULTIADDR.exec(address) ?? []
  if (protocol === undefined || Number(port) > MAX_PORT) return false
  return protocol.startsWith('dns') || isIP(host) === Number(protocol.slice(2))
}

function isBtOn({ btPort = 0 }: NodeOptions): boolean {
  return btPort > 0
}

/** @throws {OptionError} when an option makes no sense. */
export function configure(options: NodeOptions): NodeConfiguration {
  const network = options.network ?? 'regtest'
  const parameters = parametersOf(network)
  if (parameters === undefined) {
    throw new OptionError(`There is no network "${network}"; this version runs ${listed(NETWORK_NAMES)}.`)
  }
  if (options.inMemory && options.datadir !== undefined) {
    throw new OptionError('A node is either in memory or in a datadir; leave one of the two out.')
  }
  const datadir = options.inMemory ? undefined : resolve(options.datadir ?? defaultDatadir(network))
  const asksForPeers = options.listen !== undefined || options.connect !== undefined || isBtOn(options)
  const listen = checkAddresses('listen', options.listen ?? DEFAULT_LISTEN)
  return {
    parameters,
    datadir,
    overlay: checkOverlay(options.overlay ?? OVERLAYS[0]),
    listen,
    swarm: configureSwarm(options, listen),
    relay: options.relay ?? true,
    connect: checkAddresses('connect', options.connect ?? []),
    peerToPeer: options.peerToPeer ?? (datadir !== undefined || asksForPeers),
    rpcPort: checkPort(options.rpcPort ?? (datadir === undefined ? undefined : parameters.rpcPort)),
    name: options.name,
    logLevel: options.logLevel ?? (datadir === undefined ? 'silent' : 'info'),
    txindex: options.txindex ?? false,
    prune: checkPrune(options),
    assumedValid: checkAssumedValid(options.assumeValid),
    blockFilterIndex: options.blockFilterIndex ?? false,
    coinsCacheBytes: checkCache(options.dbcacheMebibytes),
    threads: checkThreads(options.threads),
    mempool: checkMempool(options),
    mineIntervalMs: checkInterval(options.mineIntervalMs),
  }
}
