import { OptionError } from './errors.ts'

/** How BitTorrent connections are encrypted: `allow` prefers plain ones, `prefer` encrypted ones, `require` takes no other. */
export const BT_ENCRYPTION = ['allow', 'prefer', 'require'] as const

/** Who is served when many want something. */
export const CHOKING_STRATEGIES = ['tit-for-tat', 'proportional-share'] as const

/** How a node takes part in swarms. */
export interface SwarmOptions {
  /**
   * Port for other BitTorrent clients, over TCP, on the hosts of `listen`. 0, the default: off; this node then trades with
   * onehop nodes only, neither listening for others nor dialling them.
   */
  readonly btPort?: number
  /** Default `allow`. */
  readonly btEncryption?: (typeof BT_ENCRYPTION)[number]
  /** Look for peers in the local network, and tell it what is here that is not private (BEP 14). Default: off. */
  readonly localDiscovery?: boolean
  /** Bytes a second for all content together; 0, the default: as much as there is. */
  readonly downloadLimit?: number
  readonly uploadLimit?: number
  /** Who is served when many want something. Default `tit-for-tat`. */
  readonly choking?: (typeof CHOKING_STRATEGIES)[number]
  /** Take the room on the disk before content comes. Default: files grow as pieces arrive. */
  readonly preallocate?: boolean
}

/** The same with every default filled in. */
export interface SwarmConfiguration {
  /** Absent: the TCP side is off. */
  readonly tcp:
    | {
        readonly port: number
        readonly hosts: readonly string[]
        readonly encryption: (typeof BT_ENCRYPTION)[number]
      }
    | undefined
  readonly localDiscovery: boolean
  readonly limits: { readonly downloadBytesPerSecond?: number; readonly uploadBytesPerSecond?: number }
  readonly strategy: (typeof CHOKING_STRATEGIES)[number]
  readonly preallocate: boolean
}

const MAX_PORT = 65_535

/** @param listen multiaddrs whose hosts are listened on. @throws {OptionError} when an option makes no sense. */
export function configureSwarm(options: SwarmOptions, listen: readonly string[]): SwarmConfiguration {
  const { btPort = 0, btEncryption = 'allow', localDiscovery = false, choking = 'tit-for-tat' } = options
  if (!Number.isInteger(btPort) || btPort < 0 || btPort > MAX_PORT)
    throw new OptionError(`The BitTorrent port must be between 0 and ${MAX_PORT}, not ${btPort}.`)
  if (localDiscovery && btPort === 0)
    throw new OptionError('Local discovery finds peers for the BitTorrent port, which is off; see --bt-port.')
  const download = checkRate('download', options.downloadLimit)
  const upload = checkRate('upload', options.uploadLimit)
  return {
    tcp: btPort === 0 ? undefined : { port: btPort, hosts: hostsOf(listen), encryption: btEncryption },
    localDiscovery,
    limits: {
      ...(download === 0 ? {} : { downloadBytesPerSecond: download }),
      ...(upload === 0 ? {} : { uploadBytesPerSecond: upload }),
    },
    strategy: choking,
    preallocate: options.preallocate === true,
  }
}

/** @throws {OptionError} */
function checkRate(what: string, bytesPerSecond = 0): number {
  if (Number.isSafeInteger(bytesPerSecond) && bytesPerSecond >= 0) return bytesPerSecond
  throw new OptionError(`The ${what} limit must be a number of bytes a second, not ${bytesPerSecond}.`)
}

/** `/ip4/127.0.0.1/tcp/4001` is `127.0.0.1`. */
function hostsOf(listen: readonly string[]): string[] {
  return [...new Set(listen.map(address => address.split('/')[2]!))]
}
