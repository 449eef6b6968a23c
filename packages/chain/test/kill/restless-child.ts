/**
 * A process that, told to go, opens the datadir of its first argument and, until somebody kills it, mines, spends,
 * reorganises and writes coins, all by the seed of its second. It prints each block before it gives it to the chain, and
 * its hash when the chain has acknowledged it.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { ancestorAt, type Block, blockHashToHex, serializeBlock } from '@onehop/ledger'
import {
  assertDefined,
  bytesToHex,
  randomBelow,
  randomElement,
  SeededRandom,
  shuffled,
} from '@onehop/primitives'
import { BlockFilterIndex, Chain, TransactionIndex } from '../../src/index.ts'
import { openOptions } from '../support/regtest.ts'
import { BranchingMiner } from './branching-miner.ts'

const MAX_DEPTH = 12
const MAX_BURST = 8
/** Coins are written at every step, now and then, or when somebody asks. */
const CACHE_BYTES = [1, 40_000, 100_000_000]
/** One coin a batch, a few, or all at once. */
const BATCH_BYTES = [1, 200, 4_000_000]

const [datadir = '', seed = ''] = process.argv.slice(2)
const random = new SeededRandom(Number(seed))
const below = (bound: number) => randomBelow(random.next, bound)
const oneOf = <T>(list: readonly T[]): T =>
  assertDefined(randomElement(random.next, list), 'a list with items')

/** To a pipe, and there before the call returns: a process that is killed has said all that it meant to say. */
function say(line: string): void {
  writeSync(1, `${line}\n`)
}

// The next child starts in half the time.
flushCompileCache()
say('waiting')
await once(process.stdin, 'data')
say('opening')
const chain = await Chain.open({
  ...openOptions,
  datadir,
  maxFileBytes: 20_000,
  coinsCacheBytes: oneOf(CACHE_BYTES),
  coinsBatchBytes: oneOf(BATCH_BYTES),
  indexes: [new TransactionIndex(), new BlockFilterIndex()],
})
say('open')
const miner = new BranchingMiner(chain, random)

async function give(block: Block): Promise<void> {
  say(`block ${bytesToHex(serializeBlock(block))}`)
  const verdict = await chain.acceptBlock(serializeBlock(block))
  if (!verdict.ok) throw new Error(`a good block was refused: ${verdict.code}`)
  say(`acknowledged ${blockHashToHex(block.hash)}`)
}

async function giveAll(blocks: readonly Block[]): Promise<void> {
  const way = below(3)
  if (way === 0) for (const block of blocks) await give(block)
  else {
    if (way === 1) chain.acceptHeaders(blocks.map(block => block.header))
    await Promise.all((way === 1 ? shuffled(random.next, blocks) : blocks).map(give))
  }
}

for (;;) {
  const { tip } = chain
  const what = below(10)
  if (what < 5) await giveAll(await miner.branchOn(tip, 1))
  else if (what < 7) await giveAll(await miner.branchOn(tip, 1 + below(MAX_BURST)))
  else if (what < 9 && tip.height > 0) {
    const depth = 1 + below(Math.min(MAX_DEPTH, tip.height))
    await giveAll(await miner.branchOn(ancestorAt(tip, tip.height - depth), depth + 1 + below(2)))
  } else await chain.coinStatistics('none')
}
