import assert from 'node:assert/strict'
import type { BlockHash, Coin, OutPoint, TxId } from '@onehop/ledger'
import { type CoinsOptions, CoinsStore } from '../src/coins/coins-store.ts'
import { CrashingStorage } from './support/crashing-storage.ts'

const BLOCK = new Uint8Array(32).fill(0xbb) as BlockHash

function outPointOf(number: number, index = 0): OutPoint {
  const txid = new Uint8Array(32)
  new DataView(txid.buffer).setUint32(0, number)
  return { txid: txid as TxId, index }
}

function coinOf(number: number): Coin {
  const output = { value: BigInt(number), scriptPubKey: new Uint8Array(22).fill(number) }
  return { output, height: number, coinbase: false }
}

describe('the store of coins', () => {
  let storage: CrashingStorage
  const open = (options?: CoinsOptions) => new CoinsStore(storage.values, options)

  beforeEach(() => {
    storage = new CrashingStorage()
  })

  it('writes what changed, and of what came and went nothing', async () => {
    const coins = open()
    for (const number of [1, 2, 3]) coins.add(outPointOf(number), coinOf(number), false)
    coins.spend(outPointOf(2))
    await coins.flush(BLOCK)
    assert.equal(storage.batches, 1)
    const again = open()
    assert.deepEqual(again.flushedBlock, BLOCK)
    assert.equal(again.unfinishedFlush, undefined)
    assert.deepEqual(
      [1, 2, 3].map(number => again.get(outPointOf(number))),
      [coinOf(1), undefined, coinOf(3)],
    )
    again.spend(outPointOf(1))
    await again.flush(BLOCK)
    assert.equal(open().get(outPointOf(1)), undefined)
  })

  it('says for as long as a flush takes several batches what it will be', async () => {
    const coins = open({ coinsBatchBytes: 100 })
    for (let number = 0; number < 10; number++) coins.add(outPointOf(number), coinOf(number), false)
    const targets: (Uint8Array | undefined)[] = []
    const { write } = storage
    storage.write = async (whole, half) => {
      await write.call(storage, whole, half)
      targets.push(open().unfinishedFlush)
    }
    await coins.flush(BLOCK)
    assert(targets.length > 2)
    assert.deepEqual(
      targets,
      targets.map((_, i) => (i === targets.length - 1 ? undefined : BLOCK)),
    )
  })

  it('can be read while it is written', async () => {
    const coins = open({ coinsBatchBytes: 1 })
    for (let number = 0; number < 20; number++) coins.add(outPointOf(number), coinOf(number), false)
    await coins.flush(BLOCK)
    const reader = open({ coinsBatchBytes: 1 })
    for (let number = 0; number < 10; number++) reader.spend(outPointOf(number))
    const flushing = reader.flush(BLOCK)
    for (let number = 0; number < 20; number++) {
      assert.deepEqual(reader.get(outPointOf(number)), number < 10 ? undefined : coinOf(number))
      await Promise.resolve()
    }
    await flushing
    assert.deepEqual(reader.get(outPointOf(15)), coinOf(15))
  })

  it('finds some output of a transaction in memory or in the store, and none that is spent', async () => {
    const coins = open()
    coins.add(outPointOf(1, 7), coinOf(1), false)
    coins.add(outPointOf(2, 0), coinOf(2), false)
    await coins.flush(BLOCK)
    const again = open()
    again.add(outPointOf(3, 1), coinOf(3), false)
    again.spend(outPointOf(2, 0))
    assert.deepEqual(await again.anyCoinOf(outPointOf(1).txid), coinOf(1))
    assert.equal(await again.anyCoinOf(outPointOf(2).txid), undefined)
    assert.deepEqual(await again.anyCoinOf(outPointOf(3).txid), coinOf(3))
    assert.equal(await again.anyCoinOf(outPointOf(4).txid), undefined)
  })

  it('makes room by forgetting what it has read, and asks for a flush only when most of it is dirty', async () => {
    const limit = 64 * 1024
    const coins = open({ coinsCacheBytes: limit })
    for (let number = 0; number < 2_000; number++) coins.add(outPointOf(number), coinOf(number), false)
    assert(coins.isOverLimit)
    assert(coins.mustFlush)
    await coins.flush(BLOCK)
    assert(!coins.mustFlush)
    coins.makeRoom()
    assert(coins.memoryBytes <= limit)
    for (let number = 0; number < 2_000; number++)
      assert.deepEqual(coins.get(outPointOf(number)), coinOf(number))
    assert(coins.memoryBytes <= limit)
    for (let number = 0; number < 100; number++) coins.spend(outPointOf(number))
    coins.makeRoom()
    for (let number = 0; number < 2_000; number++)
      assert.deepEqual(coins.get(outPointOf(number)), number < 100 ? undefined : coinOf(number))
  })
})
