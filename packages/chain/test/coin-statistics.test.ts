import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Block, CoinCounter, type CoinHashType, serializeBlock } from '@onehop/ledger'
import { bytesToHex } from '@onehop/primitives'
import { Chain } from '../src/index.ts'
import {
  acceptAll,
  GENESIS,
  makeBlock,
  makeBranch,
  openOptions,
  spendCoinbase,
  tipOf,
} from './support/regtest.ts'

const HASH_TYPES: readonly CoinHashType[] = ['hash_serialized_3', 'muhash', 'none']

async function describeSet(chain: Chain, hashType: CoinHashType) {
  const { tip, hash, diskBytes: _, ...rest } = await chain.coinStatistics(hashType)
  return { ...rest, height: tip.height, block: bytesToHex(tip.hash), hash: hash && bytesToHex(hash) }
}

/** The same of a chain that has only these blocks. */
async function describeReplay(blocks: readonly Block[], hashType: CoinHashType) {
  const replay = await Chain.open(openOptions)
  await acceptAll(replay, blocks)
  const counter = new CoinCounter(hashType)
  for await (const [outpoint, coin] of replay.coins()) counter.add(outpoint, coin)
  const { hash, ...rest } = counter.finish()
  const { tip } = replay
  await replay.close()
  return { ...rest, height: tip.height, block: bytesToHex(tip.hash), hash: hash && bytesToHex(hash) }
}

describe('statistics of the coins', () => {
  let folder: string
  let chain: Chain

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onehop-coins-'))
    chain = await Chain.open({ ...openOptions, datadir: folder })
  })
  afterEach(async () => {
    await chain.close()
    await rm(folder, { recursive: true })
  })

  it('are those of a set without coins at first', async () => {
    const { coins, transactions, totalAmount, bogoSize } = await chain.coinStatistics('none')
    assert.deepEqual([coins, transactions, totalAmount, bogoSize], [0, 0, 0n, 0])
  })

  it('are those of one block, whatever comes in while they are taken', async () => {
    const blocks = makeBranch(GENESIS, 103)
    await acceptAll(chain, blocks)
    const asked: ReturnType<typeof describeSet>[] = []
    const accepted: ReturnType<Chain['acceptBlock']>[] = []
    const [first, second, third] = blocks
    assert(first && second && third)
    let tip = tipOf(chain)
    for (const [i, spent] of [first, second, third].entries()) {
      asked.push(...HASH_TYPES.map(hashType => describeSet(chain, hashType)))
      const block = makeBlock(tip, { transactions: [spendCoinbase(spent)], fees: 1_000n, extraNonce: i })
      accepted.push(chain.acceptBlock(serializeBlock(block)))
      tip = { hash: block.hash, height: tip.height + 1, time: block.header.time }
      blocks.push(block)
    }
    for (const verdict of await Promise.all(accepted)) assert(verdict.ok)
    for (const [i, described] of (await Promise.all(asked)).entries()) {
      const length = 103 + Math.floor(i / HASH_TYPES.length)
      const hashType = HASH_TYPES[i % HASH_TYPES.length]
      assert(hashType)
      assert.deepEqual(described, await describeReplay(blocks.slice(0, length), hashType))
    }
  })

  it('tell how large the coins are on the disk', async () => {
    const { diskBytes } = await chain.coinStatistics('none')
    assert(Number.isInteger(diskBytes) && diskBytes >= 0)
  })
})
