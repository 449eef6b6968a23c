import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  FLAG,
  MANDATORY_FLAGS,
  parseTransaction,
  type ScriptFlags,
  SegwitMidstate,
  Transaction,
  TransactionSignatureChecker,
  type TxOutput,
  verifyScript,
} from '@onehop/ledger'
import { ByteReader, hexToBytes } from '@onehop/primitives'
import { everyVerifier } from './every-verifier.ts'
import { flagsFromText } from './script-text.ts'
import { requireVectors, vectorPath } from './vector-files.ts'

interface Spend {
  readonly scriptSig: string
  readonly witness: readonly string[]
}

interface Case {
  readonly name: string
  readonly tx: string
  readonly prevouts: readonly string[]
  readonly index: number
  readonly flags: string
  readonly comment: string
  readonly success?: Spend
  readonly failure?: Spend
  /** The success holds under all later soft forks, too. */
  readonly final?: boolean
}

function readCases(): Case[] {
  const lines = readFileSync(vectorPath('taproot/script-assets.jsonl'), 'utf8').split('\n')
  return lines.filter(line => line !== '').map(line => JSON.parse(line) as Case)
}

/** A success holds under fewer rules, too, and one that is final under all. */
function flagsOfSuccess({ flags, final }: Case): Set<ScriptFlags> {
  const own = flagsFromText(flags)
  const before = [FLAG.TAPROOT, FLAG.TAPROOT | FLAG.WITNESS, FLAG.CHECKSEQUENCEVERIFY | FLAG.NULLDUMMY]
  return new Set([own, ...before.map(flag => own & ~flag), final ? MANDATORY_FLAGS : 0])
}

/** A failure fails under more rules, too. */
function flagsOfFailure({ flags }: Case): Set<ScriptFlags> {
  return new Set([flagsFromText(flags), MANDATORY_FLAGS])
}

function outputFrom(reader: ByteReader): TxOutput {
  return { value: reader.readInt64(), scriptPubKey: reader.readVarBytes() }
}

function outcome({ tx, prevouts, index }: Case, spend: Spend, flags: ScriptFlags): string {
  const template = parseTransaction(hexToBytes(tx))
  const scriptSig = hexToBytes(spend.scriptSig)
  const witness = spend.witness.map(hexToBytes)
  const { version, inputs, outputs, lockTime } = template
  const signed = inputs.map((input, i) => (i === index ? { ...input, scriptSig, witness } : input))
  const transaction = new Transaction({ version, inputs: signed, outputs, lockTime })
  const spent = prevouts.map(hex => outputFrom(new ByteReader(hexToBytes(hex))))
  const { value, scriptPubKey } = spent[index]!
  const midstate = new SegwitMidstate(transaction, spent)
  const checker = new TransactionSignatureChecker(transaction, index, value, everyVerifier, midstate)
  return verifyScript({ scriptSig, scriptPubKey, witness, flags, checker }) ?? 'OK'
}

describe('official vectors: taproot/script-assets.jsonl', function () {
  this.timeout(300_000)
  before(function () {
    requireVectors(this)
  })

  it('lets every spend pass that Bitcoin Core lets pass', () => {
    const cases = readCases().filter(({ success }) => success !== undefined)
    const wrong = cases.flatMap(test =>
      [...flagsOfSuccess(test)]
        .map(flags => outcome(test, test.success!, flags))
        .filter(got => got !== 'OK')
        .map(got => `${test.name} ${test.comment}: ${got}`),
    )
    assert.deepEqual(wrong, [])
    console.log(`      ${cases.length} of ${cases.length} successes`)
    assert.ok(cases.length > 0)
  })

  it('stops every spend that Bitcoin Core stops', () => {
    const cases = readCases().filter(({ failure }) => failure !== undefined)
    const passes = (test: Case, flags: ScriptFlags) => outcome(test, test.failure!, flags) === 'OK'
    const wrong = cases.filter(test => [...flagsOfFailure(test)].some(flags => passes(test, flags)))
    assert.deepEqual(
      wrong.map(({ name, comment }) => `${name} ${comment}`),
      [],
    )
    console.log(`      ${cases.length} of ${cases.length} failures`)
    assert.ok(cases.length > 0)
  })
})
