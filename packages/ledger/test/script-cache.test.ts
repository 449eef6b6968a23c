import assert from 'node:assert/strict'
import {
  COIN,
  CoinsCache,
  connectBlock,
  FLAG,
  MANDATORY_FLAGS,
  REGTEST,
  ScriptCache,
  STANDARD_FLAGS,
  type Transaction,
  verifyForMempool,
  type Wtxid,
} from '@onehop/ledger'
import { nobleVerifier, sha256 } from '@onehop/primitives'
import fc from 'fast-check'
import { mine, pay, RegtestChain, scriptOfKey, testKey } from './regtest-chain.ts'

/** Ids that share a place when `place` is the same. */
function wtxid(number: number, place = number): Wtxid {
  const id = sha256(Uint8Array.of(number & 0xff, number >> 8))
  new DataView(id.buffer).setUint32(0, place, true)
  return id as Wtxid
}

describe('the script cache', () => {
  it('covers the flags that a success was seen under, and fewer, but no others', () => {
    const cache = new ScriptCache(64)
    cache.add(wtxid(1), FLAG.P2SH | FLAG.WITNESS)
    assert.ok(cache.has(wtxid(1), FLAG.P2SH | FLAG.WITNESS))
    assert.ok(cache.has(wtxid(1), FLAG.P2SH))
    assert.ok(cache.has(wtxid(1), 0))
    assert.ok(!cache.has(wtxid(1), FLAG.P2SH | FLAG.DERSIG))
    assert.ok(!cache.has(wtxid(2), 0))
  })

  it('does not forget what it knows for a success under fewer flags', () => {
    const cache = new ScriptCache(64)
    cache.add(wtxid(1), STANDARD_FLAGS)
    cache.add(wtxid(1), MANDATORY_FLAGS)
    assert.ok(cache.has(wtxid(1), STANDARD_FLAGS))
    cache.add(wtxid(2), 0)
    assert.ok(cache.has(wtxid(2), 0))
    cache.add(wtxid(2), MANDATORY_FLAGS)
    assert.ok(cache.has(wtxid(2), MANDATORY_FLAGS))
  })

  it('takes no two separate successes for one', () => {
    const cache = new ScriptCache(64)
    cache.add(wtxid(1), FLAG.P2SH)
    cache.add(wtxid(1), FLAG.WITNESS)
    assert.ok(!cache.has(wtxid(1), FLAG.P2SH | FLAG.WITNESS))
  })

  it('forgets the oldest of those that share a place', () => {
    const cache = new ScriptCache(64)
    for (let i = 0; i < 9; i++) cache.add(wtxid(i, 5), STANDARD_FLAGS)
    assert.ok(!cache.has(wtxid(0, 5), 0))
    for (let i = 1; i < 9; i++) assert.ok(cache.has(wtxid(i, 5), STANDARD_FLAGS), `${i}`)
    cache.add(wtxid(100, 6), STANDARD_FLAGS)
    assert.ok(cache.has(wtxid(1, 5), 0))
  })

  it('never claims what was not added', () => {
    const addition = fc.tuple(fc.nat(300), fc.nat(3), fc.nat(7))
    fc.assert(
      fc.property(fc.array(addition, { maxLength: 400 }), additions => {
        const cache = new ScriptCache(32)
        const added = new Map<string, number[]>()
        for (const [number, place, flags] of additions) {
          cache.add(wtxid(number, place), flags)
          const key = `${number}/${place}`
          added.set(key, [...(added.get(key) ?? []), flags])
          assert.ok(cache.has(wtxid(number, place), flags))
        }
        for (let number = 0; number <= 300; number++) {
          for (let asked = 0; asked < 8; asked++) {
            if (!cache.has(wtxid(number, 1), asked)) continue
            assert.ok(added.get(`${number}/1`)?.some(flags => (asked & ~flags) === 0))
          }
        }
      }),
      { numRuns: 20 },
    )
  })
})

describe('a block of transactions whose scripts are known', () => {
  const chain = new RegtestChain()
  chain.mineBlocks(105)
  const spend = (height: number, key?: Uint8Array) =>
    pay({
      from: [chain.coinbase(height)],
      to: [{ value: COIN, scriptPubKey: scriptOfKey(testKey(2)) }],
      ...(key && { key }),
    })
  const flags = { policy: STANDARD_FLAGS, consensus: MANDATORY_FLAGS }
  const checked = (cache: ScriptCache, transactions: readonly Transaction[]) => {
    const block = mine(chain.blockOf(transactions))
    const added = chain.tree.add(block.header, chain.nowSeconds)
    assert.ok(added.ok)
    const coins = new CoinsCache(chain.view)
    const context = { node: added.value, coins, parameters: REGTEST, scriptCache: cache }
    const connected = connectBlock(block, context)
    assert.ok(connected.ok)
    return connected.value.checks.map(({ transaction }) => transaction)
  }

  it('leaves only the others to check', () => {
    const cache = new ScriptCache(64)
    const [known, unknown] = [spend(1), spend(2)]
    assert.ok(verifyForMempool(known, [chain.coinbase(1).coin], flags, nobleVerifier, cache).ok)
    assert.deepEqual(checked(cache, [known, unknown]), [unknown])
  })

  it('checks what failed before', () => {
    const cache = new ScriptCache(64)
    const forged = spend(3, testKey(9))
    assert.ok(!verifyForMempool(forged, [chain.coinbase(3).coin], flags, nobleVerifier, cache).ok)
    assert.deepEqual(checked(cache, [forged]), [forged])
  })

  it('is not asked twice', () => {
    const cache = new ScriptCache(64)
    const transaction = spend(4)
    let asked = 0
    const counting = {
      ...nobleVerifier,
      verifyEcdsa: (...request: Parameters<typeof nobleVerifier.verifyEcdsa>) => {
        asked++
        return nobleVerifier.verifyEcdsa(...request)
      },
    }
    for (let i = 0; i < 2; i++)
      assert.ok(verifyForMempool(transaction, [chain.coinbase(4).coin], flags, counting, cache).ok)
    assert.equal(asked, 1)
  })
})
