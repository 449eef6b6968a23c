import assert from 'node:assert/strict'
import { COIN, type Transaction, txIdToHex } from '@onehop/ledger'
import type { Verdict } from '@onehop/primitives'
import {
  blameOf,
  chainOf,
  codeOf,
  FEE,
  MINER_KEY,
  pay,
  type RegtestChain,
  respend,
  type Spendable,
  scriptOfKey,
  spendable,
  testKey,
} from './regtest-chain.ts'

const OTHER = scriptOfKey(testKey(2))
const MINE = scriptOfKey(MINER_KEY)

const idOf = ({ txid }: Transaction) => txIdToHex(txid)

/** The refusal as bitcoind says it. */
const textOf = (verdict: Verdict) => (verdict.ok ? 'OK' : `${verdict.code}, ${verdict.detail ?? ''}`)

/** Spends several coins to several equal outputs of the miner. */
function spread(from: readonly Spendable[], outputs: number, fee: bigint, version = 2): Transaction {
  const total = from.reduce((sum, { coin }) => sum + coin.output.value, 0n) - fee
  const value = total / BigInt(outputs)
  const to = Array.from({ length: outputs }, () => ({ value, scriptPubKey: MINE }))
  return pay({
    from,
    to: [{ ...to[0]!, value: total - value * BigInt(outputs - 1) }, ...to.slice(1)],
    version,
  })
}

function accepted(chain: RegtestChain, ...transactions: readonly Transaction[]): void {
  for (const transaction of transactions) assert.equal(textOf(chain.accept(transaction)), 'OK')
}

