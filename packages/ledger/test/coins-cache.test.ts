import assert from 'node:assert/strict'
import { asTxId, type Coin, CoinsCache, type OutPoint } from '@onehop/ledger'
import fc from 'fast-check'

/** Ids that agree in what a table hashes of them, so that it has to look at all of an outpoint. */
function outPointOf(number: number): OutPoint {
  const txid = new Uint8Array(32)
  txid[20] = number >> 2
  return { txid: asTxId(txid), index: number & 3 }
}

const numberOf = ({ txid, index }: OutPoint): number => txid[20]! * 4 + index

const coinOf = (value: number): Coin => ({
  output: { value: BigInt(value), scriptPubKey: Uint8Array.of(0x51) },
  height: value,
  coinbase: false,
})

describe('a cache of coins', () => {
  it('agrees with a map on any history, and tells its base exactly what is other', () => {
    const number = fc.nat(150)
    const step = fc.tuple(fc.constantFrom('add', 'spend', 'get'), number, fc.nat(9))
    const history = fc.array(step, { maxLength: 300, size: 'max' })
    fc.assert(
      fc.property(fc.uniqueArray(number), history, fc.integer(), (stored, steps, seed) => {
        const base = new Map(stored.map(at => [at, coinOf(at)]))
        const coins = new Map(base)
        const cache = new CoinsCache({ get: outPoint => base.get(numberOf(outPoint)) }, seed)
        for (const [what, at, value] of steps) {
          const before = coins.get(at)
          if (what === 'get') assert.equal(cache.get(outPointOf(at)), before)
          else if (what === 'spend') {
            assert.equal(cache.spend(outPointOf(at)), before)
            coins.delete(at)
          } else {
            const coin = coinOf(value)
            cache.add(outPointOf(at), coin, before !== undefined || value > 5)
            coins.set(at, coin)
          }
        }
        const changes = new Map(Array.from(cache.changes(), ([outPoint, coin]) => [numberOf(outPoint), coin]))
        for (const [at, coin] of changes) assert(coin !== undefined || base.has(at) || !coins.has(at))
        cache.flushInto({
          add: (outPoint, coin, mayOverwrite) => {
            assert(mayOverwrite || !base.has(numberOf(outPoint)), 'what is there is not fresh')
            base.set(numberOf(outPoint), coin)
          },
          spend: outPoint => {
            base.delete(numberOf(outPoint))
          },
        })
        assert.deepEqual(new Map([...base].sort()), new Map([...coins].sort()))
        assert.equal(cache.size, 0)
      }),
    )
  })
})
