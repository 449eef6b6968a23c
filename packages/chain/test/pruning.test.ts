import assert from 'node:assert/strict'
import { type Block, serializeBlock } from '@onehop/ledger'
import {
  BlockFilterIndex,
  Chain,
  type ChainOptions,
  MIN_KEPT_BLOCKS,
  PRUNE_AFTER_HEIGHT,
  PrunedBlocksError,
  PrunedStoreError,
} from '../src/index.ts'
import { CrashingStorage } from './support/crashing-storage.ts'
import {
  acceptAll,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  tipOf,
  utxosOf,
} from './support/regtest.ts'

const LENGTH = PRUNE_AFTER_HEIGHT + 200
/** Some 70 blocks a file. */
const FILE_BYTES = 20_000
const base = makeBranch(GENESIS, LENGTH)
const small = { ...openOptions, maxFileBytes: FILE_BYTES, threads: 1 } as const
const manual = { ...small, prune: {} } as const

function blockAt(height: number): Block {
  return base[height - 1] ?? assert.fail()
}

function nodeAt(chain: Chain, height: number) {
  return chain.nodeAtHeight(height) ?? assert.fail()
}

/** The lowest height from which on every block of the active chain is here. */
async function firstWhole(chain: Chain): Promise<number> {
  let height = chain.tip.height
  while (height > 0 && (await chain.getBlock(nodeAt(chain, height - 1).hash)) !== undefined) height -= 1
  return height
}