describe('a transaction that spends what a waiting one spends', () => {
  it('replaces it when it pays more, though neither signals that it may be replaced', () => {
    const chain = chainOf(101)
    const first = respend(chain.coinbase(1))
    const second = respend(chain.coinbase(1), 2n * FEE, OTHER)
    accepted(chain, first)
    chain.events.length = 0
    const verdict = chain.accept(second)
    assert.deepEqual(verdict.ok && verdict.value.replaced, [first])
    assert.equal(chain.mempool.has(first.txid), false)
    assert.equal(chain.mempool.spenderOf(chain.coinbase(1).outPoint), second)
    assert.deepEqual(chain.events, [`replaced ${idOf(first)}`, `added ${idOf(second)}`])
  })

  it('is refused at the same fee rate, and nobody is to blame', () => {
    const chain = chainOf(101)
    accepted(chain, respend(chain.coinbase(1)))
    const second = respend(chain.coinbase(1), FEE, OTHER)
    const verdict = chain.accept(second)
    const rate = `0.0${(FEE * 1_000n) / BigInt(second.virtualSize)} BTC/kvB`.replace('0.0', '0.000')
    assert.equal(
      textOf(verdict),
      `insufficient fee, rejecting replacement ${idOf(second)}; new feerate ${rate} <= old feerate ${rate}`,
    )
    assert.equal(blameOf(verdict), 'nobody')
  })

  it('has to pay for its own way too: a tenth of a satoshi for each virtual byte', () => {
    const chain = chainOf(101)
    accepted(chain, respend(chain.coinbase(1)))
    const needed = BigInt(Math.ceil(respend(chain.coinbase(1)).virtualSize / 10))
    const poor = respend(chain.coinbase(1), FEE + needed - 1n, OTHER)
    assert.equal(
      textOf(chain.accept(poor)),
      `insufficient fee, rejecting replacement ${idOf(poor)}, not enough additional fees to relay; 0.0000001 < 0.00000011`,
    )
    assert.equal(codeOf(chain.accept(respend(chain.coinbase(1), FEE + needed, OTHER))), 'OK')
  })

  it('has to pay more in all than what goes, descendants included', () => {
    const chain = chainOf(101)
    const parent = respend(chain.coinbase(1), 1_000n)
    const child = respend(spendable(parent, 0), 9_000n)
    accepted(chain, parent, child)
    const rival = respend(chain.coinbase(1), 9_000n, OTHER)
    assert.equal(
      textOf(chain.accept(rival)),
      `insufficient fee, rejecting replacement ${idOf(rival)}, less fees than conflicting txs; 0.00009 < 0.0001`,
    )
    chain.events.length = 0
    const rich = respend(chain.coinbase(1), 10_100n, OTHER)
    assert.equal(codeOf(chain.accept(rich)), 'OK')
    assert.deepEqual(chain.events, [
      `replaced ${idOf(parent)}`,
      `replaced ${idOf(child)}`,
      `added ${idOf(rich)}`,
    ])
    assert.equal(chain.mempool.size, 1)
  })

  it('may not add an unconfirmed input that what goes did not have', () => {
    const chain = chainOf(102)
    const parent = spread([chain.coinbase(1)], 2, FEE)
    const stranger = respend(chain.coinbase(2))
    const replaced = respend(spendable(parent, 0))
    accepted(chain, parent, stranger, replaced)
    const adds = spread([spendable(parent, 0), spendable(stranger, 0)], 1, 9n * FEE)
    assert.equal(
      textOf(chain.accept(adds)),
      `replacement-adds-unconfirmed, replacement ${idOf(adds)} adds unconfirmed input, idx 1`,
    )
    const same = spread([spendable(parent, 0), spendable(parent, 1)], 1, 9n * FEE)
    assert.equal(codeOf(chain.accept(same)), 'OK')
  })

  it('may not spend from what it would replace, and whoever sends such a thing is to blame', () => {
    const chain = chainOf(101)
    const parent = spread([chain.coinbase(1)], 2, FEE)
    const child = respend(spendable(parent, 0))
    accepted(chain, parent, child)
    const absurd = spread([chain.coinbase(1), spendable(child, 0)], 1, 9n * FEE)
    const verdict = chain.accept(absurd)
    const detail = `${idOf(absurd)} spends conflicting transaction ${idOf(parent)}`
    assert.equal(textOf(verdict), `bad-txns-spends-conflicting-tx, ${detail}`)
    assert.equal(blameOf(verdict), 'sender')
  })

  it('replaces 100 transactions at most', function () {
    this.timeout(20_000)
    const chain = chainOf(110)
    const parents = [1, 2, 3, 4, 5].map(height => spread([chain.coinbase(height)], 20, FEE))
    assert.ok(chain.connect(chain.blockOf(parents)).ok)
    const coins = parents.flatMap(parent => parent.outputs.map((_, index) => spendable(parent, index, 111)))
    for (const coin of coins) accepted(chain, respend(coin, 200n))
    const extra = respend(chain.coinbase(6), 200n)
    accepted(chain, extra)
    const all = spread([...coins, chain.coinbase(6)], 1, COIN)
    assert.equal(
      textOf(chain.accept(all)),
      `too many potential replacements, rejecting replacement ${idOf(all)}; too many potential replacements (101 > 100)`,
    )
    assert.equal(codeOf(chain.accept(spread(coins, 1, COIN))), 'OK')
    assert.equal(chain.mempool.size, 2)
  })

  it('is judged by what prioritisetransaction made of the fees', () => {
    const chain = chainOf(101)
    const first = respend(chain.coinbase(1))
    accepted(chain, first)
    chain.mempool.prioritise(first.txid, 5n * FEE)
    assert.equal(codeOf(chain.accept(respend(chain.coinbase(1), 2n * FEE, OTHER))), 'insufficient fee')
    const own = respend(chain.coinbase(1), 3n * FEE, OTHER)
    chain.mempool.prioritise(own.txid, 5n * FEE)
    assert.equal(codeOf(chain.accept(own)), 'OK')
    assert.equal(chain.mempool.entry(own.txid)!.fee, 3n * FEE)
    assert.equal(chain.mempool.entry(own.txid)!.modifiedFee, 8n * FEE)
  })

  it('may take the place of its rival among the descendants of a full parent', () => {
    const chain = chainOf(101)
    const parent = spread([chain.coinbase(1)], 30, FEE)
    accepted(chain, parent)
    for (let index = 0; index < 24; index++) accepted(chain, respend(spendable(parent, index)))
    assert.equal(chain.mempool.entry(parent.txid)!.descendantCount, 25)
    assert.equal(codeOf(chain.accept(respend(spendable(parent, 0), 2n * FEE, OTHER))), 'OK')
    assert.equal(chain.mempool.entry(parent.txid)!.descendantCount, 25)
  })

  it('changes nothing when it is only tested', () => {
    const chain = chainOf(101)
    const first = respend(chain.coinbase(1))
    accepted(chain, first)
    const tested = chain.mempool.check(respend(chain.coinbase(1), 2n * FEE, OTHER), chain.context)
    assert.deepEqual(tested.ok && tested.value.replaced, [first])
    assert.equal(chain.mempool.has(first.txid), true)
  })

  it('loses against a confirmed one, whatever it pays', () => {
    const chain = chainOf(101)
    const first = respend(chain.coinbase(1))
    assert.ok(chain.connect(chain.blockOf([first])).ok)
    const rich = respend(chain.coinbase(1), COIN, OTHER)
    assert.equal(codeOf(chain.accept(rich)), 'bad-txns-inputs-missingorspent')
  })
})

describe('a second child of a version 3 parent', () => {
  const family = () => {
    const chain = chainOf(101)
    const parent = spread([chain.coinbase(1)], 2, FEE, 3)
    const child = spread([spendable(parent, 0)], 1, FEE, 3)
    accepted(chain, parent, child)
    return { chain, parent, child }
  }

  it('takes the place of the first one when it pays more', () => {
    const { chain, parent, child } = family()
    const sibling = spread([spendable(parent, 1)], 1, 2n * FEE, 3)
    const verdict = chain.accept(sibling)
    assert.deepEqual(verdict.ok && verdict.value.replaced, [child])
    assert.equal(chain.mempool.entry(parent.txid)!.descendantCount, 2)
  })

  it('is refused when it does not', () => {
    const { chain, parent } = family()
    const verdict = chain.accept(spread([spendable(parent, 1)], 1, FEE, 3))
    assert.equal(codeOf(verdict), 'insufficient fee (including sibling eviction)')
  })

  it('replaces the first one as any rival does when it spends the same coin', () => {
    const { chain, parent, child } = family()
    const rival = spread([spendable(parent, 0), spendable(parent, 1)], 1, 2n * FEE, 3)
    const verdict = chain.accept(rival)
    assert.deepEqual(verdict.ok && verdict.value.replaced, [child])
  })
})
