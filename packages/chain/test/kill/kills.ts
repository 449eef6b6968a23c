import assert from 'node:assert/strict'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  blockHashToHex,
  createBlockFilter,
  type HeaderNode,
  hexToBlockHash,
  parseBlock,
  REGTEST,
} from '@onehop/ledger'
import { bytesToHex, hexToBytes, randomBelow, SeededRandom } from '@onehop/primitives'
import { ChainStore } from '../../src/chain-store.ts'
import { BlockFilterIndex, Chain, DiskStorage, TransactionIndex } from '../../src/index.ts'
import { NaiveReplay } from '../support/naive-coins.ts'
import { openOptions } from '../support/regtest.ts'

const CHILD = join(import.meta.dirname, 'restless-child.ts')
const DATADIR = 'datadir'
/** Kills that one datadir lives through: later ones take longer to open. */
const KILLS_PER_DATADIR = 250
/** From the moment when the child begins to open the datadir, or has opened it. */
const MAX_LIFE_MS = 250
/** One child in so many is killed from the beginning of opening on, which takes what time it takes on a busy machine. */
const KILLED_WHILE_OPENING = 4
/** Blocks below the tip whose coins the model remembers: more than a child reorganises. */
const REMEMBERED_BLOCKS = 60

/** What many kills met with. */
export interface KillSummary {
  readonly seed: number
  kills: number
  acknowledgedBlocks: number
  /** Kills while the child was opening the datadir. */
  whileOpening: number
  /** Kills after which the coins lagged behind the acknowledged tip. */
  laggingCoins: number
  /** Kills in the middle of a flush of several batches. */
  unfinishedFlushes: number
}

/** The highest blocks' transactions are found, and their filters are as made anew. */
async function checkIndexes(chain: Chain): Promise<void> {
  await chain.indexes.idle()
  for (const { synced, height } of chain.indexes.progress())
    assert(synced && height === chain.tip.height, 'an index has not caught up')
  for (let node = chain.tip; node.parent && node.height > chain.tip.height - 20; node = node.parent) {
    const block = await chain.getBlock(node.hash)
    const undo = await chain.getUndo(node.hash)
    const [before, stored] = [
      await chain.indexes.findFilter(node.parent),
      await chain.indexes.findFilter(node),
    ]
    assert(block && undo && before && stored && before !== 'not indexed' && stored !== 'not indexed')
    const filter = createBlockFilter(block, undo)
    assert.deepEqual(stored.filter.bytes, filter.bytes, 'another filter')
    assert.deepEqual(stored.header, filter.headerAfter(before.header), 'another filter header')
    for (const { txid } of block.transactions) {
      const found = await chain.findTransaction(txid)
      assert(found?.node === node, 'a transaction is not found where it is')
    }
  }
}

/** A child that waits to be told to go, and what it has said since. */
class Child {
  readonly process: ChildProcessWithoutNullStreams
  private readonly closed: Promise<unknown>
  private output = ''
  private errors = ''

  constructor(folder: string, seed: number) {
    const options = ['--conditions=@onehop/source', CHILD, join(folder, DATADIR), String(seed)]
    const env = { ...process.env, NODE_COMPILE_CACHE: join(folder, 'compiled') }
    this.process = spawn(process.execPath, options, { env })
    this.closed = once(this.process, 'close')
    this.process.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.output += text
    })
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text
    })
    // It may be dead when it is told to go.
    this.process.stdin.on('error', () => undefined)
  }

  /**
   * Lets it live so long after it has said the word, and returns what it said. What it was saying when it died does not
   * count.
   */
  async run(from: 'opening' | 'open', lifeMs: number): Promise<string[]> {
    await this.says('waiting')
    this.process.stdin.write('go\n')
    await this.says(from)
    await sleep(lifeMs)
    await this.kill()
    return this.output.split('\n').slice(0, -1)
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.closed
    assert(this.process.signalCode === 'SIGKILL', `the child ended by itself: ${this.errors}`)
  }

  private async says(line: string): Promise<void> {
    while (!this.output.includes(`${line}\n`)) {
      assert(this.process.exitCode === null, `the child ended by itself: ${this.errors}`)
      await Promise.race([once(this.process.stdout, 'data'), this.closed])
    }
  }
}

/** One datadir, the model of what it must hold, and the kills that it has lived through. */
class Ordeal {
  private readonly datadir: string
  private readonly summary: KillSummary
  private readonly model = new NaiveReplay(REGTEST.genesis.hash)
  private readonly acknowledged = new Set<string>()
  /** Blocks that must be here with all before them: the tip may not be older. A body may come before its parent's. */
  private readonly linked = new Set<string>()

  constructor(datadir: string, summary: KillSummary) {
    this.datadir = datadir
    this.summary = summary
  }

