import assert from 'node:assert/strict'
import {
  OP,
  SEQUENCE_FINAL,
  scriptOf,
  serializeBlock,
  serializeTransaction,
  Transaction,
  txIdToHex,
} from '@onehop/ledger'
import { assertDefined, nobleVerifier, type SignatureVerifier } from '@onehop/primitives'
import { Chain } from '../src/index.ts'
import {
  acceptAll,
  GENESIS,
  linkOf,
  makeBlock,
  makeBranch,
  openOptions,
  spendCoinbase,
  tipOf,
} from './support/regtest.ts'

const MATURE = 101
/** More than a block is shared among threads for. */
const COINS = 700
const PASSES = scriptOf(OP[1])
const FAILS = scriptOf(OP[0])

function countingVerifier(): SignatureVerifier & { checks: number } {
  return {
    ...nobleVerifier,
    checks: 0,
    verifyEcdsa(...request) {
      this.checks += 1
      return nobleVerifier.verifyEcdsa(...request)
    },
  }
}

/** Spends a coin that anybody may spend to all these scripts. */
function fanOut(coinbase: Transaction, scripts: readonly Uint8Array[]): Transaction {
  const previousOutput = { txid: coinbase.txid, index: 0 }
  const inputs = [{ previousOutput, scriptSig: new Uint8Array(0), sequence: SEQUENCE_FINAL, witness: [] }]
  const outputs = scripts.map(scriptPubKey => ({ value: 1_000n, scriptPubKey }))
  return new Transaction({ version: 2, inputs, outputs, lockTime: 0 })
}

/** Spends all outputs with nothing, in one transaction each or in one for all. */
function spendAll(parent: Transaction, together: boolean): Transaction[] {
  const inputs = parent.outputs.map((_, index) => ({
    previousOutput: { txid: parent.txid, index },
    scriptSig: new Uint8Array(0),
    sequence: SEQUENCE_FINAL,
    witness: [],
  }))
  const outputs = [{ value: 1n, scriptPubKey: PASSES }]
  const fields = { version: 2, outputs, lockTime: 0 }
  if (together) return [new Transaction({ ...fields, inputs })]
  return inputs.map(input => new Transaction({ ...fields, inputs: [input] }))
}

describe('the scripts of a chain’s blocks', () => {
  it('are not run again when the mempool has run them', async () => {
    const verifier = countingVerifier()
    const chain = await Chain.open({ ...openOptions, verifier })
    const blocks = makeBranch(GENESIS, MATURE + 1)
    await acceptAll(chain, blocks)
    const [one, two] = blocks.slice(0, 2).map(block => spendCoinbase(block))
    assert.ok(one && two)
    assert.ok((await chain.acceptTransaction(serializeTransaction(one))).ok)
    assert.equal(verifier.checks, 1)
    const block = makeBlock(tipOf(chain), { transactions: [one, two] })
    assert.ok((await chain.acceptBlock(serializeBlock(block))).ok)
    assert.equal(verifier.checks, 2)
    await chain.close()
  })

  for (const threads of [1, 2]) {
    for (const together of [false, true]) {
      const shape = together ? 'in one transaction' : 'in as many transactions'
      it(`are all run, ${COINS} ${shape} on ${threads} threads, and the first that fails is named`, async () => {
        const troubles: string[] = []
        const onThreadTrouble = (message: string) => troubles.push(message)
        const chain = await Chain.open({ ...openOptions, threads, onThreadTrouble })
        const open = makeBlock(GENESIS, { coinbaseScript: PASSES })
        await acceptAll(chain, [open, ...makeBranch(linkOf(open, 1), MATURE)])
        const coinbase = assertDefined(open.transactions[0], 'a block has a coinbase')
        const good = Array.from({ length: COINS }, () => PASSES)
        const bad = good.with(300, FAILS).with(650, FAILS)
        const spendsOf = (scripts: readonly Uint8Array[]) => {
          const parent = fanOut(coinbase, scripts)
          return [parent, ...spendAll(parent, together)]
        }
        const blockOf = (transactions: readonly Transaction[]) =>
          serializeBlock(makeBlock(tipOf(chain), { transactions }))
        const badSpends = spendsOf(bad)
        const failing = assertDefined(badSpends[together ? 1 : 301], 'it spends output 300')
        const before = chain.tip
        const refused = await chain.acceptBlock(blockOf(badSpends))
        assert.ok(!refused.ok)
        assert.match(refused.code, /^block-script-verify-flag-failed \(Script evaluated without error/)
        assert.equal(refused.detail, `input ${together ? 300 : 0} of ${txIdToHex(failing.txid)}`)
        assert.equal(chain.tip, before)
        assert.ok((await chain.acceptBlock(blockOf(spendsOf(good)))).ok)
        assert.equal(chain.tip.height, before.height + 1)
        assert.deepEqual(troubles, [])
        await chain.close()
      })
    }
  }
})
