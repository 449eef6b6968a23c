import assert from 'node:assert/strict'
import {
  type Block,
  type BlockHash,
  blockHashToHex,
  serializeBlock,
  serializeTransaction,
} from '@onehop/ledger'
import { bytesToHex } from '@onehop/primitives'
import type { ChainStoreOptions } from '../src/chain-store.ts'
import { Chain, ChainHaltedError } from '../src/index.ts'
import { CrashError, CrashingStorage, type CrashMode } from './support/crashing-storage.ts'
import { NaiveReplay } from './support/naive-coins.ts'
import {
  acceptAll,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  spendCoinbase,
} from './support/regtest.ts'

const MODES: readonly CrashMode[] = ['before the write', 'in the middle of the write', 'after the write']
const MATURE = 101

const base = makeBranch(GENESIS, MATURE)

/** Blocks with spends, a side branch that wins, and on it the same spends in other blocks. */
function story(): Block[] {
  const [first, second] = base
  const fork = base.at(-1)
  assert(first && second && fork)
  const link = linkOf(fork, MATURE)
  const one = spendCoinbase(first)
  const two = spendCoinbase(second)
  const a1 = makeBlock(link, { transactions: [one], fees: 1_000n, extraNonce: 1 })
  const a2 = makeBlock(linkOf(a1, MATURE + 1), { transactions: [two], extraNonce: 1 })
  const b1 = makeBlock(link, { extraNonce: 2 })
  const b2 = makeBlock(linkOf(b1, MATURE + 1), { transactions: [two], extraNonce: 2 })
  const b3 = makeBlock(linkOf(b2, MATURE + 2), { transactions: [one], extraNonce: 2 })
  return [a1, a2, b2, b1, b3]
}

const blocks = story()
const headers = [0, 1, 3, 2, 4].flatMap(i => blocks[i]?.header ?? [])

/** How the story is told, and when its coins are written. */
interface Life {
  readonly name: string
  readonly options?: ChainStoreOptions
  /** Writes the coins after these blocks, by asking for all of them. */
  readonly flushAfter?: readonly number[]
  /** Gives all blocks at once, so that they share commits. */
  readonly atOnce?: boolean
}

const LIVES: readonly Life[] = [
  { name: 'coins are written at the end' },
  { name: 'coins are written after every block', options: { coinsCacheBytes: 1 } },
  { name: 'coins are written one by one', options: { coinsCacheBytes: 1, coinsBatchBytes: 1 } },
  { name: 'coins are written now and then', options: { coinsBatchBytes: 100 }, flushAfter: [1, 3] },
  { name: 'blocks come at once', atOnce: true },
  { name: 'blocks come at once, coins one by one', options: { coinsBatchBytes: 1 }, atOnce: true },
]

/** Small files, so that some end in the middle of the story. */
const maxFileBytes = 2_000

async function tell(chain: Chain, { flushAfter = [], atOnce = false }: Life, acknowledged: Block[]) {
  chain.acceptHeaders(headers)
  const accept = async (block: Block) => {
    const verdict = await chain.acceptBlock(serializeBlock(block))
    assert(verdict.ok)
    acknowledged.push(block)
  }
  if (atOnce) {
    const results = await Promise.allSettled(blocks.map(accept))
    for (const result of results) if (result.status === 'rejected') throw result.reason
    return
  }
  for (const [i, block] of blocks.entries()) {
    await accept(block)
    if (flushAfter.includes(i)) await chain.coinStatistics('none')
  }
}

/** Lives through the story until the storage crashes. Returns the blocks that were acknowledged. */
async function live(storage: CrashingStorage, life: Life): Promise<Block[]> {
  const acknowledged: Block[] = []
  try {
    const chain = await Chain.open({ ...openOptions, ...life.options, storage, maxFileBytes })
    await tell(chain, life, acknowledged)
    await chain.close()
  } catch (error) {
    if (!(error instanceof ChainHaltedError) && !(error instanceof CrashError)) throw error
  }
  return acknowledged
}

/** The best height that the blocks alone lead to. */
function heightOf(acknowledged: readonly Block[]): number {
  const has = (i: number) => acknowledged.some(block => block === blocks[i])
  const sideHeight = !has(3) ? 0 : !has(2) ? 1 : has(4) ? 3 : 2
  return MATURE + Math.max(has(1) ? 2 : has(0) ? 1 : 0, sideHeight)
}