  /** Hears what a killed child said, and looks at what it left. */
  async check(lines: readonly string[]): Promise<void> {
    const acknowledged: string[] = []
    for (const line of lines) {
      const [word, value = ''] = line.split(' ')
      if (word === 'block') this.model.add(parseBlock(hexToBytes(value)))
      if (word === 'acknowledged') acknowledged.push(value)
    }
    for (const hash of acknowledged) this.acknowledged.add(hash)
    this.summary.kills += 1
    this.summary.acknowledgedBlocks += acknowledged.length
    if (!lines.includes('open')) this.summary.whileOpening += 1
    await this.lookAtCoins()
    const indexes = [new TransactionIndex(), new BlockFilterIndex()]
    const chain = await Chain.open({ ...openOptions, datadir: this.datadir, maxFileBytes: 20_000, indexes })
    try {
      await this.checkChain(chain, acknowledged)
      await checkIndexes(chain)
    } finally {
      await chain.close()
    }
  }

  private async checkChain(chain: Chain, acknowledged: readonly string[]): Promise<void> {
    for (const hash of this.acknowledged) {
      const node = chain.headerTree.get(hexToBlockHash(hash))
      assert(node && chain.hasBlock(node.hash), `block ${hash} was acknowledged and is not here`)
      const wasActive = this.isLinked(node)
      assert(!wasActive || chain.tip.chainWork >= node.chainWork, `the tip is older than block ${hash}`)
    }
    for (let node = chain.tip; node.parent && !this.linked.has(blockHashToHex(node.hash)); node = node.parent)
      this.linked.add(blockHashToHex(node.hash))
    for (const hash of acknowledged.slice(-3)) {
      const bytes = await chain.getBlockBytes(hexToBlockHash(hash))
      assert.equal(bytesToHex(bytes ?? new Uint8Array(0)), this.model.blockBytes(hexToBlockHash(hash)))
    }
    const { hash } = await chain.coinStatistics('hash_serialized_3')
    assert.equal(bytesToHex(hash ?? new Uint8Array(0)), this.model.at(chain.tip.hash).hash(), 'other coins')
    const root = chain.hashAtHeight(Math.max(0, chain.tip.height - REMEMBERED_BLOCKS))
    if (root !== undefined) this.model.keepOnly(root)
  }

  /** Whether all blocks up to this one were acknowledged, or were active when somebody looked. */
  private isLinked(node: HeaderNode): boolean {
    if (node.parent === undefined) return true
    const hash = blockHashToHex(node.hash)
    if (this.linked.has(hash)) return true
    if (!this.acknowledged.has(hash) || !this.isLinked(node.parent)) return false
    this.linked.add(hash)
    return true
  }

  /** What the killed process was doing with its coins. */
  private async lookAtCoins(): Promise<void> {
    const storage = await DiskStorage.open(this.datadir)
    try {
      const store = await ChainStore.open(storage, REGTEST)
      if (!store.isNew && bytesToHex(store.tip()) !== bytesToHex(store.coins.flushedBlock ?? store.tip()))
        this.summary.laggingCoins += 1
      if (store.coins.unfinishedFlush !== undefined) this.summary.unfinishedFlushes += 1
      await store.close()
    } finally {
      await storage.close()
    }
  }
}

/**
 * Kills children that mine, spend and reorganise on disk, each at a random instant of its life, and looks after each kill
 * whether the chain is what a naive model says that it must be.
 * @throws when it is not; the error names the seed.
 */
export async function runKills(
  kills: number,
  seed: number,
  onKill: (summary: KillSummary) => void = () => undefined,
): Promise<KillSummary> {
  const random = new SeededRandom(seed)
  const summary: KillSummary = {
    seed,
    kills: 0,
    acknowledgedBlocks: 0,
    whileOpening: 0,
    laggingCoins: 0,
    unfinishedFlushes: 0,
  }
  while (summary.kills < kills) {
    const folder = await mkdtemp(join(tmpdir(), 'onehop-kill-'))
    const ordeal = new Ordeal(join(folder, DATADIR), summary)
    let next = new Child(folder, random.nextUint32())
    try {
      const end = Math.min(kills, summary.kills + KILLS_PER_DATADIR)
      while (summary.kills < end) {
        const child = next
        // The next one starts while this one lives; it does not touch the datadir before it is told to.
        next = new Child(folder, random.nextUint32())
        const from = randomBelow(random.next, KILLED_WHILE_OPENING) === 0 ? 'opening' : 'open'
        await ordeal.check(await child.run(from, randomBelow(random.next, MAX_LIFE_MS)))
        onKill(summary)
      }
    } catch (error) {
      throw new Error(`kill ${summary.kills} of seed ${seed}: ${String(error)}; look into ${folder}`, {
        cause: error,
      })
    } finally {
      await next.kill()
    }
    await rm(folder, { recursive: true })
  }
  return summary
}
