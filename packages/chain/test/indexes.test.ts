import assert from 'node:assert/strict'
import {
  type Block,
  blockHashToHex,
  createBlockFilter,
  NULL_FILTER_HEADER,
  serializeBlock,
  type Transaction,
  txIdToHex,
} from '@onehop/ledger'
import { bytesToHex } from '@onehop/primitives'
import {
  BlockFilterIndex,
  Chain,
  type ChainIndex,
  MAX_INDEX_BATCH_BLOCKS,
  StoreCorruptError,
  TransactionIndex,
} from '../src/index.ts'
import { CrashingStorage } from './support/crashing-storage.ts'
import {
  acceptAll,
  activeBlocks,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  spend,
  spendCoinbase,
  tipOf,
} from './support/regtest.ts'

const MATURE = 102
const base = makeBranch(GENESIS, MATURE)
const fork = linkOf(base[MATURE - 1] ?? assert.fail(), MATURE)
const one = spendCoinbase(base[0] ?? assert.fail())
const child = spend({ txid: one.txid, index: 0 }, one.outputs[0]?.value ?? 0n)
const two = spendCoinbase(base[1] ?? assert.fail())
const a1 = makeBlock(fork, { transactions: [one, child], fees: 2_000n, extraNonce: 1 })
const a2 = makeBlock(linkOf(a1, MATURE + 1), { extraNonce: 1 })
const b1 = makeBlock(fork, { transactions: [two], fees: 1_000n, extraNonce: 2 })
const b2 = makeBlock(linkOf(b1, MATURE + 1), { transactions: [one], fees: 1_000n, extraNonce: 2 })
const b3 = makeBlock(linkOf(b2, MATURE + 2), { extraNonce: 2 })

const bothIndexes = () => ({ indexes: [new TransactionIndex(), new BlockFilterIndex()] })

async function placeOf(chain: Chain, { txid }: Transaction): Promise<number | undefined> {
  const found = await chain.findTransaction(txid)
  if (found !== undefined) assert.equal(txIdToHex(found.transaction.txid), txIdToHex(txid))
  return found?.node.height
}

/** Every transaction of the active chain is found where it is, and every filter and its header are as made anew. */
async function assertIndexed(chain: Chain): Promise<void> {
  await chain.indexes.idle()
  for (const { synced, height } of chain.indexes.progress())
    assert.deepEqual([synced, height], [true, chain.tip.height])
  let header = NULL_FILTER_HEADER
  const genesis = chain.parameters.genesis
  for (const [height, block] of [genesis, ...(await activeBlocks(chain))].entries()) {
    const undo = (await chain.getUndo(block.hash)) ?? { spent: [] }
    const filter = createBlockFilter(block, undo)
    header = filter.headerAfter(header)
    const node = chain.nodeAtHeight(height) ?? assert.fail()
    const stored = await chain.indexes.findFilter(node)
    assert(stored !== undefined && stored !== 'not indexed')
    assert.equal(bytesToHex(stored.filter.bytes), bytesToHex(filter.bytes))
    assert.equal(bytesToHex(stored.header), bytesToHex(header))
    if (height > 0)
      for (const transaction of block.transactions) assert.equal(await placeOf(chain, transaction), height)
  }
}

