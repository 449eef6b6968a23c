import { flushCompileCache } from 'node:module'
import { Flags } from '@oclif/core'
import type { NodeStatus, OverlayName } from '@onehop/rpc'
import { feeRate, overlayName, transferLimit, wholeNumber } from '../arguments.ts'
import { tellFailure } from '../failure.ts'
import { fields } from '../format.ts'
import { onInterrupt } from '../interruption.ts'
import { OutputCommand, outputFlags } from '../node-command.ts'
import { writeError } from '../output.ts'
import { onParentGone } from '../parent.ts'
import { showSync } from '../sync-progress.ts'

/** The interval of a miner that begins with the next block at once, in milliseconds. */
const ALWAYS_MS = 1

/** In the node's words; its package is imported in `run` only. */
const BT_ENCRYPTION = ['allow', 'prefer', 'require'] as const
const CHOKING_STRATEGIES = ['tit-for-tat', 'proportional-share'] as const

const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const

export class Start extends OutputCommand {
  static override summary = 'Run one node in the foreground until Ctrl-C stops it.'
  static override baseFlags = outputFlags
  static override flags = {
    network: Flags.string({
      description: 'Name of the chain: regtest, or onehop, the public network with real work.',
      default: 'regtest',
    }),
    mine: Flags.boolean({
      description: 'Mine all the time, on all processors but one.',
      exclusive: ['mine-interval'],
    }),
    datadir: Flags.string({ description: 'Where everything is kept. Default: ~/.onehop/<network>.' }),
    listen: Flags.string({
      description: 'Multiaddr to listen on; may be given again. Default: a free port of 127.0.0.1.',
      helpValue: 'ADDR',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'no-listen': Flags.boolean({
      description: 'Listen nowhere, as behind a firewall: others come through peers that relay.',
      exclusive: ['listen'],
    }),
    'no-relay': Flags.boolean({
      description: 'Relay nothing to peers that nobody can dial.',
    }),
    overlay: Flags.custom<OverlayName>({
      description:
        'What content is found by: kelips, napster, gnutella, fasttrack, chord or pastry. Default: kelips.',
      env: 'ONEHOP_OVERLAY',
      helpValue: 'NAME',
      parse: overlayName('--overlay'),
    })(),
    connect: Flags.string({
      description: 'Multiaddr of a node to join through; may be given again.',
      helpValue: 'ADDR',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'rpc-port': Flags.custom<number>({
      description: "Port of the RPC server, 0 for any free one. Default: the network's.",
      parse: wholeNumber('--rpc-port', { min: 0, max: 65_535 }),
    })(),
    'bt-port': Flags.custom<number>({
      description:
        'Port for other BitTorrent clients (TCP), on the hosts of --listen. Default: 0, off: onehop nodes only.',
      env: 'ONEHOP_BT_PORT',
      parse: wholeNumber('--bt-port', { min: 0, max: 65_535 }),
    })(),
    'bt-encryption': Flags.option({
      description:
        'allow: plain, encrypted where the other wants it; prefer: the other way; require: no other.',
      env: 'ONEHOP_BT_ENCRYPTION',
      options: BT_ENCRYPTION,
    })(),
    'local-discovery': Flags.boolean({
      description: 'Find BitTorrent peers in the local network, and be found there.',
      env: 'ONEHOP_LOCAL_DISCOVERY',
    }),
    'download-limit': Flags.custom<number>({
      description: 'Bytes a second for all content together: 500K, 2M. Default: 0, no limit.',
      env: 'ONEHOP_DOWNLOAD_LIMIT',
      helpValue: 'RATE',
      parse: transferLimit('--download-limit'),
    })(),
    'upload-limit': Flags.custom<number>({
      description: 'The same for what is sent.',
      env: 'ONEHOP_UPLOAD_LIMIT',
      helpValue: 'RATE',
      parse: transferLimit('--upload-limit'),
    })(),
    choking: Flags.option({
      description: 'Who is served when many want something: tit-for-tat, the default, or in proportion.',
      env: 'ONEHOP_CHOKING',
      options: CHOKING_STRATEGIES,
    })(),
    preallocate: Flags.boolean({
      description:
        'Take the room on the disk before content comes: a full disk is said at once, not half-way.',
      env: 'ONEHOP_PREALLOCATE',
    }),
    name: Flags.string({ description: 'What to call the node in its status.' }),
    'log-level': Flags.option({
      description: 'How much goes into debug.log.',
      options: LOG_LEVELS,
    })(),
    assumevalid: Flags.string({
      description:
        'Hash of a block up to which scripts are not run again, once two weeks of work are on it. Default: none.',
      env: 'ONEHOP_ASSUMEVALID',
      helpValue: 'HASH',
    }),
    prune: Flags.custom<number>({
      description:
        'MiB that blocks may take, 550 or more: older ones are deleted. 1 for pruneblockchain only. Default: 0, all stay.',
      env: 'ONEHOP_PRUNE',
      parse: wholeNumber('--prune', { min: 0, max: 1_000_000_000 }),
    })(),
    txindex: Flags.boolean({
      description:
        'Keep an index of all transactions (getrawtransaction finds any). Built once, in the background.',
      env: 'ONEHOP_TXINDEX',
    }),
    blockfilterindex: Flags.boolean({
      description:
        'Keep the filters of all blocks, for light clients (BIP 158). Built once, in the background.',
      env: 'ONEHOP_BLOCKFILTERINDEX',
    }),
    dbcache: Flags.custom<number>({
      description: 'Memory for unspent outputs in MiB, 4 to 16384. Default: 450.',
      env: 'ONEHOP_DBCACHE',
      parse: wholeNumber('--dbcache', { min: 4, max: 16_384 }),
    })(),
    threads: Flags.custom<number>({
      description: 'Threads that check the scripts of large blocks, 1 to 16. Default: one for each core.',
      env: 'ONEHOP_THREADS',
      parse: wholeNumber('--threads', { min: 1, max: 16 }),
    })(),
    maxmempool: Flags.custom<number>({
      description: 'Memory for transactions that wait for a block, in MB, 5 at least. Default: 300.',
      env: 'ONEHOP_MAXMEMPOOL',
      parse: wholeNumber('--maxmempool', { min: 5, max: 16_000 }),
    })(),
    minrelaytxfee: Flags.custom<bigint>({
      description: 'Take no transaction that pays less, in BTC for 1,000 virtual bytes. Default: 0.000001.',
      env: 'ONEHOP_MINRELAYTXFEE',
      helpValue: 'BTC',
      parse: feeRate('--minrelaytxfee'),
    })(),
    mempoolexpiry: Flags.custom<number>({
      description: 'Hours after which a transaction that no block took is forgotten. Default: 336.',
      env: 'ONEHOP_MEMPOOLEXPIRY',
      parse: wholeNumber('--mempoolexpiry', { min: 1, max: 1_000_000 }),
    })(),
    'mine-interval': Flags.custom<number>({
      description: 'Mine a block each so many milliseconds.',
      hidden: true,
      parse: wholeNumber('--mine-interval', { min: 1, max: 86_400_000 }),
    })(),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --network onehop --mine',
    '<%= config.bin %> <%= command.id %> --overlay chord',
    '<%= config.bin %> <%= command.id %> --bt-port 6881 --upload-limit 2M',
    '<%= config.bin %> <%= command.id %> --datadir /tmp/a --rpc-port 0 --connect /ip4/127.0.0.1/tcp/40001/p2p/12D3KooW…',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(Start)
    const stop = stopRequest()
    // Here and not above: it brings libp2p and the store along, and the other commands start without.
    const { startNode } = await import('@onehop/node')
    const node = await startNode(
      definedOnly({
        network: flags.network,
        datadir: flags.datadir,
        overlay: flags.overlay,
        relay: flags['no-relay'] ? false : undefined,
        listen: flags['no-listen'] ? [] : flags.listen,
        connect: flags.connect,
        rpcPort: flags['rpc-port'],
        btPort: flags['bt-port'],
        btEncryption: flags['bt-encryption'],
        localDiscovery: flags['local-discovery'],
        downloadLimit: flags['download-limit'],
        uploadLimit: flags['upload-limit'],
        choking: flags.choking,
        preallocate: flags.preallocate,
        name: flags.name,
        logLevel: flags['log-level'],
        assumeValid: flags.assumevalid,
        prune: flags.prune,
        txindex: flags.txindex,
        blockFilterIndex: flags.blockfilterindex,
        dbcacheMebibytes: flags.dbcache,
        threads: flags.threads,
        maxMempoolMegabytes: flags.maxmempool,
        minRelayFeeRate: flags.minrelaytxfee,
        mempoolExpiryHours: flags.mempoolexpiry,
        mineIntervalMs: flags.mine ? ALWAYS_MS : flags['mine-interval'],
      }),
    )
    // What was compiled now, the other nodes of a testnet need not compile again.
    flushCompileCache()
    const status = await node.status()
    this.show(status, flags, { text: () => describe(status), ids: () => [status.peerId] })
    surviveStrayRejections()
    const endSync = showSync(node)
    const asked = await Promise.race([stop, node.stopped.then(() => false)])
    endSync()
    if (asked) writeError('Stopping…')
    await node.stop()
    writeError('The node has stopped.')
  }
}

/** A promise that nobody waits for must not end a node: what failed is told, and the rest goes on. */
function surviveStrayRejections(): void {
  process.on('unhandledRejection', reason => {
    writeError(`Something failed unexpectedly, and the node goes on: ${tellFailure(reason).message}`)
  })
}

/** Resolves when somebody wants the node to stop: Ctrl-C, a signal, or the end of the process that started it. */
function stopRequest(): Promise<true> {
  return new Promise(resolve => {
    onInterrupt(() => resolve(true))
    onParentGone(() => resolve(true))
  })
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without what was not given, so that the node's defaults hold. */
function definedOnly<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>
}

function describe(status: NodeStatus): string {
  return fields({
    node: `${status.name ?? 'unnamed'} on ${status.network}, pid ${status.pid}`,
    RPC: status.rpc,
    'peer id': status.peerId,
    addresses: status.addresses.join('\n           ') || 'none yet',
    'BT port': status.btPort === 0 ? 'off' : status.btPort,
    datadir: status.datadir,
    overlay: status.overlay.name,
    address: status.address,
    height: status.height,
  })
}
