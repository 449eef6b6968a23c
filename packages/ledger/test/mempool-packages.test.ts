import assert from 'node:assert/strict'
import {
  COIN,
  type MemberOutcome,
  memberKey,
  OP,
  type PackageOutcome,
  pushBytes,
  scriptOf,
  type Transaction,
  txIdToHex,
} from '@onehop/ledger'
import type { Verdict } from '@onehop/primitives'
import {
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
const ANCHOR = scriptOf(OP[1], pushBytes(Uint8Array.of(0x4e, 0x73)))

interface Spend {
  readonly from: readonly Spendable[]
  readonly outputs?: number
  readonly fee?: bigint
  readonly version?: number
  /** Value of an output that anybody can spend. */
  readonly anchor?: bigint
  readonly to?: Uint8Array
}

/** Spends coins to equal outputs, the anchor last. */
function spend({ from, outputs = 1, fee = 0n, version = 2, anchor, to = MINE }: Spend): Transaction {
  const total = from.reduce((sum, { coin }) => sum + coin.output.value, 0n) - fee - (anchor ?? 0n)
  const share = total / BigInt(outputs)
  const equal = Array.from({ length: outputs }, (_, i) => ({
    value: i === 0 ? total - share * BigInt(outputs - 1) : share,
    scriptPubKey: to,
  }))
  const dust = anchor === undefined ? [] : [{ value: anchor, scriptPubKey: ANCHOR }]
  const transaction = pay({ from, to: [...equal, ...dust], version })
  const inputs = transaction.inputs.map((input, i) =>
    from[i]!.coin.output.scriptPubKey === ANCHOR ? { ...input, witness: [] } : input,
  )
  return new (transaction.constructor as typeof Transaction)({ ...transaction, inputs })
}

const submit = (chain: RegtestChain, ...transactions: Transaction[]) =>
  chain.mempool.acceptPackage(transactions, chain.context)

const textOf = (verdict: Verdict) =>
  verdict.ok ? 'OK' : verdict.detail ? `${verdict.code}, ${verdict.detail}` : verdict.code

const outcomeOf = ({ members }: PackageOutcome, transaction: Transaction): MemberOutcome | undefined =>
  members.get(memberKey(transaction))

/** What became of a member, in a word: its refusal's code, or how it came in. */
function memberCode(outcome: PackageOutcome, transaction: Transaction): string {
  const member = outcomeOf(outcome, transaction)
  return member?.kind === 'refused' ? member.rejection.code : (member?.kind ?? 'unevaluated')
}

const idOf = ({ txid }: Transaction) => txIdToHex(txid)

describe('a package', () => {
  it('comes in when the child pays for a parent that pays nothing', () => {
    const chain = chainOf(101)
    const parent = spend({ from: [chain.coinbase(1)] })
    const child = spend({ from: [spendable(parent, 0)], fee: FEE })
    assert.equal(codeOf(chain.accept(parent)), 'min relay fee not met')
    const outcome = submit(chain, parent, child)
    assert.equal(textOf(outcome.verdict), 'OK')
    const size = parent.virtualSize + child.virtualSize
    for (const each of [parent, child]) {
      const member = outcomeOf(outcome, each)
      assert(member?.kind === 'accepted')
      assert.deepEqual(member.accepted.effectiveRate, { fee: FEE, size })
      assert.deepEqual(member.accepted.effectiveIncludes, [parent.wtxid, child.wtxid])
    }
    assert.deepEqual(chain.events.slice(-2), [`added ${idOf(parent)}`, `added ${idOf(child)}`])
    assert.equal(chain.mempool.entry(child.txid)!.ancestorFees, FEE)
  })

  it('counts the fee of each member once: what can pay for itself does', () => {
    const chain = chainOf(102)
    const rich = spend({ from: [chain.coinbase(1)], fee: COIN })
    const poor = spend({ from: [chain.coinbase(2)] })
    const child = spend({ from: [spendable(rich, 0), spendable(poor, 0)] })
    const outcome = submit(chain, rich, poor, child)
    assert.equal(textOf(outcome.verdict), 'transaction failed')
    assert.deepEqual(
      [rich, poor, child].map(each => memberCode(outcome, each)),
      ['accepted', 'min relay fee not met', 'min relay fee not met'],
    )
    assert.equal(chain.mempool.size, 1)
  })

  it('does not mind members that are here already, in whatever witness', () => {
    const chain = chainOf(102)
    const [known, poor] = [
      spend({ from: [chain.coinbase(1)], fee: FEE }),
      spend({ from: [chain.coinbase(2)] }),
    ]
    chain.accept(known)
    const child = spend({ from: [spendable(known, 0), spendable(poor, 0)], fee: FEE })
    const mutated = new (known.constructor as typeof Transaction)({
      ...known,
      inputs: known.inputs.map(input => ({ ...input, witness: [Uint8Array.of(1)] })),
    })
    const outcome = submit(chain, mutated, poor, child)
    assert.equal(textOf(outcome.verdict), 'OK')
    const other = outcomeOf(outcome, mutated)
    assert.deepEqual(other, { kind: 'other-witness', wtxid: known.wtxid })
    assert.equal(memberCode(submit(chain, known), known), 'known')
  })

  it('keeps the members that can stand alone when another one never can', () => {
    const chain = chainOf(102)
    const good = spend({ from: [chain.coinbase(1)], fee: FEE })
    const forged = pay({
      from: [chain.coinbase(2)],
      to: [{ value: COIN, scriptPubKey: MINE }],
      key: testKey(9),
    })
    const child = spend({ from: [spendable(good, 0), spendable(forged, 0)], fee: FEE })
    const outcome = submit(chain, good, forged, child)
    assert.equal(textOf(outcome.verdict), 'transaction failed')
    assert.equal(memberCode(outcome, good), 'accepted')
    assert.match(memberCode(outcome, forged), /^mempool-script-verify-flag-failed/)
    assert.equal(memberCode(outcome, child), 'bad-txns-inputs-missingorspent')
    assert.deepEqual(
      [...chain.mempool.entries()].map(entry => entry.transaction),
      [good],
    )
  })

  it('has a form that is looked at first', () => {
    const chain = chainOf(110)
    const a = spend({ from: [chain.coinbase(1)], fee: FEE, outputs: 2 })
    const b = spend({ from: [spendable(a, 0)], fee: FEE })
    const stranger = spend({ from: [chain.coinbase(2)], fee: FEE })
    const rival = spend({ from: [chain.coinbase(1)], fee: FEE, to: OTHER })
    const verdicts: [Transaction[], string][] = [
      [Array.from({ length: 26 }, () => a), 'package-too-many-transactions'],
      [[a, a], 'package-contains-duplicates'],
      [[b, a], 'package-not-sorted'],
      [[a, rival], 'conflict-in-package'],
      [[a, stranger], 'package-not-child-with-parents'],
    ]
    for (const [transactions, code] of verdicts) {
      assert.equal(textOf(submit(chain, ...transactions).verdict), code)
      assert.equal(chain.mempool.size, 0)
    }
    const data = { value: 0n, scriptPubKey: scriptOf(OP.RETURN, pushBytes(new Uint8Array(60_000))) }
    const big = (from: Spendable) =>
      pay({ from: [from], to: [{ value: from.coin.output.value - COIN, scriptPubKey: MINE }, data] })
    const parent = big(chain.coinbase(3))
    assert.equal(textOf(submit(chain, parent, big(spendable(parent, 0))).verdict), 'package-too-large')
  })

  it('keeps within the limits of chains as if all depended on each other', () => {
    const chain = chainOf(102)
    let previous = chain.coinbase(1)
    for (let i = 0; i < 24; i++) {
      const next = respend(previous)
      assert.equal(codeOf(chain.accept(next)), 'OK')
      previous = spendable(next, 0)
    }
    const parent = spend({ from: [previous] })
    const child = spend({ from: [spendable(parent, 0)], fee: FEE })
    const { verdict } = submit(chain, parent, child)
    assert.match(
      textOf(verdict),
      /^package-mempool-limits, possibly too many unconfirmed ancestors \[limit: 25\]$/,
    )
  })

  it('is not taken when a member pays more than the sender wanted to', () => {
    const chain = chainOf(101)
    const parent = spend({ from: [chain.coinbase(1)] })
    const child = spend({ from: [spendable(parent, 0)], fee: COIN })
    const outcome = chain.mempool.acceptPackage([parent, child], chain.context, { maxFeeRate: 10_000_000n })
    assert.equal(textOf(outcome.verdict), 'transaction failed')
    assert.equal(memberCode(outcome, child), 'max feerate exceeded')
    assert.equal(chain.mempool.size, 0)
  })

  it('that is only tested pays for each member, replaces nothing, and may have any form', () => {
    const chain = chainOf(103)
    const test = (...transactions: Transaction[]) => chain.mempool.checkPackage(transactions, chain.context)
    const [a, b] = [1, 2].map(height => spend({ from: [chain.coinbase(height)], fee: FEE }))
    const child = spend({ from: [spendable(a!, 0)], fee: FEE })
    const outcome = test(a!, b!, child)
    assert.equal(textOf(outcome.verdict), 'OK')
    const member = outcomeOf(outcome, child)
    assert.deepEqual(member?.kind === 'accepted' && member.accepted.effectiveIncludes, [child.wtxid])
    assert.equal(chain.mempool.size, 0)
    chain.accept(a!)
    const rival = spend({ from: [chain.coinbase(1)], fee: 3n * FEE })
    const refused = test(rival, b!)
    assert.equal(memberCode(refused, rival), 'bip125-replacement-disallowed')
    assert.equal(memberCode(refused, b!), 'unevaluated')
    const poor = spend({ from: [chain.coinbase(3)] })
    const payer = spend({ from: [spendable(poor, 0)], fee: FEE })
    assert.equal(memberCode(test(poor, payer), poor), 'min relay fee not met')
  })
})

describe('a package that replaces', () => {
  it('comes in when a miner would always prefer it', () => {
    const chain = chainOf(101)
    const old = spend({ from: [chain.coinbase(1)], fee: FEE })
    chain.accept(old)
    const parent = spend({ from: [chain.coinbase(1)], to: MINE, outputs: 2 })
    const child = spend({ from: [spendable(parent, 0)], fee: 3n * FEE })
    chain.events.length = 0
    assert.equal(textOf(submit(chain, parent, child).verdict), 'OK')
    assert.deepEqual(chain.events, [`replaced ${idOf(old)}`, `added ${idOf(parent)}`, `added ${idOf(child)}`])
  })

  it('is refused when it pays too little', () => {
    const chain = chainOf(101)
    chain.accept(spend({ from: [chain.coinbase(1)], fee: FEE }))
    const parent = spend({ from: [chain.coinbase(1)], outputs: 2 })
    const child = spend({ from: [spendable(parent, 0)], fee: FEE })
    const { verdict } = submit(chain, parent, child)
    assert.equal(
      textOf(verdict),
      `package RBF failed: insufficient anti-DoS fees, rejecting replacement ${idOf(child)}, not enough additional fees to relay; 0.00 < 0.00000026`,
    )
  })

  it('is refused when some room would earn less with it', () => {
    const chain = chainOf(101)
    const small = spend({ from: [chain.coinbase(1)], fee: FEE })
    chain.accept(small)
    const parent = spend({ from: [chain.coinbase(1)], outputs: 40 })
    const child = spend({ from: [spendable(parent, 0)], fee: FEE + 1_000n })
    const { verdict } = submit(chain, parent, child)
    assert.equal(
      textOf(verdict),
      'package RBF failed: insufficient feerate: does not improve feerate diagram',
    )
    assert.equal(chain.mempool.has(small.txid), true)
  })

  it('consists of one parent and one child, without unconfirmed ancestors', () => {
    const chain = chainOf(103)
    const [one, two] = [1, 2].map(height => spend({ from: [chain.coinbase(height)], fee: FEE, outputs: 2 }))
    for (const each of [one, two]) chain.accept(each!)
    const parents = [1, 2].map(height => spend({ from: [chain.coinbase(height)], to: OTHER }))
    const fromBoth = parents.map(parent => spendable(parent, 0))
    const child = pay({ from: fromBoth, to: [{ value: COIN, scriptPubKey: MINE }], key: testKey(2) })
    assert.equal(
      textOf(submit(chain, ...parents, child).verdict),
      'package RBF failed: package must be 1-parent-1-child',
    )
    const rival = spend({ from: [chain.coinbase(1)], to: MINE, outputs: 3 })
    const deep = spend({ from: [spendable(rival, 0), spendable(two!, 0)], fee: 20n * FEE })
    assert.equal(
      textOf(submit(chain, rival, deep).verdict),
      'package RBF failed: new transaction cannot have mempool ancestors',
    )
  })

  it('replaces single transactions and pairs only', () => {
    const chain = chainOf(101)
    const old = spend({ from: [chain.coinbase(1)], fee: 200n, outputs: 3 })
    const children = [0, 1].map(index => spend({ from: [spendable(old, index)], fee: 200n }))
    for (const each of [old, ...children]) chain.accept(each)
    const parent = spend({ from: [chain.coinbase(1)], outputs: 2 })
    const child = spend({ from: [spendable(parent, 0)], fee: 3n * FEE })
    assert.equal(
      textOf(submit(chain, parent, child).verdict),
      `package RBF failed: ${idOf(old)} has 2 descendants, max 1 allowed`,
    )
  })
})

describe('dust', () => {
  it('comes in with a parent that pays nothing and a child that spends it', () => {
    const chain = chainOf(101)
    const parent = spend({ from: [chain.coinbase(1)], anchor: 0n, version: 3 })
    const child = spend({ from: [spendable(parent, 0), spendable(parent, 1)], fee: FEE, version: 3 })
    assert.equal(codeOf(chain.accept(parent)), 'min relay fee not met')
    assert.equal(textOf(submit(chain, parent, child).verdict), 'OK')
  })

  it('is refused with a parent that pays', () => {
    const chain = chainOf(101)
    const paying = chain.accept(spend({ from: [chain.coinbase(1)], fee: FEE, anchor: 0n }))
    assert.equal(textOf(paying), 'dust, tx with dust output must be 0-fee')
    const twice = pay({
      from: [chain.coinbase(1)],
      to: [
        { value: 50n * COIN, scriptPubKey: MINE },
        { value: 0n, scriptPubKey: ANCHOR },
        { value: 0n, scriptPubKey: ANCHOR },
      ],
    })
    assert.equal(textOf(chain.accept(twice)), 'dust')
  })

  it('cannot be left behind by a child', () => {
    const chain = chainOf(101)
    const parent = spend({ from: [chain.coinbase(1)], anchor: 0n, outputs: 2 })
    const child = spend({ from: [spendable(parent, 0)], fee: FEE })
    const outcome = submit(chain, parent, child)
    assert.equal(textOf(outcome.verdict), 'unspent-dust')
    assert.equal(memberCode(outcome, child), 'missing-ephemeral-spends')
    const sweeping = spend({ from: [spendable(parent, 0), spendable(parent, 2)], fee: FEE })
    assert.equal(textOf(submit(chain, parent, sweeping).verdict), 'OK')
    const late = chain.accept(spend({ from: [spendable(parent, 1)], fee: FEE }))
    assert.match(
      textOf(late),
      /^missing-ephemeral-spends, tx \S+ \(wtxid=\S+\) did not spend parent's ephemeral dust$/,
    )
  })
})

describe('version 3 in a package', () => {
  it('is a pair of that version, the child small', () => {
    const chain = chainOf(102)
    const parent = spend({ from: [chain.coinbase(1)], version: 3 })
    const mixed = spend({ from: [spendable(parent, 0)], fee: FEE })
    assert.match(
      textOf(submit(chain, parent, mixed).verdict),
      /^TRUC-violation, non-version=3 tx \S+ \(wtxid=\S+\) cannot spend from version=3 tx/,
    )
    const big = spend({ from: [spendable(parent, 0)], fee: FEE, outputs: 40, version: 3 })
    assert.match(
      textOf(submit(chain, parent, big).verdict),
      /^TRUC-violation, version=3 child tx \S+ \(wtxid=\S+\) is too big: \d+ > 1000 virtual bytes$/,
    )
    const second = spend({ from: [chain.coinbase(2)], version: 3 })
    const both = spend({ from: [spendable(parent, 0), spendable(second, 0)], fee: FEE, version: 3 })
    assert.match(
      textOf(submit(chain, parent, second, both).verdict),
      /^TRUC-violation, tx \S+ \(wtxid=\S+\) would have too many ancestors$/,
    )
    const child = spend({ from: [spendable(parent, 0)], fee: FEE, version: 3 })
    assert.equal(textOf(submit(chain, parent, child).verdict), 'OK')
  })
})
