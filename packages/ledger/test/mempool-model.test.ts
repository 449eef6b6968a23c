import assert from 'node:assert/strict'
import { MEMPOOL_EXPIRY_SECONDS, type Transaction, txIdToHex } from '@onehop/ledger'
import fc from 'fast-check'
import {
  type AnchorSpend,
  anchorChain,
  anchorSpend,
  checkInvariants,
  coinAt,
  copyOf,
  freeCoins,
} from './anchor-world.ts'
import { codeOf, type RegtestChain, spendable } from './regtest-chain.ts'

const LIMIT_BYTES = 50_000

/** Numbers that a step makes of what is there what it needs. */
interface Dice {
  readonly kind: string
  readonly a: number
  readonly b: number
  readonly c: number
}

const KINDS = [
  ...Array.from({ length: 8 }, () => 'spend'),
  ...Array.from({ length: 3 }, () => 'replace'),
  ...Array.from({ length: 2 }, () => 'package'),
  'mine',
  'rival block',
  'reorganise',
  'prioritise',
  'wait',
] as const

const dice: fc.Arbitrary<Dice> = fc.record({
  kind: fc.constantFrom(...KINDS),
  a: fc.nat(1_000_000),
  b: fc.nat(1_000_000),
  c: fc.nat(1_000_000),
})

const pick = <T>(from: readonly T[], number: number): T | undefined => from[number % Math.max(from.length, 1)]

/** A spend of up to three free coins. */
function randomSpend(chain: RegtestChain, { a, b, c }: Dice): Transaction | undefined {
  const coins = freeCoins(chain)
  const from = [a, b, c].slice(0, 1 + (a % 3)).map(number => coins[number % Math.max(coins.length, 1)])
  const distinct = [...new Set(from)].filter(coin => coin !== undefined)
  if (distinct.length === 0) return undefined
  return anchorSpend({ from: distinct, ...variation({ kind: '', a, b, c }) })
}

function variation({ a, b, c }: Dice): Omit<AnchorSpend, 'from'> {
  return {
    fee: BigInt(a % 50_000),
    outputs: 1 + (b % 4),
    version: c % 7 === 0 ? 3 : 2,
    lockTime: c % 5 === 0 ? 100 + (c % 8) : 0,
    sequence: c % 5 === 0 ? 0xffff_fffe : c % 11 === 0 ? c % 3 : 0xffff_ffff,
    data: 20 + (b % 2_000),
  }
}

/** Spends a coin that a waiting transaction spends, and perhaps others. */
function rivalOf(chain: RegtestChain, roll: Dice): Transaction | undefined {
  const victim = pick([...chain.mempool.entries()], roll.a)?.transaction
  const shared = victim?.inputs
    .map(input => coinAt(chain, input.previousOutput))
    .filter(coin => coin !== undefined)
  const first = shared && pick(shared, roll.b)
  const extra = roll.c % 3 === 0 ? pick(freeCoins(chain), roll.b) : undefined
  return first && anchorSpend({ from: [...new Set(extra ? [first, extra] : [first])], ...variation(roll) })
}

/** Runs the mempool beside a chain, and notes what it says of its contents. */
class Runner {
  readonly chain: RegtestChain
  private readonly told = new Set<string>()

  constructor(base: RegtestChain) {
    this.chain = copyOf(base, LIMIT_BYTES)
  }

  step(roll: Dice): void {
    const { chain } = this
    if (roll.kind === 'spend') this.offer(randomSpend(chain, roll))
    else if (roll.kind === 'replace') this.offer(rivalOf(chain, roll))
    else if (roll.kind === 'package') this.offerPackage(roll)
    else if (roll.kind === 'mine') this.mine(chain.template())
    else if (roll.kind === 'rival block') this.mineRivals(roll)
    else if (roll.kind === 'reorganise') this.reorganise(roll)
    else if (roll.kind === 'prioritise') this.prioritise(roll)
    else chain.nowSeconds += roll.a % Math.ceil(MEMPOOL_EXPIRY_SECONDS / 2)
    this.compareWithEvents()
    checkInvariants(chain)
  }

