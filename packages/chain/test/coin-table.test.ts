import assert from 'node:assert/strict'
import type { Coin, OutPoint, TxId } from '@onehop/ledger'
import fc from 'fast-check'
import { CoinTable } from '../src/coins/coin-table.ts'

const LIMIT_BYTES = 256 * 1024
const HASH_KEY = { low: 0x0123_4567, high: 0x89ab_cdef }

/** The outpoint with this number: few outputs to a transaction, so that neighbours differ in the index only. */
function outPointOf(number: number): OutPoint {
  const txid = new Uint8Array(32).fill(0xee)
  new DataView(txid.buffer).setUint32(4, number >>> 2)
  return { txid: txid as TxId, index: number & 3 }
}

function coinOf(number: number, scriptBytes = 22): Coin {
  const output = {
    value: BigInt(number) * 1_000_003n,
    scriptPubKey: new Uint8Array(scriptBytes).fill(number),
  }
  return { output, height: number, coinbase: number % 2 === 1 }
}

const newTable = () => new CoinTable(LIMIT_BYTES, HASH_KEY)

/** What a store and a table over it are, told in maps. */
class Model {
  readonly store = new Map<number, Coin>()
  readonly coins = new Map<number, Coin>()
}

function numberOf({ txid, index }: OutPoint): number {
  return new DataView(txid.buffer, txid.byteOffset).getUint32(4) * 4 + index
}

describe('the table of coins', () => {
  it('gives back what was put in, down to the last byte', () => {
    const table = newTable()
    for (const scriptBytes of [0, 1, 22, 34, 10_000]) {
      const outPoint = { txid: new Uint8Array(32).fill(scriptBytes) as TxId, index: 0xffff_fffe }
      const coin = {
        output: { value: 2_100_000_000_000_000n, scriptPubKey: new Uint8Array(scriptBytes).fill(7) },
        height: 0x7fff_ffff,
        coinbase: true,
      }
      table.add(outPoint, coin, true)
      assert.deepEqual(table.get(outPoint), coin)
      assert.deepEqual([...table.dirtyCoins()].at(-1), [outPoint, coin])
    }
  })

  it('knows nothing of what it was not told', () => {
    const table = newTable()
    assert.equal(table.get(outPointOf(1)), undefined)
    table.add(outPointOf(1), coinOf(1), true)
    assert.equal(table.get(outPointOf(2)), undefined)
  })

  it('leaves no trace of a coin that came and went between two flushes', () => {
    const table = newTable()
    table.add(outPointOf(1), coinOf(1), true)
    table.spend(outPointOf(1))
    assert.equal(table.count, 0)
    assert.equal(table.dirtyBytes, 0)
    assert.deepEqual([...table.dirtyCoins()], [])
  })

  it('remembers the spending of a coin that the store has', () => {
    const table = newTable()
    table.keep(outPointOf(1), coinOf(1))
    table.spend(outPointOf(1))
    table.spend(outPointOf(2))
    table.add(outPointOf(3), coinOf(3), false)
    table.spend(outPointOf(3))
    for (const number of [1, 2, 3]) assert.equal(table.get(outPointOf(number)), null)
    assert.deepEqual(
      [...table.dirtyCoins()].map(([outPoint, coin]) => [numberOf(outPoint), coin]),
      [
        [1, undefined],
        [2, undefined],
        [3, undefined],
      ],
    )
    table.markClean()
    assert.equal(table.count, 0)
  })

  it('says of a spent coin that returns that the store has one', () => {
    const table = newTable()
    table.spend(outPointOf(1))
    table.add(outPointOf(1), coinOf(9), true)
    assert.deepEqual(table.get(outPointOf(1)), coinOf(9))
    table.spend(outPointOf(1))
    assert.deepEqual([...table.dirtyCoins()], [[outPointOf(1), undefined]])
  })

  it('drops clean coins, and moves dirty ones, a piece of memory at a time', () => {
    const table = newTable()
    for (let number = 0; number < 4_000; number++) {
      if (number % 4 === 0) table.add(outPointOf(number), coinOf(number), true)
      else table.keep(outPointOf(number), coinOf(number))
    }
    const before = table.memoryBytes
    const kept = table.count
    for (let chunks = table.chunkCount; chunks > 0; chunks--) table.dropOldest()
    assert(table.memoryBytes < before)
    assert(table.count < kept)
    assert.equal(table.count, table.dirtyCount)
    for (let number = 0; number < 4_000; number += 4)
      assert.deepEqual(table.get(outPointOf(number)), coinOf(number))
  })

  it('keeps no clean coin that would take it beyond its limit', () => {
    const table = newTable()
    for (let number = 0; number < 10_000; number++) table.keep(outPointOf(number), coinOf(number))
    assert(table.memoryBytes <= LIMIT_BYTES)
    assert(table.memoryBytes > 0.9 * LIMIT_BYTES)
    assert(table.count > LIMIT_BYTES / 110, `${table.count} coins`)
    assert(table.count < 10_000)
  })

  it('agrees with maps on any history of additions, spends, flushes and drops', () => {
    const number = fc.integer({ min: 0, max: 60 })
    const step = fc.oneof(
      { weight: 10, arbitrary: fc.record({ do: fc.constant('add' as const), number, size: fc.nat(500) }) },
      { weight: 10, arbitrary: fc.record({ do: fc.constant('spend' as const), number, size: fc.nat(1) }) },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('read' as const), number, size: fc.nat(1) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('flush' as const), number, size: fc.nat(1) }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('drop' as const), number, size: fc.nat(1) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), steps => {
        const table = new CoinTable(16 * 1024, HASH_KEY)
        const model = new Model()
        for (const { do: what, number, size } of steps) {
          const outPoint = outPointOf(number)
          const known = table.get(outPoint)
          if (what === 'add') {
            const fresh = !model.coins.has(number)
            table.add(outPoint, coinOf(number, size), fresh)
            model.coins.set(number, coinOf(number, size))
          } else if (what === 'spend' && model.coins.delete(number)) table.spend(outPoint)
          else if (what === 'read' && known === undefined) {
            const stored = model.store.get(number)
            if (stored) table.keep(outPoint, stored)
          } else if (what === 'flush') {
            for (const [at, coin] of table.dirtyCoins()) {
              if (coin) model.store.set(numberOf(at), coin)
              else assert(model.store.delete(numberOf(at)), 'only what the store has is deleted')
            }
            assert.deepEqual(new Map([...model.store].sort()), new Map([...model.coins].sort()))
            table.markClean()
            assert.equal(table.dirtyCount, 0)
          } else if (what === 'drop' && table.chunkCount > 0) table.dropOldest()
          for (let i = 0; i <= 60; i++) {
            const seen = table.get(outPointOf(i))
            assert.deepEqual(
              seen === undefined ? model.store.get(i) : (seen ?? undefined),
              model.coins.get(i),
            )
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})