const model = new NaiveReplay(GENESIS.hash)
for (const block of [...base, ...blocks]) model.add(block)
const hashes = new Map<string, string>()

/** The hash of the coins that the blocks up to this one lead to, by the model. Worked out once for each. */
function modelHashAt(block: BlockHash): string {
  const key = blockHashToHex(block)
  const hash = hashes.get(key) ?? model.at(block).hash()
  hashes.set(key, hash)
  return hash
}

async function assertCoinsAreTheModels(chain: Chain): Promise<void> {
  const { hash } = await chain.coinStatistics('hash_serialized_3')
  assert.equal(bytesToHex(hash ?? assert.fail('a hash was asked for')), modelHashAt(chain.tip.hash))
}

async function assertWhole(storage: CrashingStorage, acknowledged: readonly Block[]): Promise<void> {
  const chain = await Chain.open({ ...openOptions, storage, maxFileBytes })
  assert(chain.tip.height >= heightOf(acknowledged), `height ${chain.tip.height}`)
  for (const block of acknowledged)
    assert.deepEqual(await chain.getBlockBytes(block.hash), serializeBlock(block))
  await assertCoinsAreTheModels(chain)
  // It goes on as if nothing had happened.
  chain.acceptHeaders(headers)
  await acceptAll(chain, blocks)
  assert.equal(chain.tip.height, MATURE + 3)
  await assertCoinsAreTheModels(chain)
  await chain.close()
}

describe('a chain whose process dies at any write', () => {
  let prepared: CrashingStorage

  /** How many writes the whole story takes. */
  async function rehearse(life: Life): Promise<number> {
    const rehearsal = prepared.next()
    assert.equal((await live(rehearsal, life)).length, blocks.length)
    return rehearsal.writes
  }

  before(async () => {
    prepared = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage: prepared })
    await acceptAll(chain, base)
    await chain.close()
  })

  for (const life of LIVES) {
    for (const mode of MODES) {
      it(`reopens whole at a block boundary, having died ${mode}, where ${life.name}`, async () => {
        const writes = await rehearse(life)
        assert(writes > 15, `${writes} writes`)
        for (let crashAt = 1; crashAt <= writes; crashAt++) {
          const storage = prepared.next(crashAt, mode)
          const acknowledged = await live(storage, life)
          await assertWhole(storage.next(), acknowledged)
          await assertWhole(storage.afterPowerLoss(), acknowledged)
        }
      })
    }
  }

  it('survives deaths while it is made, and while it recovers', async () => {
    for (const mode of MODES) {
      for (let crashAt = 1; crashAt <= 6; crashAt++) {
        const storage = new CrashingStorage(crashAt, mode)
        await Chain.open({ ...openOptions, storage }).catch(() => undefined)
        const chain = await Chain.open({ ...openOptions, storage: storage.afterPowerLoss() })
        assert.equal(chain.tip.height, 0)
        await chain.close()
      }
    }
  })

  it('finishes what it was at, however often it dies of that', async () => {
    const life: Life = { name: '', options: { coinsBatchBytes: 1 }, flushAfter: [1, 4] }
    const writes = await rehearse(life)
    for (const mode of MODES) {
      // In the middle of the flush after the reorganisation, which is long.
      let storage = prepared.next(writes - 4, mode)
      const acknowledged = await live(storage, life)
      assert.equal(acknowledged.length, blocks.length)
      for (let crashAt = 1; crashAt <= 12; crashAt++) {
        storage = storage.next(crashAt, mode)
        await Chain.open({ ...openOptions, storage, coinsCacheBytes: 1, coinsBatchBytes: 1 })
          .then(chain => chain.close())
          .catch(() => undefined)
      }
      await assertWhole(storage.next(), acknowledged)
    }
  })

  it('says after a failed write that it has stopped, and why, to every caller', async () => {
    const storage = prepared.next(3)
    const chain = await Chain.open({ ...openOptions, storage })
    const [block] = blocks
    assert(block)
    await assert.rejects(chain.acceptBlock(serializeBlock(block)), (error: unknown) => {
      assert(error instanceof ChainHaltedError)
      assert.match(error.message, /its store failed: the process died at write 3/)
      return true
    })
    await assert.rejects(chain.acceptBlock(serializeBlock(block)), ChainHaltedError)
    const payment = serializeTransaction(spendCoinbase(block))
    await assert.rejects(chain.acceptTransaction(payment), ChainHaltedError)
    assert.throws(() => chain.acceptHeaders([]), ChainHaltedError)
    await chain.close()
  })
})