  private offer(transaction: Transaction | undefined): void {
    if (transaction === undefined) return
    const before = this.chain.mempool.size
    const tested = codeOf(this.chain.mempool.check(transaction, this.chain.context))
    assert.equal(this.chain.mempool.size, before, 'a test changes nothing')
    const code = codeOf(this.chain.accept(transaction))
    if (code !== 'mempool full') assert.equal(code, tested)
    assert.equal(this.chain.mempool.has(transaction.txid), code === 'OK' || code.startsWith('txn-'))
  }

  private offerPackage(roll: Dice): void {
    const { chain } = this
    const parent =
      roll.b % 3 === 0 ? rivalOf(chain, { ...roll, a: 0 }) : randomSpend(chain, { ...roll, a: 0 })
    if (parent === undefined) return
    const { version } = variation(roll)
    const child = anchorSpend({
      from: [spendable(parent, 0)],
      fee: BigInt(roll.a % 90_000),
      ...(version === undefined ? {} : { version }),
    })
    chain.mempool.acceptPackage([parent, child], chain.context)
  }

  private mine(block: ReturnType<RegtestChain['template']>): void {
    for (const { txid } of block.transactions) this.told.delete(txIdToHex(txid))
    assert.equal(codeOf(this.chain.connect(block)), 'OK')
  }

  /** A block of others, some of which conflict with what waits. */
  private mineRivals(roll: Dice): void {
    const { chain } = this
    const confirmed = freeCoins(copyOf(chain))
    const from = [pick(confirmed, roll.a), pick(confirmed, roll.b)].filter(coin => coin !== undefined)
    const spends = [...new Set(from)].map(coin =>
      anchorSpend({ from: [coin], fee: 100n, data: roll.c % 500 }),
    )
    this.mine(chain.blockOf(spends))
  }

  /** Takes up to three blocks off, and puts some of them, or others, back. */
  private reorganise({ a, b }: Dice): void {
    const { chain } = this
    const depth = Math.min(1 + (a % 3), chain.blocks.length - BASE_HEIGHT)
    if (depth <= 0) return
    const off = Array.from({ length: depth }, () => chain.disconnect()).reverse()
    const again = off.slice(0, b % (depth + 1))
    const back = new Set<string>()
    for (const { transactions } of again) {
      const block = chain.blockOf(transactions.slice(1))
      this.mine(block)
      for (const { txid } of block.transactions) back.add(txIdToHex(txid))
    }
    const returned = off.flatMap(block => block.transactions).filter(({ txid }) => !back.has(txIdToHex(txid)))
    chain.mempool.onReorganised(returned, chain.context)
  }

  private prioritise({ a, b }: Dice): void {
    const entry = pick([...this.chain.mempool.entries()], a)
    if (entry !== undefined)
      this.chain.mempool.prioritise(entry.transaction.txid, BigInt(b % 40_000) - 20_000n)
  }

  private compareWithEvents(): void {
    const { chain } = this
    for (const event of chain.events.splice(0)) {
      const [what = '', id = ''] = event.split(' ')
      if (what === 'added') this.told.add(id)
      else assert.ok(this.told.delete(id), `${event}: it was here`)
    }
    const here = Array.from(chain.mempool.entries(), ({ transaction }) => txIdToHex(transaction.txid))
    assert.deepEqual([...this.told].sort(), here.sort())
  }
}

const BASE_HEIGHT = 102

describe('a mempool beside a chain that blocks, rivals and reorganisations change', () => {
  it('keeps its accounts, holds only what a block could have, and says all that comes and goes', function () {
    this.timeout(120_000)
    const base = anchorChain()
    assert.equal(base.blocks.length, BASE_HEIGHT)
    fc.assert(
      fc.property(fc.array(dice, { minLength: 10, maxLength: 60 }), rolls => {
        const runner = new Runner(base)
        for (const roll of rolls) runner.step(roll)
      }),
      { numRuns: 200 },
    )
  })
})
