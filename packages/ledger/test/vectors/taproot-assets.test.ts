import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  FLAG,
  parseTransaction,
  type ScriptFlags,
  SegwitMidstate,
  Transaction,
  TransactionSignatureChecker,
  type TxOutput,
  verifyScript,
} from '@onehop/ledger'
import { ByteReader, hexToBytes } from '@onehop/primitives'
import { rememberingVerifier } from './remembering-verifier.ts'
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

const SOFT_FORKS = [
  FLAG.DERSIG,
  FLAG.NULLDUMMY,
  FLAG.CHECKLOCKTIMEVERIFY,
  FLAG.CHECKSEQUENCEVERIFY,
  // Each of these builds on the one before it.
  FLAG.P2SH,
  FLAG.WITNESS,
  FLAG.TAPROOT,
] as const

/** Every combination of soft forks that makes sense: 64. */
const CONSENSUS_FLAGS: readonly ScriptFlags[] = Array.from({ length: 1 << SOFT_FORKS.length }, (_, set) =>
  SOFT_FORKS.reduce((flags, flag, i) => ((set >> i) & 1 ? flags | flag : flags), 0),
).filter(flags => {
  const has = (flag: number) => (flags & flag) !== 0
  return (has(FLAG.P2SH) || !has(FLAG.WITNESS)) && (has(FLAG.WITNESS) || !has(FLAG.TAPROOT))
})

/** A success holds under fewer rules, too, and one that is final under all. */
function flagsOfSuccess({ flags, final }: Case): ScriptFlags[] {
  const own = flagsFromText(flags)
  return CONSENSUS_FLAGS.filter(each => final || (each & own) === each)
}

/** A failure fails under more rules, too. */
function flagsOfFailure({ flags }: Case): ScriptFlags[] {
  const own = flagsFromText(flags)
  return CONSENSUS_FLAGS.filter(each => (each & own) === own)
}

function outputFrom(reader: ByteReader): TxOutput {
  return { value: reader.readInt64(), scriptPubKey: reader.readVarBytes() }
}

/** How the spend ends under each of the flags. */
function outcomes({ tx, prevouts, index }: Case, spend: Spend, all: readonly ScriptFlags[]): string[] {
  const template = parseTransaction(hexToBytes(tx))
  const scriptSig = hexToBytes(spend.scriptSig)
  const witness = spend.witness.map(hexToBytes)
  const { version, inputs, outputs, lockTime } = template
  const signed = inputs.map((input, i) => (i === index ? { ...input, scriptSig, witness } : input))
  const transaction = new Transaction({ version, inputs: signed, outputs, lockTime })
  const spent = prevouts.map(hex => outputFrom(new ByteReader(hexToBytes(hex))))
  const { value, scriptPubKey } = spent[index]!
  const midstate = new SegwitMidstate(transaction, spent)
  const checker = new TransactionSignatureChecker(transaction, index, value, rememberingVerifier(), midstate)
  return all.map(flags => verifyScript({ scriptSig, scriptPubKey, witness, flags, checker }) ?? 'OK')
}

describe('official vectors: taproot/script-assets.jsonl', function () {
  this.timeout(300_000)
  before(function () {
    requireVectors(this)
  })

  it('lets every spend pass that Bitcoin Core lets pass', () => {
    const cases = readCases().filter(({ success }) => success !== undefined)
    const wrong = cases.flatMap(test =>
      outcomes(test, test.success!, flagsOfSuccess(test))
        .filter(got => got !== 'OK')
        .map(got => `${test.name} ${test.comment}: ${got}`),
    )
    assert.deepEqual(wrong, [])
    console.log(`      ${cases.length} of ${cases.length} successes`)
    assert.ok(cases.length > 0)
  })

  it('stops every spend that Bitcoin Core stops', () => {
    const cases = readCases().filter(({ failure }) => failure !== undefined)
    const wrong = cases.filter(test =>
      outcomes(test, test.failure!, flagsOfFailure(test)).some(got => got === 'OK'),
    )
    assert.deepEqual(
      wrong.map(({ name, comment }) => `${name} ${comment}`),
      [],
    )
    console.log(`      ${cases.length} of ${cases.length} failures`)
    assert.ok(cases.length > 0)
  })
})
