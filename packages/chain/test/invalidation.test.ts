import assert from 'node:assert/strict'
import { type Block, serializeBlock, serializeTransaction } from '@onehop/ledger'
import { Chain } from '../src/index.ts'
import { CrashError, CrashingStorage } from './support/crashing-storage.ts'
import {
  acceptAll,
  activeBlocks,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  spendCoinbase,
  tipOf,
  utxosOf,
} from './support/regtest.ts'

function nodeOf(chain: Chain, block: Block | undefined) {
  const node = block && chain.headerTree.get(block.hash)
  assert(node)
  return node
}

async function assertReplayAgrees(chain: Chain): Promise<void> {
  const replay = await Chain.open(openOptions)
  await acceptAll(replay, await activeBlocks(chain))
  assert.deepEqual(await utxosOf(chain), await utxosOf(replay))
  await replay.close()
}

describe('a block that somebody calls invalid', () => {
  let storage: CrashingStorage
  let chain: Chain

  beforeEach(async () => {
    storage = new CrashingStorage()
    chain = await Chain.open({ ...openOptions, storage })
  })
  afterEach(() => chain.close())

  const reopen = async () => {
    await chain.close()
    storage = storage.next()
    chain = await Chain.open({ ...openOptions, storage })
  }

  it('is left with all that build on it, for the best other branch', async () => {
    const base = makeBranch(GENESIS, 5)
    await acceptAll(chain, base)
    const fork = tipOf(chain)
    const long = makeBranch(fork, 6, 1)
    const short = makeBranch(fork, 4, 2)
    await acceptAll(chain, [...long, ...short])
    const tips: number[] = []
    chain.on('tip', ({ height }) => tips.push(height))

    await chain.invalidateBlock(nodeOf(chain, long[2]))
    assert.equal(chain.tip, nodeOf(chain, short[3]))
    assert.equal(chain.headerTree.best, chain.tip)
    assert.deepEqual(
      [long[1], long[2], long[5], short[3]].map(block => chain.standingOf(nodeOf(chain, block))),
      ['valid-fork', 'invalid', 'invalid', 'active'],
    )
    await assertReplayAgrees(chain)

    await chain.reconsiderBlock(nodeOf(chain, long[2]))
    assert.equal(chain.tip, nodeOf(chain, long[5]))
    assert.deepEqual(tips, [9, 11])
    await assertReplayAgrees(chain)
  })

  it('stays invalid over a restart, and valid again over the next', async () => {
    const blocks = makeBranch(GENESIS, 8)
    await acceptAll(chain, blocks)
    await chain.invalidateBlock(nodeOf(chain, blocks[3]))
    assert.equal(chain.tip.height, 3)
    await reopen()
    assert.equal(chain.tip.height, 3)
    assert.equal(chain.standingOf(nodeOf(chain, blocks[7])), 'invalid')
    assert.equal(
      (await chain.acceptBlock(serializeBlock(makeBlock(tipOf(chain), { extraNonce: 9 })))).ok,
      true,
    )
    await chain.reconsiderBlock(nodeOf(chain, blocks[5]))
    assert.equal(chain.tip.height, 8)
    await reopen()
    assert.equal(chain.tip, nodeOf(chain, blocks[7]))
  })

  it('is nobody’s fault, and neither is what builds on it', async () => {
    const blocks = makeBranch(GENESIS, 3)
    await acceptAll(chain, blocks)
    await chain.invalidateBlock(nodeOf(chain, blocks[1]))
    const next = makeBlock(linkOf(blocks[2] ?? assert.fail(), 3))
    for (const refused of [
      await chain.acceptBlock(serializeBlock(next)),
      chain.acceptHeaders([next.header]),
      await chain.acceptBlock(serializeBlock(blocks[1] ?? assert.fail())),
    ])
      assert.equal(refused.ok || refused.blame, 'nobody')
    await reopen()
    const refused = chain.acceptHeaders([next.header])
    assert.deepEqual(refused.ok || [refused.code, refused.detail, refused.blame], [
      'bad-prevblk',
      'invalidated',
      'nobody',
    ])
  })

  it('can be any but the first block of the network', async () => {
    await acceptAll(chain, makeBranch(GENESIS, 2))
    await chain.invalidateBlock(chain.headerTree.genesis)
    assert.equal(chain.tip.height, 2)
  })

  it('lets an earlier block of the same work win, where the tip comes down to that', async () => {
    const first = makeBlock(GENESIS, { extraNonce: 1 })
    const second = makeBlock(GENESIS, { extraNonce: 2 })
    const onSecond = makeBlock(linkOf(second, 1))
    await acceptAll(chain, [first, second, onSecond])
    assert.equal(chain.tip, nodeOf(chain, onSecond))
    await chain.invalidateBlock(nodeOf(chain, onSecond))
    assert.equal(chain.tip, nodeOf(chain, first))
  })

  it('gives the mempool back what the ten highest blocks had', async () => {
    const base = makeBranch(GENESIS, 112)
    await acceptAll(chain, base)
    const payments = base.slice(0, 12).map(block => spendCoinbase(block))
    const added: Block[] = []
    for (const payment of payments) {
      const block = makeBlock(tipOf(chain), { transactions: [payment], fees: 1_000n })
      await acceptAll(chain, [block])
      added.push(block)
    }
    await chain.invalidateBlock(nodeOf(chain, added[0]))
    assert.equal(chain.tip.height, 112)
    assert.deepEqual(
      payments.map(({ txid }) => chain.mempool.has(txid)),
      [false, false, ...new Array(10).fill(true)],
    )
    await chain.reconsiderBlock(nodeOf(chain, added[0]))
    assert.equal(chain.tip.height, 124)
    assert.equal(chain.mempool.size, 0)
    // A usual reorganisation afterwards returns the transactions of all its blocks.
    await acceptAll(
      chain,
      makeBranch({ hash: base[111]!.hash, height: 112, time: base[111]!.header.time }, 13, 3),
    )
    assert.equal(chain.mempool.size, 12)
  })

  it('drops from the mempool what spends an output that is gone', async () => {
    const base = makeBranch(GENESIS, 101)
    await acceptAll(chain, base)
    const parent = spendCoinbase(base[0] ?? assert.fail())
    await acceptAll(chain, [makeBlock(tipOf(chain), { transactions: [parent], fees: 1_000n })])
    const last = chain.tip
    await chain.invalidateBlock(nodeOf(chain, base[50]))
    assert.equal(chain.mempool.size, 0)
    assert.equal(chain.tip.height, 50)
    await chain.reconsiderBlock(last)
    assert.equal(chain.tip, last)
    assert.equal((await chain.acceptTransaction(serializeTransaction(parent))).ok, false)
  })

  it('finds, when it is reconsidered, what a wrong body once spoiled', async () => {
    const first = makeBlock(GENESIS)
    const tooMuch = makeBlock(linkOf(first, 1), { fees: 1n })
    await acceptAll(chain, [first])
    const refused = await chain.acceptBlock(serializeBlock(tooMuch))
    assert.equal(refused.ok || refused.code, 'bad-cb-amount')
    const node = nodeOf(chain, tooMuch)
    await chain.reconsiderBlock(node)
    assert.equal(chain.standingOf(node), 'headers-only')
    assert.deepEqual(chain.blocksToDownload(5), [tooMuch.hash])
    const again = await chain.acceptBlock(serializeBlock(tooMuch))
    assert.equal(again.ok || again.code, 'bad-cb-amount')
    assert.equal(chain.standingOf(node), 'invalid')
  })

  it('leaves a chain whole when the process dies at any write of it', async () => {
    const base = makeBranch(GENESIS, 4)
    const long = makeBranch(linkOf(base[3] ?? assert.fail(), 4), 4, 1)
    const short = makeBranch(linkOf(base[3] ?? assert.fail(), 4), 2, 2)
    await acceptAll(chain, [...base, ...long, ...short])
    const [bad] = long
    const lastShort = nodeOf(chain, short[1]).hash
    const lastLong = nodeOf(chain, long[3]).hash
    for (let crashAt = 1; ; crashAt++) {
      const disk = storage.next(crashAt, crashAt % 2 === 0 ? 'before the write' : 'after the write')
      const dying = await Chain.open({ ...openOptions, storage: disk })
      const died = await dying.invalidateBlock(nodeOf(dying, bad)).then(
        () => false,
        (error: Error) => error.cause instanceof CrashError,
      )
      if (!died) {
        // It may die of writing the coins, which nobody waited for.
        await dying.close().catch(() => undefined)
        assert(crashAt > 1)
        return
      }
      const reopened = await Chain.open({ ...openOptions, storage: disk.next() })
      const { hash } = reopened.tip
      assert.deepEqual(hash, nodeOf(reopened, bad).invalid ? lastShort : lastLong)
      await assertReplayAgrees(reopened)
      await reopened.close()
    }
  })
})

