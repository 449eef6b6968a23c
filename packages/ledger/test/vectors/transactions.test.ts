import assert from 'node:assert/strict'
import {
  checkTransaction,
  FLAG,
  hexToTxId,
  outPointKey,
  parseTransaction,
  type ScriptFlags,
  SegwitMidstate,
  serializeTransaction,
  type Transaction,
  TransactionSignatureChecker,
  type TxOutput,
  verifyScript,
} from '@onehop/ledger'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import { rememberingVerifier } from './remembering-verifier.ts'
import { ALL_FLAGS, flagsFromText, scriptFromText } from './script-text.ts'
import { readVectorRows, requireVectors } from './vector-files.ts'

type Row = readonly [readonly [string, number, string, number?][], string, string]

interface Case {
  readonly transaction: Transaction
  readonly spent: ReadonlyMap<string, TxOutput>
  readonly flags: string
  readonly hex: string
}

function caseOf([previous, hex, flags]: Row): Case {
  const spent = new Map(
    previous.map(([txid, index, script, value]) => [
      outPointKey({ txid: hexToTxId(txid), index: index >>> 0 }),
      { value: BigInt(value ?? 0), scriptPubKey: scriptFromText(script) },
    ]),
  )
  return { transaction: parseTransaction(hexToBytes(hex)), spent, flags, hex }
}

/** The first script error under each of the flags, or OK. */
function scriptOutcomes({ transaction, spent }: Case, all: Iterable<ScriptFlags>): string[] {
  const spentOutputs = transaction.inputs.map(input => spent.get(outPointKey(input.previousOutput))!)
  const midstate = new SegwitMidstate(transaction, spentOutputs)
  const verifier = rememberingVerifier()
  const firstError = (flags: ScriptFlags) => {
    for (const [i, { scriptSig, witness }] of transaction.inputs.entries()) {
      const { value, scriptPubKey } = spentOutputs[i]!
      const checker = new TransactionSignatureChecker(transaction, i, value, verifier, midstate)
      const error = verifyScript({ scriptSig, scriptPubKey, witness, flags, checker })
      if (error) return error
    }
    return 'OK'
  }
  return Array.from(all, firstError)
}

const FLAGS = Object.values(FLAG)

/** Without flags that others have to stand beside. */
function trimmed(flags: ScriptFlags): ScriptFlags {
  const withWitness = flags & FLAG.P2SH ? flags : flags & ~FLAG.WITNESS
  return withWitness & FLAG.WITNESS ? withWitness : withWitness & ~FLAG.CLEANSTACK
}

/** With the flags that these have to stand beside. */
function filled(flags: ScriptFlags): ScriptFlags {
  const withWitness = flags & FLAG.CLEANSTACK ? flags | FLAG.WITNESS : flags
  return withWitness & FLAG.WITNESS ? withWitness | FLAG.P2SH : withWitness
}

/** One flag taken out, each in turn. */
function withoutOne(flags: ScriptFlags): Set<ScriptFlags> {
  return new Set(FLAGS.map(flag => trimmed(flags & ~flag)).filter(each => each !== flags))
}

describe('official vectors: tx_valid.json and tx_invalid.json', () => {
  before(function () {
    requireVectors(this)
  })

  it('finds every valid transaction valid under all flags but those excluded, and by no more', () => {
    const cases = readVectorRows<Row>('bitcoin-core/tx_valid.json', 3).map(caseOf)
    for (const test of cases) {
      assert.deepEqual(checkTransaction(test.transaction), { ok: true }, test.hex)
      assert.equal(bytesToHex(serializeTransaction(test.transaction)), test.hex)
      const excluded = flagsFromText(test.flags)
      const fewer = FLAGS.map(flag => trimmed(ALL_FLAGS & ~(excluded | flag)))
      const more = Array.from(withoutOne(excluded), each => ALL_FLAGS & ~each)
      for (const got of scriptOutcomes(test, [ALL_FLAGS & ~excluded, ...fewer])) {
        assert.equal(got, 'OK', test.hex)
      }
      for (const got of scriptOutcomes(test, more)) assert.notEqual(got, 'OK', test.hex)
    }
    console.log(`      ${cases.length} of ${cases.length} cases`)
    assert.ok(cases.length > 0)
  })

  it('finds every invalid transaction invalid under the flags given and more, and under no fewer', () => {
    const cases = readVectorRows<Row>('bitcoin-core/tx_invalid.json', 3).map(caseOf)
    for (const test of cases) {
      const isBad = !checkTransaction(test.transaction).ok
      assert.equal(isBad, test.flags === 'BADTX', test.hex)
      if (isBad) continue
      const needed = flagsFromText(test.flags)
      const more = FLAGS.map(flag => filled(needed | flag))
      for (const got of scriptOutcomes(test, [needed, ...more])) assert.notEqual(got, 'OK', test.hex)
      for (const got of scriptOutcomes(test, withoutOne(needed))) assert.equal(got, 'OK', test.hex)
    }
    console.log(`      ${cases.length} of ${cases.length} cases`)
    assert.ok(cases.length > 0)
  })
})
