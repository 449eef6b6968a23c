import type { Line, Round, Suite, SuiteOptions, Task } from '../suite.ts'
import { metric } from '../suite.ts'
import { benchChain, type ChainShape } from './bench-chain.ts'

const SPENDS: ChainShape = { kinds: ['p2pkh', 'p2wpkh'], spendBlocks: 10, spendsPerBlock: 3000 }
const TAPROOT: ChainShape = { ...SPENDS, kinds: ['p2tr'] }

function shapeOf(shape: ChainShape, { quick }: SuiteOptions): ChainShape {
  return quick ? { ...shape, spendBlocks: 3, spendsPerBlock: 500 } : shape
}

/** Coins and the cache's limit: room for a third of them. */
function coinsParameters({ quick }: SuiteOptions): Task['parameters'] {
  return quick ? { coins: 200_000, limitBytes: 10_000_000 } : { coins: 2_000_000, limitBytes: 100_000_000 }
}

/** What the launcher of `onehop` starts a node with: V8's young generation stays small. */
const NODE_MEMORY_OPTION = '--max-semi-space-size=8'

/** A part that is used as a library, by a process that is no node. */
function libraryTask(name: string, file: string, parameters: Task['parameters'] = {}): Task {
  return { name, module: new URL(file, import.meta.url).href, parameters, nodeArguments: [] }
}

function task(name: string, file: string, parameters: Task['parameters']): Task {
  return { ...libraryTask(name, file, parameters), nodeArguments: [NODE_MEMORY_OPTION] }
}

function connectTask(name: string, parameters: Task['parameters']): Task {
  return task(name, 'connect-task.ts', { ...parameters, collect: true })
}

const value = (taskName: string, name: string) => (round: Round) => metric(round, taskName, name)

const PER_CPU = 'transactionsPerCpuSecond'
const PER_WALL = 'transactionsPerSecond'
const RAW = 'verificationsPerCpuSecond'

