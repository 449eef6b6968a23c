import assert from 'node:assert/strict'
import {
  asTxId,
  SEQUENCE_FINAL,
  SegwitMidstate,
  TAPSCRIPT_LEAF_VERSION,
  Transaction,
  TransactionSignatureChecker,
  tapLeafHash,
  tapTweakHash,
  verifyScript,
} from '@onehop/ledger'
import { bytesToHex, concatBytes, hexToBytes, tweakPublicKey } from '@onehop/primitives'
import { everyVerifier } from './every-verifier.ts'
import { flagsFromText, scriptFromText } from './script-text.ts'
import { readVectorRows, requireVectors } from './vector-files.ts'

/** A point whose private key nobody knows (BIP 341). */
const INTERNAL_KEY = hexToBytes('50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0')

interface Case {
  readonly witness: readonly string[]
  readonly value: bigint
  readonly scriptSig: string
  readonly scriptPubKey: string
  readonly flags: string
  readonly expected: string
}

function caseOf(row: readonly unknown[]): Case {
  const hasWitness = Array.isArray(row[0])
  const [scriptSig, scriptPubKey, flags, expected] = (hasWitness ? row.slice(1) : row) as [
    string,
    string,
    string,
    string,
  ]
  const items = hasWitness ? (row[0] as (string | number)[]) : [0]
  const value = BigInt(Math.round(Number(items.at(-1)) * 1e8))
  const written = { witness: items.slice(0, -1) as string[], value, scriptSig, scriptPubKey, flags, expected }
  return withTaproot(written)
}

/** Core's notation for a taproot output with one leaf: the test says only the script. */
function withTaproot(test: Case): Case {
  const text = test.witness.find(item => item.startsWith('#SCRIPT#'))
  if (text === undefined) return test
  const script = scriptFromText(text.slice('#SCRIPT#'.length))
  const root = tapLeafHash(TAPSCRIPT_LEAF_VERSION, script)
  const output = tweakPublicKey(INTERNAL_KEY, tapTweakHash(INTERNAL_KEY, root))!
  const control = concatBytes(Uint8Array.of(TAPSCRIPT_LEAF_VERSION | output.parity), INTERNAL_KEY)
  const known = new Map([
    [text, bytesToHex(script)],
    ['#CONTROLBLOCK#', bytesToHex(control)],
  ])
  return {
    ...test,
    witness: test.witness.map(item => known.get(item) ?? item),
    scriptPubKey: test.scriptPubKey.replace('#TAPROOTOUTPUT#', `0x${bytesToHex(output.key)}`),
  }
}

/** The two transactions that Bitcoin Core's test builds around every pair of scripts. */
function spendingTransaction(test: Case, scriptSig: Uint8Array, scriptPubKey: Uint8Array): Transaction {
  const crediting = new Transaction({
    version: 1,
    inputs: [
      {
        previousOutput: { txid: asTxId(new Uint8Array(32)), index: 0xffff_ffff },
        scriptSig: Uint8Array.of(0, 0),
        sequence: SEQUENCE_FINAL,
        witness: [],
      },
    ],
    outputs: [{ value: test.value, scriptPubKey }],
    lockTime: 0,
  })
  return new Transaction({
    version: 1,
    inputs: [
      {
        previousOutput: { txid: crediting.txid, index: 0 },
        scriptSig,
        sequence: SEQUENCE_FINAL,
        witness: test.witness.map(hexToBytes),
      },
    ],
    outputs: [{ value: test.value, scriptPubKey: new Uint8Array(0) }],
    lockTime: 0,
  })
}

function outcome(test: Case): string {
  const scriptSig = scriptFromText(test.scriptSig)
  const scriptPubKey = scriptFromText(test.scriptPubKey)
  const transaction = spendingTransaction(test, scriptSig, scriptPubKey)
  const midstate = new SegwitMidstate(transaction, [{ value: test.value, scriptPubKey }])
  const checker = new TransactionSignatureChecker(transaction, 0, test.value, everyVerifier, midstate)
  const { witness } = transaction.inputs[0]!
  const flags = flagsFromText(test.flags)
  return verifyScript({ scriptSig, scriptPubKey, witness, flags, checker }) ?? 'OK'
}

describe('official vectors: script_tests.json', () => {
  before(function () {
    requireVectors(this)
  })

  it('ends every script as Bitcoin Core does, by the same error', () => {
    const cases = readVectorRows('bitcoin-core/script_tests.json', 4).map(caseOf)
    const wrong = cases.filter(test => outcome(test) !== test.expected)
    assert.deepEqual(
      wrong.map(test => ({ ...test, got: outcome(test), value: String(test.value) })),
      [],
    )
    console.log(`      ${cases.length} of ${cases.length} cases`)
    assert.ok(cases.length > 0)
  })
})
