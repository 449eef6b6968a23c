import assert from 'node:assert/strict'
import { type Block, blockHashToHex, serializeBlock, serializeTransaction } from '@onehop/ledger'
import { Chain, ChainHaltedError } from '../src/index.ts'
import { CrashingStorage, type CrashMode } from './support/crashing-storage.ts'
import {
  acceptAll,
  activeBlocks,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  spendCoinbase,
  utxosOf,
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

/** Lives through the story until the storage crashes. Returns the blocks that were acknowledged. */
async function live(storage: CrashingStorage): Promise<Block[]> {
  const acknowledged: Block[] = []
  try {
    // Small files, so that some end in the middle of the story.
    const chain = await Chain.open({ ...openOptions, storage, maxFileBytes: 2_000 })
    chain.acceptHeaders(headers)
    for (const block of blocks) {
      const verdict = await chain.acceptBlock(serializeBlock(block))
      assert(verdict.ok)
      acknowledged.push(block)
    }
    await chain.close()
  } catch (error) {
    if (!(error instanceof ChainHaltedError) && !(error instanceof Error && error.name === 'CrashError'))
      throw error
  }
  return acknowledged
}

/** The best height that the blocks alone lead to. */
function heightOf(acknowledged: readonly Block[]): number {
  const has = (i: number) => acknowledged.some(block => block === blocks[i])
  const sideHeight = !has(3) ? 0 : !has(2) ? 1 : has(4) ? 3 : 2
  return MATURE + Math.max(has(1) ? 2 : has(0) ? 1 : 0, sideHeight)
}

const replays = new Map<string, Promise<readonly string[]>>()

/** The coins that the active chain's blocks lead to, from the first block on. Worked out once for each tip. */
function replayOf(chain: Chain): Promise<readonly string[]> {
  const key = blockHashToHex(chain.tip.hash)
  const known = replays.get(key)
  if (known !== undefined) return known
  const replaying = activeBlocks(chain).then(async active => {
    const replay = await Chain.open(openOptions)
    await acceptAll(replay, active)
    const utxos = await utxosOf(replay)
    await replay.close()
    return utxos
  })
  replays.set(key, replaying)
  return replaying
}

async function assertWhole(storage: CrashingStorage, acknowledged: readonly Block[]): Promise<void> {
  const chain = await Chain.open({ ...openOptions, storage, maxFileBytes: 2_000 })
  assert(chain.tip.height >= heightOf(acknowledged), `height ${chain.tip.height}`)
  for (const block of acknowledged)
    assert.deepEqual(await chain.getBlockBytes(block.hash), serializeBlock(block))
  assert.deepEqual(await utxosOf(chain), await replayOf(chain))
  // It goes on as if nothing had happened.
  chain.acceptHeaders(headers)
  await acceptAll(chain, blocks)
  assert.equal(chain.tip.height, MATURE + 3)
  assert.deepEqual(await utxosOf(chain), await replayOf(chain))
  await chain.close()
}

describe('a chain whose process dies at any write', () => {
  let prepared: CrashingStorage
  let writes: number

  before(async () => {
    prepared = new CrashingStorage()
    const chain = await Chain.open({ ...openOptions, storage: prepared })
    await acceptAll(chain, base)
    await chain.close()
    const rehearsal = prepared.next()
    assert.equal((await live(rehearsal)).length, blocks.length)
    writes = rehearsal.writes
  })

  for (const mode of MODES) {
    it(`reopens whole at a block boundary, having died ${mode}`, async () => {
      assert(writes > 20)
      for (let crashAt = 1; crashAt <= writes; crashAt++) {
        const storage = prepared.next(crashAt, mode)
        const acknowledged = await live(storage)
        await assertWhole(storage.next(), acknowledged)
      }
    })

    it(`does so when power is lost too, ${mode}`, async () => {
      for (let crashAt = 1; crashAt <= writes; crashAt++) {
        const storage = prepared.next(crashAt, mode)
        const acknowledged = await live(storage)
        await assertWhole(storage.afterPowerLoss(), acknowledged)
      }
    })
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
      // The reorganisation is half done, and the process that resumes it dies again and again.
      let storage = prepared.next(writes - 6, mode)
      const acknowledged = await live(storage)
      for (let crashAt = 1; crashAt <= 8; crashAt++) {
        storage = storage.next(crashAt, mode)
        await Chain.open({ ...openOptions, storage })
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