const LINES: readonly Line[] = [
  {
    name: 'connect',
    what: 'block connect to disk, cold caches (P2PKH, P2WPKH)',
    tasks: ['connect', 'raw'],
    unit: 'tx/cpu s',
    measured: value('connect', PER_CPU),
    reference: value('raw', RAW),
    referenceName: 'raw ECDSA/cpu s',
    target: { atLeast: 0.6 },
  },
  {
    name: 'connect-taproot',
    what: 'block connect to disk, cold caches (taproot key path)',
    tasks: ['connect-taproot', 'raw-schnorr'],
    unit: 'tx/cpu s',
    measured: value('connect-taproot', PER_CPU),
    reference: value('raw-schnorr', RAW),
    referenceName: 'raw Schnorr/cpu s',
    target: { atLeast: 0.6 },
  },
  {
    name: 'connect-closed',
    what: 'the same, all coins written too and the chain closed (P2PKH, P2WPKH)',
    tasks: ['connect', 'raw'],
    unit: 'tx/cpu s',
    measured: value('connect', 'closedTransactionsPerCpuSecond'),
    reference: value('raw', RAW),
    referenceName: 'raw ECDSA/cpu s',
  },
  {
    name: 'connect-seen',
    what: 'block connect to disk when the mempool has seen the transactions',
    tasks: ['connect-seen', 'connect'],
    unit: 'tx/cpu s',
    measured: value('connect-seen', PER_CPU),
    reference: value('connect', PER_CPU),
    referenceName: 'cold',
    target: { atLeast: 8 },
  },
  {
    name: 'connect-threads',
    what: 'block connect on two threads, wall',
    tasks: ['connect-2', 'connect'],
    unit: 'tx/s',
    measured: value('connect-2', PER_WALL),
    reference: value('connect', PER_WALL),
    referenceName: 'on one',
    target: { atLeast: 1.7 },
  },
  {
    name: 'connect-taproot-threads',
    what: 'taproot blocks on two threads, wall',
    tasks: ['connect-taproot-2', 'connect-taproot'],
    unit: 'tx/s',
    measured: value('connect-taproot-2', PER_WALL),
    reference: value('connect-taproot', PER_WALL),
    referenceName: 'on one',
    target: { atLeast: 1.7 },
  },
  {
    name: 'mempool',
    what: 'mempool acceptance',
    tasks: ['mempool', 'raw'],
    unit: 'tx/cpu s',
    measured: value('mempool', PER_CPU),
    reference: value('raw', RAW),
    referenceName: 'raw ECDSA/cpu s',
    target: { atLeast: 0.5 },
  },
  {
    name: 'sync',
    what: 'initial sync from one peer, CPU time of the node that syncs',
    tasks: ['sync', 'connect'],
    unit: 'tx/cpu s',
    measured: value('sync', PER_CPU),
    reference: value('connect', PER_CPU),
    referenceName: 'local',
    target: { atLeast: 0.7 },
  },
  {
    name: 'sync-wall',
    what: 'the same, wall',
    tasks: ['sync', 'connect'],
    unit: 'tx/s',
    measured: value('sync', PER_WALL),
    reference: value('connect', PER_WALL),
    referenceName: 'local',
    target: { atLeast: 0.7 },
  },
  {
    name: 'parse',
    what: 'parse a 3,000-tx block',
    tasks: ['codec'],
    unit: 'MB/cpu s',
    measured: value('codec', 'parseMegabytesPerCpuSecond'),
    reference: value('codec', 'otherParseMegabytesPerCpuSecond'),
    referenceName: 'bitcoinjs-lib',
    target: { atLeast: 5 },
  },
  {
    name: 'serialize',
    what: 'serialise a 3,000-tx block',
    tasks: ['codec'],
    unit: 'MB/cpu s',
    measured: value('codec', 'serializeMegabytesPerCpuSecond'),
    reference: value('codec', 'otherSerializeMegabytesPerCpuSecond'),
    referenceName: 'bitcoinjs-lib',
    target: { atLeast: 7 },
  },
  {
    name: 'serialize-new',
    what: 'the same, made of fields and not parsed',
    tasks: ['codec'],
    unit: 'MB/cpu s',
    measured: value('codec', 'serializeNewMegabytesPerCpuSecond'),
    reference: value('codec', 'otherSerializeMegabytesPerCpuSecond'),
    referenceName: 'bitcoinjs-lib',
    target: { atLeast: 7 },
  },
  {
    name: 'txids',
    what: 'ids of 250-byte transactions',
    tasks: ['hashing'],
    unit: '/cpu s',
    measured: value('hashing', 'idsPerCpuSecond'),
    reference: value('hashing', 'nodeIdsPerCpuSecond'),
    referenceName: 'createHash',
    target: { atLeast: 5 },
  },
  {
    name: 'merkle',
    what: 'merkle roots of 2,000',
    tasks: ['hashing'],
    unit: '/cpu s',
    measured: value('hashing', 'rootsPerCpuSecond'),
    reference: value('hashing', 'nodeRootsPerCpuSecond'),
    referenceName: 'createHash',
    target: { atLeast: 9 },
  },
  {
    name: 'mining',
    what: 'mining, one core',
    tasks: ['mining'],
    unit: 'hashes/cpu s',
    measured: value('mining', 'hashesPerCpuSecond'),
    reference: value('mining', 'nodeHashesPerCpuSecond'),
    referenceName: 'createHash',
    target: { atLeast: 18 },
  },
  {
    name: 'mining-threads',
    what: 'mining on two threads, wall',
    tasks: ['mining-1', 'mining-2'],
    unit: 'hashes/s',
    measured: value('mining-2', 'hashesPerSecond'),
    reference: value('mining-1', 'hashesPerSecond'),
    referenceName: 'on one',
    target: { atLeast: 1.8 },
  },
  {
    name: 'memory',
    what: 'RSS after the chain',
    tasks: ['memory'],
    unit: 'MB',
    measured: value('memory', 'rssMegabytes'),
    target: { atMost: 200 },
  },
  {
    name: 'memory-threads',
    what: 'RSS after the chain on two threads',
    tasks: ['memory-2'],
    unit: 'MB',
    measured: value('memory-2', 'rssMegabytes'),
    target: { atMost: 200 },
  },
  {
    name: 'coins',
    what: 'coins cache at its limit of 100 MB, 2,000,000 coins: memory held',
    tasks: ['coins'],
    unit: '× the limit',
    measured: value('coins', 'heldToLimit'),
    target: { atMost: 1.1 },
  },
  {
    name: 'coins-rss',
    what: 'the same, growth of RSS, LevelDB and batches included',
    tasks: ['coins'],
    unit: '× the limit',
    measured: value('coins', 'rssToLimit'),
  },
]

/** The speed table of issue 3. */
export const suite: Suite = {
  name: 'ledger',
  async prepare(options) {
    const chain = benchChain(shapeOf(SPENDS, options), options.progress).folder
    const taproot = benchChain(shapeOf(TAPROOT, options), options.progress).folder
    const tasks = [
      task('raw', 'raw-task.ts', { chain }),
      connectTask('connect', { chain, threads: 1 }),
      connectTask('connect-2', { chain, threads: 2 }),
      connectTask('connect-seen', { chain, threads: 1, seen: true }),
      task('raw-schnorr', 'raw-task.ts', { chain: taproot }),
      connectTask('connect-taproot', { chain: taproot, threads: 1 }),
      connectTask('connect-taproot-2', { chain: taproot, threads: 2 }),
      task('memory', 'connect-task.ts', { chain, threads: 1 }),
      task('memory-2', 'connect-task.ts', { chain, threads: 2 }),
      task('mempool', 'mempool-task.ts', { chain, threads: 1 }),
      task('sync', 'sync-task.ts', { chain, threads: 1 }),
      libraryTask('codec', 'codec-task.ts', { chain }),
      libraryTask('hashing', 'hashing-task.ts'),
      task('mining', 'mining-task.ts', { threads: 0 }),
      task('mining-1', 'mining-task.ts', { threads: 1 }),
      task('mining-2', 'mining-task.ts', { threads: 2 }),
      task('coins', 'coins-task.ts', coinsParameters(options)),
    ]
    return { tasks, lines: LINES }
  },
}
