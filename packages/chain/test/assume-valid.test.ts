import assert from 'node:assert/strict'
import { type Block, type BlockHash, serializeBlock } from '@onehop/ledger'
import { nobleVerifier } from '@onehop/primitives'
import { Chain, MAX_HEADERS_PER_CALL } from '../src/index.ts'
import {
  acceptAll,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  spendCoinbase,
} from './support/regtest.ts'

const MATURE = 101
/** Blocks of two weeks: one every ten minutes, all of the same work. */
const TWO_WEEKS = 2016

const base = makeBranch(GENESIS, MATURE)
const parent = linkOf(base[MATURE - 1] ?? assert.fail(), MATURE)
const payment = spendCoinbase(base[0] ?? assert.fail())
const paying = makeBlock(parent, { transactions: [payment], fees: 1_000n })
const onTop = makeBranch(linkOf(paying, MATURE + 1), TWO_WEEKS + 1)
const last = onTop.at(-1) ?? assert.fail()

/** To which no signature is valid: a block is taken only if its scripts are not run. */
const verifier = { ...nobleVerifier, verifyEcdsa: () => false }

interface Story {
  readonly assumedValid?: BlockHash
  /** Headers that are known on top of the block that pays. */
  readonly headers: number
  readonly block?: Block
}

/** What becomes of the block that pays, on a chain that knows so many headers. */
async function verdictOf({ headers, block = paying, ...options }: Story): Promise<string> {
  const chain = await Chain.open({ ...openOptions, verifier, threads: 1, ...options })
  await acceptAll(chain, base)
  const known = [paying, ...onTop.slice(0, headers)].map(({ header }) => header)
  for (let at = 0; at < known.length; at += MAX_HEADERS_PER_CALL)
    assert(chain.acceptHeaders(known.slice(at, at + MAX_HEADERS_PER_CALL)).ok)
  const verdict = await chain.acceptBlock(serializeBlock(block))
  await chain.close()
  return verdict.ok ? 'taken' : verdict.code
}

const SCRIPT_FAILS = /^block-script-verify-flag-failed/

describe('a block that is assumed to be valid', () => {
  it('is taken without running its scripts, with more than two weeks of work on it', async () => {
    assert.equal(await verdictOf({ assumedValid: paying.hash, headers: TWO_WEEKS + 1 }), 'taken')
    assert.equal(await verdictOf({ assumedValid: last.hash, headers: TWO_WEEKS + 1 }), 'taken')
  })

  it('has its scripts run with less work on it', async () => {
    assert.match(await verdictOf({ assumedValid: paying.hash, headers: TWO_WEEKS }), SCRIPT_FAILS)
    assert.match(await verdictOf({ assumedValid: paying.hash, headers: 0 }), SCRIPT_FAILS)
  })

  it('has its scripts run when nobody vouches for it, or for an earlier one only', async () => {
    assert.match(await verdictOf({ headers: TWO_WEEKS + 1 }), SCRIPT_FAILS)
    const [before] = base.slice(-1)
    assert(before)
    assert.match(await verdictOf({ assumedValid: before.hash, headers: TWO_WEEKS + 1 }), SCRIPT_FAILS)
  })

  it('has its scripts run when the one that is vouched for is not known, or not of the best chain', async () => {
    assert.match(await verdictOf({ assumedValid: last.hash, headers: TWO_WEEKS }), SCRIPT_FAILS)
    const aside = makeBlock(parent, { transactions: [payment], fees: 1_000n, extraNonce: 7 })
    assert.match(
      await verdictOf({ assumedValid: aside.hash, headers: TWO_WEEKS + 1, block: aside }),
      SCRIPT_FAILS,
    )
  })
})

describe('the rules of a block that is assumed to be valid', () => {
  it('are checked all the same', async () => {
    const greedy = makeBlock(parent, { transactions: [payment], fees: 1_001n })
    const above = makeBranch(linkOf(greedy, MATURE + 1), TWO_WEEKS + 1)
    const chain = await Chain.open({ ...openOptions, verifier, assumedValid: greedy.hash })
    await acceptAll(chain, base)
    const known = [greedy, ...above].map(({ header }) => header)
    for (let at = 0; at < known.length; at += MAX_HEADERS_PER_CALL)
      assert(chain.acceptHeaders(known.slice(at, at + MAX_HEADERS_PER_CALL)).ok)
    const verdict = await chain.acceptBlock(serializeBlock(greedy))
    assert.equal(verdict.ok || verdict.code, 'bad-cb-amount')
    await chain.close()
  })
})
