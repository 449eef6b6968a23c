import assert from 'node:assert/strict'
import {
  asTxId,
  type Coin,
  CoinsCache,
  hexToTxId,
  MAX_MONEY,
  type OutPoint,
  outPointKey,
  p2pkhScript,
  p2shScript,
  p2wpkhScript,
  parseCoin,
  parseUndo,
  scriptOf,
  serializeCoin,
  serializeUndo,
  Transaction,
} from '@onehop/ledger'
import { bytesToHex, DecodeError } from '@onehop/primitives'
import fc from 'fast-check'
import { record } from './plain-record.ts'

const hash20 = fc.uint8Array({ minLength: 20, maxLength: 20 })
const script = fc.oneof(
  fc.uint8Array({ maxLength: 120 }),
  hash20.map(p2pkhScript),
  hash20.map(p2shScript),
  hash20.map(p2wpkhScript),
  fc
    .tuple(fc.constantFrom(2, 3), fc.uint8Array({ minLength: 32, maxLength: 32 }))
    .map(([parity, x]) => scriptOf(33, parity, x, 0xac)),
)
const coin: fc.Arbitrary<Coin> = record({
  output: record({ value: fc.bigInt(0n, MAX_MONEY), scriptPubKey: script }),
  height: fc.nat({ max: 0x7fff_ffff }),
  coinbase: fc.boolean(),
})

const simple = (value: bigint, height = 1): Coin => ({
  output: { value, scriptPubKey: new Uint8Array(0) },
  height,
  coinbase: false,
})
const at = (index: number): OutPoint => ({ txid: asTxId(new Uint8Array(32)), index })

describe('a coin in the store', () => {
  it('comes back the same, whatever script and amount it has', () => {
    fc.assert(fc.property(coin, original => assert.deepEqual(parseCoin(serializeCoin(original)), original)))
  })

  it('takes Bitcoin Core’s bytes for a known one', () => {
    // Core's coins_tests: height 203998, P2PKH, 60,000,000,000 satoshis.
    const scriptPubKey = p2pkhScript(Buffer.from('816115944e077fe7c803cfa57f29b36bf87c1d35', 'hex'))
    const known: Coin = { output: { value: 60_000_000_000n, scriptPubKey }, height: 203_998, coinbase: false }
    assert.equal(bytesToHex(serializeCoin(known)), '97f23c835800816115944e077fe7c803cfa57f29b36bf87c1d35')
  })

  it('is refused as any other bytes with a DecodeError and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), garbage => {
        try {
          parseCoin(garbage)
        } catch (error) {
          assert.ok(error instanceof DecodeError)
        }
      }),
    )
  })
})

describe('undo data', () => {
  it('come back the same, transaction by transaction', () => {
    fc.assert(
      fc.property(fc.array(fc.array(coin, { maxLength: 4 }), { maxLength: 4 }), spent =>
        assert.deepEqual(parseUndo(serializeUndo({ spent })), { spent }),
      ),
    )
  })
})

describe('a coins cache', () => {
  it('shows its base until something changes, and leaves the base alone', () => {
    const base = new Map([[outPointKey(at(0)), simple(5n)]])
    const cache = new CoinsCache({ get: outPoint => base.get(outPointKey(outPoint)) })
    assert.deepEqual(cache.get(at(0)), simple(5n))
    assert.deepEqual(cache.spend(at(0)), simple(5n))
    assert.equal(cache.get(at(0)), undefined)
    assert.equal(cache.spend(at(0)), undefined)
    assert.equal(base.size, 1)
    assert.deepEqual([...cache.changes()], [[at(0), undefined]])
  })

  it('forgets a coin that came and went in it', () => {
    const cache = new CoinsCache({ get: () => undefined })
    cache.add(at(1), simple(7n))
    assert.deepEqual(cache.spend(at(1)), simple(7n))
    assert.deepEqual([...cache.changes()], [])
  })

  it('deletes in the base what it may have overwritten there', () => {
    const cache = new CoinsCache({ get: () => simple(1n) })
    cache.add(at(1), simple(7n), true)
    cache.spend(at(1))
    assert.equal(cache.get(at(1)), undefined)
    assert.deepEqual([...cache.changes()], [[at(1), undefined]])
  })

  it('hands its changes to the cache below', () => {
    const lower = new CoinsCache({ get: outPoint => (outPoint.index === 0 ? simple(1n) : undefined) })
    const upper = new CoinsCache(lower)
    upper.spend(at(0))
    upper.add(at(1), simple(2n))
    upper.flushInto(lower)
    assert.equal(lower.get(at(0)), undefined)
    assert.deepEqual(lower.get(at(1)), simple(2n))
    assert.equal(upper.size, 0)
  })

  it('has no place for outputs that nobody can ever spend', () => {
    const cache = new CoinsCache({ get: () => undefined })
    const transaction = new Transaction({
      version: 2,
      inputs: [
        {
          previousOutput: { txid: hexToTxId('11'.repeat(32)), index: 0 },
          scriptSig: new Uint8Array(0),
          sequence: 0,
          witness: [],
        },
      ],
      outputs: [
        { value: 1n, scriptPubKey: Uint8Array.of(0x6a, 1, 1) },
        { value: 2n, scriptPubKey: new Uint8Array(10_001) },
        { value: 3n, scriptPubKey: Uint8Array.of(0x51) },
      ],
      lockTime: 0,
    })
    cache.addOutputs(transaction, 9)
    assert.deepEqual(
      [...cache.changes()].map(([outPoint]) => outPoint.index),
      [2],
    )
  })
})
