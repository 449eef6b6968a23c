import assert from 'node:assert/strict'
import { type MempoolEntry, selectForBlock, txIdToHex } from '@onehop/ledger'
import { compareBytes } from '@onehop/primitives'
import fc from 'fast-check'
import { anchorChain, anchorSpend, copyOf, freeCoins } from './anchor-world.ts'
import type { RegtestChain } from './regtest-chain.ts'

/** Weight and sigops that are kept free for header and coinbase. */
const RESERVED = { weight: 8_000, sigopsCost: 400 }

interface Package {
  readonly entry: MempoolEntry
  readonly members: readonly MempoolEntry[]
  readonly fee: bigint
  readonly size: number
}

const idOf = ({ transaction }: MempoolEntry) => transaction.txid

function packageOf(entry: MempoolEntry, chosen: readonly MempoolEntry[]): Package {
  const members = [...entry.ancestors, entry].filter(each => !chosen.includes(each))
  return {
    entry,
    members,
    fee: members.reduce((sum, each) => sum + each.fee + each.feeDelta, 0n),
    size: members.reduce((sum, each) => sum + each.virtualSize, 0),
  }
}

/** What a package is rated by: its rate, or the transaction's own where that is lower. */
function rating({ entry, fee, size }: Package): { fee: bigint; size: bigint } {
  const own = { fee: entry.fee + entry.feeDelta, size: BigInt(entry.virtualSize) }
  return own.fee * BigInt(size) > fee * own.size ? { fee, size: BigInt(size) } : own
}

function compare(a: Package, b: Package): number {
  const [left, right] = [rating(a), rating(b)]
  const difference = left.fee * right.size - right.fee * left.size
  return difference > 0n ? -1 : difference < 0n ? 1 : compareBytes(idOf(a.entry), idOf(b.entry))
}

/** Rates everything anew before each choice. */
function naiveSelection(entries: readonly MempoolEntry[], room: typeof RESERVED): MempoolEntry[] {
  const chosen: MempoolEntry[] = []
  let { weight, sigopsCost } = RESERVED
  let left = entries.map(entry => packageOf(entry, chosen))
  while (left.length > 0) {
    const best = left.sort(compare).shift()!
    if (best.fee < BigInt(Math.ceil(best.size / 1_000))) break
    const sigops = best.members.reduce((sum, each) => sum + each.sigopsCost, 0)
    if (weight + 4 * best.size >= room.weight || sigopsCost + sigops >= room.sigopsCost) continue
    for (const each of best.members.toSorted(
      (a, b) => a.ancestorCount - b.ancestorCount || compareBytes(idOf(a), idOf(b)),
    )) {
      chosen.push(each)
      weight += each.transaction.weight
      sigopsCost += each.sigopsCost
    }
    left = entries.filter(entry => !chosen.includes(entry)).map(entry => packageOf(entry, chosen))
  }
  return chosen
}

interface Spec {
  readonly picks: readonly number[]
  readonly fee: number
  readonly data: number
  readonly outputs: number
  readonly delta: number
}

function fill(chain: RegtestChain, specs: readonly Spec[]): MempoolEntry[] {
  for (const { picks, fee, data, outputs, delta } of specs) {
    const coins = freeCoins(chain)
    const from = [...new Set(picks.map(number => coins[number % coins.length]!))]
    const transaction = anchorSpend({ from, fee: BigInt(fee), data, outputs })
    chain.mempool.prioritise(transaction.txid, BigInt(delta))
    chain.accept(transaction)
  }
  return [...chain.mempool.entries()]
}

describe('the choice of transactions for a block', () => {
  const base = anchorChain()
  const spec = fc.record({
    picks: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 3 }),
    fee: fc.integer({ min: 200, max: 20_000 }),
    data: fc.integer({ min: 20, max: 1_000 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    delta: fc.constantFrom(0, 0, 0, -5_000, 5_000),
  })

  it('is that of rating everything anew before each choice, whatever the room', function () {
    this.timeout(60_000)
    fc.assert(
      fc.property(
        fc.array(spec, { maxLength: 30 }),
        fc.integer({ min: 0, max: 60_000 }),
        fc.integer({ min: 0, max: 20 }),
        (specs, weight, sigopsCost) => {
          const chain = copyOf(base)
          const entries = fill(chain, specs)
          const room = { weight: RESERVED.weight + weight, sigopsCost: RESERVED.sigopsCost + sigopsCost }
          const ids = (chosen: readonly MempoolEntry[]) => chosen.map(entry => txIdToHex(idOf(entry)))
          assert.deepEqual(ids(selectForBlock(entries, chain.tip, room)), ids(naiveSelection(entries, room)))
        },
      ),
      { numRuns: 150 },
    )
  })

  it('leaves out what pays nothing, unless a child pays for it', () => {
    const chain = copyOf(base)
    const [coin] = freeCoins(chain)
    const free = anchorSpend({ from: [coin!], fee: 0n, outputs: 2 })
    const child = anchorSpend({
      from: [
        {
          outPoint: { txid: free.txid, index: 0 },
          coin: { output: free.outputs[0]!, height: 0, coinbase: false },
        },
      ],
      fee: 5_000n,
    })
    chain.mempool.onReorganised([free], chain.context)
    assert.equal(chain.mempool.size, 1)
    assert.equal(chain.template().transactions.length, 1)
    assert.ok(chain.accept(child).ok)
    assert.deepEqual(chain.template().transactions.slice(1), [free, child])
  })

  it('takes fees as prioritisetransaction made them, and claims what they are', () => {
    const chain = copyOf(base)
    const [one, two] = freeCoins(chain).map(coin => anchorSpend({ from: [coin], fee: 500n }))
    for (const each of [one!, two!]) assert.ok(chain.accept(each).ok)
    chain.mempool.prioritise(one!.txid, 10_000n)
    const claimed = chain.template().transactions
    assert.deepEqual(claimed.slice(1), [one, two])
    chain.mempool.prioritise(two!.txid, -600n)
    assert.deepEqual(chain.template().transactions.slice(1), [one])
  })
})