describe('indexes of a chain', () => {
  let prepared: CrashingStorage

  before(async () => {
    prepared = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage: prepared })
    await acceptAll(chain, base)
    await chain.close()
  })

  it('find transactions whose outputs are all spent, and no others', async () => {
    const chain = await Chain.open({ ...openOptions, ...bothIndexes() })
    assert.deepEqual(
      chain.indexes.progress().map(({ name }) => name),
      ['txindex', 'basic block filter index'],
    )
    await acceptAll(chain, [...base, a1])
    await chain.indexes.idle()
    assert.equal(await placeOf(chain, one), MATURE + 1)
    assert.equal(await placeOf(chain, base[0]?.transactions[0] ?? assert.fail()), 1)
    assert.equal(await placeOf(chain, two), undefined)
    const [genesisCoinbase] = chain.parameters.genesis.transactions
    assert.equal(await placeOf(chain, genesisCoinbase ?? assert.fail()), undefined)
    await assertIndexed(chain)
    await chain.close()
  })

  it('are not there unless they are asked for', async () => {
    const chain = await Chain.open({ ...openOptions, storage: prepared.next() })
    await acceptAll(chain, [a1])
    assert.deepEqual(chain.indexes.progress(), [])
    assert.equal(await placeOf(chain, one), undefined)
    assert.equal(await placeOf(chain, child), MATURE + 1)
    assert.equal(await chain.indexes.findFilter(chain.tip), 'not indexed')
    await chain.close()
  })

  it('follow a reorganisation, and keep the filters of blocks that were left', async () => {
    const chain = await Chain.open({ ...openOptions, storage: prepared.next(), ...bothIndexes() })
    await acceptAll(chain, [a1, a2])
    await chain.indexes.idle()
    assert.equal(await placeOf(chain, child), MATURE + 1)
    await acceptAll(chain, [b1, b2, b3])
    assert.equal(await placeOf(chain, child), undefined)
    assert.equal(await placeOf(chain, one), MATURE + 2)
    assert.equal(await placeOf(chain, two), MATURE + 1)
    await assertIndexed(chain)
    const left = chain.headerTree.get(a2.hash) ?? assert.fail()
    const stored = await chain.indexes.findFilter(left)
    assert(stored !== undefined && stored !== 'not indexed')
    assert.equal(blockHashToHex(stored.filter.blockHash), blockHashToHex(a2.hash))
    await chain.close()
  })

  it('are built in the background when they are switched on later, and go on after a while without', async () => {
    let storage = prepared.next()
    const reopen = async (indexes: ChainIndex[]) => {
      storage = storage.next()
      return Chain.open({ ...openOptions, storage, indexes })
    }
    let chain = await reopen([new TransactionIndex()])
    await acceptAll(chain, [a1])
    await chain.indexes.idle()
    assert.deepEqual(chain.indexes.progress(), [{ name: 'txindex', synced: true, height: MATURE + 1 }])
    await chain.close()
    chain = await reopen([])
    await acceptAll(chain, [b1, b2, b3])
    await chain.close()
    chain = await reopen(bothIndexes().indexes)
    await assertIndexed(chain)
    assert.equal(await placeOf(chain, child), undefined)
    await chain.close()
  })

  it('say while they are built that they are', async () => {
    const storage = prepared.next()
    const long = await Chain.open({ ...openOptions, storage })
    await acceptAll(long, makeBranch(fork, MAX_INDEX_BATCH_BLOCKS))
    await long.close()
    const chain = await Chain.open({ ...openOptions, storage: storage.next(), ...bothIndexes() })
    assert.deepEqual(
      chain.indexes.progress().map(({ synced, height }) => [synced, height]),
      [
        [false, -1],
        [false, -1],
      ],
    )
    assert.equal(await chain.indexes.findFilter(chain.tip), 'not indexed')
    assert.equal(await chain.indexes.findTransaction(one.txid), 'not indexed')
    // An unspent output finds it all the same.
    assert.equal(await placeOf(chain, base[3]?.transactions[0] ?? assert.fail()), 4)
    await chain.indexes.idle()
    await assertIndexed(chain)
    await chain.close()
  })

  it('are whole after the process died at any write', async () => {
    const story: readonly Block[] = [a1, a2, b1, b2, b3]
    for (let crashAt = 1; ; crashAt++) {
      const disk = prepared.next(crashAt, crashAt % 2 === 0 ? 'before the write' : 'after the write')
      let died = false
      try {
        const chain = await Chain.open({ ...openOptions, storage: disk, ...bothIndexes() })
        for (const block of story) {
          assert((await chain.acceptBlock(serializeBlock(block))).ok)
          await chain.indexes.idle()
        }
        died = chain.indexes.progress().some(({ synced }) => !synced)
        await chain.close()
      } catch {
        died = true
      }
      if (!died) {
        assert(crashAt > 10)
        return
      }
      for (const storage of [disk.next(), disk.afterPowerLoss()]) {
        const chain = await Chain.open({ ...openOptions, storage, ...bothIndexes() })
        await assertIndexed(chain)
        await acceptAll(chain, story)
        await assertIndexed(chain)
        await chain.close()
      }
    }
  })

  it('tell of one that fails, and the chain goes on without it', async () => {
    const failures: [string, unknown][] = []
    const broken: ChainIndex = {
      name: 'broken',
      connect: () => Promise.reject(new StoreCorruptError('broken')),
      disconnect: async () => [],
    }
    const chain = await Chain.open({
      ...openOptions,
      storage: prepared.next(),
      indexes: [broken, new TransactionIndex()],
      onIndexFailure: (name, error) => failures.push([name, error]),
    })
    await chain.indexes.idle()
    await acceptAll(chain, [a1, a2])
    await chain.indexes.idle()
    assert.deepEqual(
      failures.map(([name]) => name),
      ['broken'],
    )
    assert.equal(await placeOf(chain, child), MATURE + 1)
    assert.equal(chain.tip.height, tipOf(chain).height)
    assert.deepEqual(chain.indexes.progress()[0], { name: 'broken', synced: false, height: -1 })
    await chain.close()
  })
})