describe('a block that is preferred', () => {
  it('wins against others of its work until the next one is preferred', async () => {
    const chain = await Chain.open(openOptions)
    const [one, two, three] = [1, 2, 3].map(extraNonce => makeBlock(GENESIS, { extraNonce }))
    assert(one && two && three)
    await acceptAll(chain, [one, two, three])
    assert.equal(chain.tip, nodeOf(chain, one))
    for (const block of [two, three, one, one, three]) {
      await chain.preferBlock(nodeOf(chain, block))
      assert.equal(chain.tip, nodeOf(chain, block))
    }
    await acceptAll(chain, [makeBlock(linkOf(two, 1))])
    await chain.preferBlock(nodeOf(chain, one))
    assert.equal(chain.tip.height, 2)
    await chain.close()
  })

  it('stays the tip over a restart', async () => {
    const storage = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage })
    const [one, two] = [1, 2].map(extraNonce => makeBlock(GENESIS, { extraNonce }))
    assert(one && two)
    await acceptAll(chain, [one, two])
    await chain.preferBlock(nodeOf(chain, two))
    await chain.close()
    const reopened = await Chain.open({ ...openOptions, storage: storage.next() })
    assert.equal(reopened.tip, nodeOf(reopened, two))
    await reopened.close()
  })
})