describe('pruning', () => {
  let prepared: CrashingStorage
  let coins: string[]

  before(async () => {
    prepared = new CrashingStorage()
    const chain = await Chain.open({ ...small, storage: prepared })
    await acceptAll(chain, base)
    coins = await utxosOf(chain)
    await chain.close()
  })

  const open = (options: Partial<ChainOptions> = manual, storage = prepared.next()) =>
    Chain.open({ ...small, ...options, storage })

  it('keeps files under a target, and 288 blocks whatever the target', async () => {
    const storage = new CrashingStorage()
    const heights: number[] = []
    const prune = {
      targetBytes: 250_000,
      beforePruning: async (height: number) => void heights.push(height),
    }
    const chain = await open({ ...small, prune }, storage)
    await acceptAll(chain, base)
    assert(chain.blockBytes() < 250_000, `${chain.blockBytes()} bytes`)
    const first = await firstWhole(chain)
    assert(first > 100 && first <= LENGTH - MIN_KEPT_BLOCKS, `from ${first} on`)
    assert.equal(chain.pruning.prunedHeight, first - 1)
    assert.equal(heights.at(-1), first - 1)
    assert(!storage.fileNames().includes('blk00000.dat'))
    assert.deepEqual(await utxosOf(chain), coins)
    await chain.close()

    const tight = await open({ ...small, prune: { targetBytes: 1 } })
    assert.equal(tight.pruning.targetBytes, 1)
    await acceptAll(tight, [makeBlock(tipOf(tight))])
    const kept = tight.tip.height - (await firstWhole(tight)) + 1
    assert(kept >= MIN_KEPT_BLOCKS && kept < MIN_KEPT_BLOCKS + 200, `${kept} blocks`)
    await tight.close()
  })

  it('deletes what it is asked to, in whole files', async () => {
    const chain = await open()
    assert.deepEqual(chain.pruning, { isEnabled: true, targetBytes: undefined, prunedHeight: -1 })
    await chain.prune(50)
    assert.equal(chain.pruning.prunedHeight, -1)
    await chain.prune(200)
    const { prunedHeight } = chain.pruning
    assert(prunedHeight > 100 && prunedHeight <= 200, `up to ${prunedHeight}`)
    assert(chain.isPruned(nodeAt(chain, 1)))
    assert.equal(await chain.getBlock(blockAt(1).hash), undefined)
    assert.equal(await chain.transactionCount(nodeAt(chain, 1)), 1)
    assert.equal(await chain.totalTransactionCount(chain.tip), LENGTH + 1)
    assert.equal(chain.standingOf(nodeAt(chain, 1)), 'active')
    await chain.prune(1_000_000)
    assert(chain.pruning.prunedHeight <= LENGTH - MIN_KEPT_BLOCKS)
    // Undo data are short, and their files go later.
    assert.equal(await chain.getUndo(blockAt(1).hash), undefined)
    await chain.close()
  })

  it('leaves a short chain whole', async () => {
    const chain = await open(manual, new CrashingStorage())
    await acceptAll(chain, base.slice(0, PRUNE_AFTER_HEIGHT - 1))
    await chain.prune(PRUNE_AFTER_HEIGHT)
    assert.equal(chain.pruning.prunedHeight, -1)
    await chain.close()
  })

  it('goes on after a restart, and is not forgotten', async () => {
    const storage = prepared.next()
    const chain = await open(manual, storage)
    await chain.prune(LENGTH)
    const { prunedHeight } = chain.pruning
    await chain.close()
    await assert.rejects(open(small, storage.next()), PrunedStoreError)
    const again = await open(manual, storage.next())
    assert.equal(again.pruning.prunedHeight, prunedHeight)
    assert.deepEqual(await utxosOf(again), coins)
    await acceptAll(again, [makeBlock(tipOf(again))])
    assert.equal(again.tip.height, LENGTH + 1)
    assert.equal(again.standingOf(nodeAt(again, 5)), 'active')
    await again.close()
  })

  it('lets the chain reorganise within what is kept', async () => {
    const chain = await open()
    await chain.prune(LENGTH)
    const branch = makeBranch(linkOf(blockAt(LENGTH - 200), LENGTH - 200), 201, 5)
    await acceptAll(chain, branch)
    assert.equal(chain.tip.height, LENGTH + 1)
    await chain.invalidateBlock(nodeAt(chain, LENGTH - 199))
    assert.equal(chain.tip.height, LENGTH)
    assert.deepEqual(await utxosOf(chain), coins)
    assert.deepEqual(chain.warnings(), [])
    await chain.close()
  })

  it('stays where it is when a branch begins below that, and says so', async () => {
    const chain = await open()
    await chain.prune(LENGTH)
    const branch = makeBranch(linkOf(blockAt(300), 300), LENGTH - 300 + 1, 6)
    for (const block of branch) await chain.acceptBlock(serializeBlock(block))
    assert.equal(chain.tip.height, LENGTH)
    assert.equal(chain.warnings().length, 1)
    const { tip } = chain
    await assert.rejects(chain.invalidateBlock(nodeAt(chain, 300)), PrunedBlocksError)
    assert.equal(chain.tip, tip)
    await acceptAll(chain, makeBranch(tipOf(chain), 2))
    assert.equal(chain.tip.height, LENGTH + 2)
    assert.deepEqual(chain.warnings(), [])
    await chain.close()
  })

  it('takes a block back that somebody hands in again (getblockfrompeer)', async () => {
    const chain = await open()
    await chain.prune(LENGTH)
    assert.equal((await chain.acceptBlock(serializeBlock(blockAt(3)))).ok, true)
    assert.equal(chain.hasBlock(blockAt(3).hash), true)
    assert.equal(chain.isPruned(nodeAt(chain, 3)), false)
    assert.deepEqual(await chain.getBlockBytes(blockAt(3).hash), serializeBlock(blockAt(3)))
    assert.equal(chain.tip.height, LENGTH)
    await acceptAll(chain, [makeBlock(tipOf(chain))])
    assert.deepEqual(await chain.verify(4, 5), { ok: true })
    await chain.close()
  })

  it('downloads a branch again that was deleted before it became the best', async () => {
    const storage = new CrashingStorage()
    const chain = await open(manual, storage)
    await acceptAll(chain, base.slice(0, LENGTH - 300))
    const aside = makeBranch(linkOf(blockAt(LENGTH - 310), LENGTH - 310), 5, 4)
    await acceptAll(chain, [...aside, ...base.slice(LENGTH - 300)])
    // The file ends with these blocks among it, and all in it may go but for its last blocks.
    await acceptAll(chain, makeBranch(tipOf(chain), 100))
    await chain.prune(LENGTH - 200)
    const node = chain.headerTree.get(aside[0]?.hash ?? assert.fail()) ?? assert.fail()
    assert(chain.isPruned(node))
    assert.equal(chain.standingOf(node), 'valid-headers')
    assert.equal((await chain.acceptBlock(serializeBlock(aside[0] ?? assert.fail()))).ok, true)
    assert.equal(chain.hasBlock(node.hash), true)
    await chain.close()
  })

  it('is seen by a verification, which goes as deep as there are blocks', async () => {
    const chain = await open()
    await chain.prune(LENGTH)
    assert.deepEqual(await chain.verify(4, MIN_KEPT_BLOCKS), { ok: true })
    const whole = await chain.verify(0, 0)
    assert.match(whole.ok ? '' : whole.why, /^Block verification stopping at height \d+ \(no data\)/)
    await chain.close()
  })

  it('waits for an index that has not read the blocks yet', async () => {
    const chain = await open({ ...manual, indexes: [new BlockFilterIndex()] })
    await chain.prune(LENGTH)
    await chain.indexes.idle()
    const [progress] = chain.indexes.progress()
    assert.deepEqual([progress?.synced, progress?.height], [true, LENGTH])
    await chain.prune(LENGTH)
    assert(chain.pruning.prunedHeight > 0)
    const stored = await chain.indexes.findFilter(nodeAt(chain, 1))
    assert(stored !== undefined && stored !== 'not indexed')
    await chain.close()
  })

  it('leaves a whole chain when the process dies at any write of it', async () => {
    for (let crashAt = 1; ; crashAt++) {
      const disk = prepared.next(crashAt, crashAt % 2 === 0 ? 'before the write' : 'after the write')
      let died = false
      try {
        const chain = await open(manual, disk)
        await chain.prune(LENGTH)
        await chain.close()
      } catch {
        died = true
      }
      for (const storage of [disk.next(), disk.afterPowerLoss()]) {
        const chain = await open(manual, storage)
        const first = Math.max(1, chain.pruning.prunedHeight + 1)
        assert.equal(await firstWhole(chain), first === 1 ? 0 : first)
        assert.deepEqual(await utxosOf(chain), coins)
        const isPruned = first > 1
        assert.equal(storage.fileNames().includes('blk00000.dat'), !isPruned)
        assert.equal(storage.fileNames().includes('rev00000.dat'), !isPruned)
        await chain.close()
      }
      if (!died) {
        assert(crashAt > 5)
        return
      }
    }
  })
})
