import assert from 'node:assert/strict'
import {
  checkTransaction,
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
import { everyVerifier } from './every-verifier.ts'
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

/** The first script error, or OK. */
function scriptOutcome({ transaction, spent }: Case, flags: ScriptFlags): string {
  const spentOutputs = transaction.inputs.map(input => spent.get(outPointKey(input.previousOutput))!)
  const midstate = new SegwitMidstate(transaction, spentOutputs)
  for (const [i, { previousOutput, scriptSig, witness }] of transaction.inputs.entries()) {
    const { value, scriptPubKey } = spent.get(outPointKey(previousOutput))!
    const checker = new TransactionSignatureChecker(transaction, i, value, everyVerifier, midstate)
    const error = verifyScript({ scriptSig, scriptPubKey, witness, flags, checker })
    if (error) return error
  }
  return 'OK'
}

describe('official vectors: tx_valid.json and tx_invalid.json', () => {
  before(function () {
    requireVectors(this)
  })

  it('finds every valid transaction valid under all flags but those excluded', () => {
    const cases = readVectorRows<Row>('bitcoin-core/tx_valid.json', 3).map(caseOf)
    for (const test of cases) {
      assert.deepEqual(checkTransaction(test.transaction), { ok: true }, test.hex)
      assert.equal(scriptOutcome(test, ALL_FLAGS & ~flagsFromText(test.flags)), 'OK', test.hex)
      assert.equal(bytesToHex(serializeTransaction(test.transaction)), test.hex)
    }
    console.log(`      ${cases.length} of ${cases.length} cases`)
    assert.ok(cases.length > 0)
  })

  it('finds every invalid transaction invalid under the flags given', () => {
    const cases = readVectorRows<Row>('bitcoin-core/tx_invalid.json', 3).map(caseOf)
    for (const test of cases) {
      const isBad = !checkTransaction(test.transaction).ok
      assert.equal(isBad, test.flags === 'BADTX', test.hex)
      if (!isBad) assert.notEqual(scriptOutcome(test, flagsFromText(test.flags)), 'OK', test.hex)
    }
    console.log(`      ${cases.length} of ${cases.length} cases`)
    assert.ok(cases.length > 0)
  })
})
