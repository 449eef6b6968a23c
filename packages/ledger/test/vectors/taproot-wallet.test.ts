import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  commitsToLeaf,
  MANDATORY_FLAGS,
  OP,
  parseTransaction,
  pushBytes,
  SegwitMidstate,
  SIGHASH,
  scriptOf,
  TransactionSignatureChecker,
  type TxOutput,
  tapBranchHash,
  tapLeafHash,
  taprootSighash,
  tapTweakHash,
  verifyScript,
} from '@onehop/ledger'
import {
  bytesToHex,
  concatBytes,
  hexToBytes,
  signSchnorr,
  tweakPrivateKey,
  tweakPublicKey,
  xOnlyPublicKeyOf,
} from '@onehop/primitives'
import { everyVerifier } from './every-verifier.ts'
import { requireVectors, vectorPath } from './vector-files.ts'

interface Leaf {
  readonly script: string
  readonly leafVersion: number
}
type Tree = Leaf | readonly [Tree, Tree]

interface OutputCase {
  readonly given: { readonly internalPubkey: string; readonly scriptTree: Tree | null }
  readonly intermediary: {
    readonly leafHashes?: readonly string[]
    readonly merkleRoot: string | null
    readonly tweak: string
    readonly tweakedPubkey: string
  }
  readonly expected: { readonly scriptPubKey: string; readonly scriptPathControlBlocks?: readonly string[] }
}

interface InputCase {
  readonly given: {
    readonly txinIndex: number
    readonly internalPrivkey: string
    readonly merkleRoot: string | null
    readonly hashType: number
  }
  readonly intermediary: {
    readonly internalPubkey: string
    readonly tweak: string
    readonly tweakedPrivkey: string
    readonly sigHash: string
  }
  readonly expected: { readonly witness: readonly [string] }
}

interface SpendCase {
  readonly given: {
    readonly rawUnsignedTx: string
    readonly utxosSpent: readonly { readonly scriptPubKey: string; readonly amountSats: number }[]
  }
  readonly intermediary: Readonly<Record<string, string>>
  readonly inputSpending: readonly InputCase[]
  readonly auxiliary: { readonly fullySignedTx: string }
}

interface Vectors {
  readonly scriptPubKey: readonly OutputCase[]
  readonly keyPathSpending: readonly SpendCase[]
}

function readVectors(): Vectors {
  return JSON.parse(readFileSync(vectorPath('bitcoin-core/bip341_wallet_vectors.json'), 'utf8')) as Vectors
}

function isLeaf(tree: Tree): tree is Leaf {
  return !Array.isArray(tree)
}

function leafHashesOf(tree: Tree): Uint8Array[] {
  return isLeaf(tree)
    ? [tapLeafHash(tree.leafVersion, hexToBytes(tree.script))]
    : [...leafHashesOf(tree[0]), ...leafHashesOf(tree[1])]
}

function rootOf(tree: Tree): Uint8Array {
  return isLeaf(tree) ? leafHashesOf(tree)[0]! : tapBranchHash(rootOf(tree[0]), rootOf(tree[1]))
}

function checkOutput({ given, intermediary, expected }: OutputCase): void {
  const internalKey = hexToBytes(given.internalPubkey)
  const root = given.scriptTree === null ? undefined : rootOf(given.scriptTree)
  const hashes = given.scriptTree === null ? [] : leafHashesOf(given.scriptTree)
  assert.deepEqual(hashes.map(bytesToHex), intermediary.leafHashes ?? [])
  assert.equal(root === undefined ? null : bytesToHex(root), intermediary.merkleRoot)
  const tweak = tapTweakHash(internalKey, root)
  assert.equal(bytesToHex(tweak), intermediary.tweak)
  const outputKey = tweakPublicKey(internalKey, tweak)!.key
  assert.equal(bytesToHex(outputKey), intermediary.tweakedPubkey)
  assert.equal(bytesToHex(scriptOf(OP[1], pushBytes(outputKey))), expected.scriptPubKey)
  for (const [i, block] of (expected.scriptPathControlBlocks ?? []).entries()) {
    assert.ok(commitsToLeaf(outputKey, hexToBytes(block), hashes[i]!, everyVerifier), block)
  }
}

function spentBy({ given }: SpendCase): TxOutput[] {
  return given.utxosSpent.map(({ scriptPubKey, amountSats }) => ({
    value: BigInt(amountSats),
    scriptPubKey: hexToBytes(scriptPubKey),
  }))
}

function checkMidstate(midstate: SegwitMidstate, expected: Readonly<Record<string, string>>): void {
  assert.deepEqual(
    {
      hashAmounts: bytesToHex(midstate.shaAmounts),
      hashOutputs: bytesToHex(midstate.shaOutputs),
      hashPrevouts: bytesToHex(midstate.shaPrevouts),
      hashScriptPubkeys: bytesToHex(midstate.shaScriptPubKeys),
      hashSequences: bytesToHex(midstate.shaSequences),
    },
    expected,
  )
}

function checkSigning(midstate: SegwitMidstate, { given, intermediary, expected }: InputCase): void {
  const secret = hexToBytes(given.internalPrivkey)
  const internalKey = xOnlyPublicKeyOf(secret)
  assert.equal(bytesToHex(internalKey), intermediary.internalPubkey)
  const root = given.merkleRoot === null ? undefined : hexToBytes(given.merkleRoot)
  const tweak = tapTweakHash(internalKey, root)
  assert.equal(bytesToHex(tweak), intermediary.tweak)
  const tweaked = tweakPrivateKey(secret, tweak)!
  assert.equal(bytesToHex(tweaked), intermediary.tweakedPrivkey)
  const { hashType, txinIndex } = given
  const hash = taprootSighash({ midstate, inputIndex: txinIndex, hashType })!
  assert.equal(bytesToHex(hash), intermediary.sigHash)
  const signature = signSchnorr(hash, tweaked, new Uint8Array(32))
  const type = hashType === SIGHASH.DEFAULT ? [] : [Uint8Array.of(hashType)]
  assert.equal(bytesToHex(concatBytes(signature, ...type)), expected.witness[0])
}

describe('official vectors: bip341_wallet_vectors.json', () => {
  before(function () {
    requireVectors(this)
  })

  it('builds every output from its key and its tree of scripts', () => {
    const { scriptPubKey } = readVectors()
    for (const test of scriptPubKey) checkOutput(test)
    console.log(`      ${scriptPubKey.length} of ${scriptPubKey.length} outputs`)
    assert.ok(scriptPubKey.length > 0)
  })

  it('signs every key path to the same bytes', () => {
    let inputs = 0
    for (const test of readVectors().keyPathSpending) {
      const midstate = new SegwitMidstate(
        parseTransaction(hexToBytes(test.given.rawUnsignedTx)),
        spentBy(test),
      )
      checkMidstate(midstate, test.intermediary)
      for (const input of test.inputSpending) checkSigning(midstate, input)
      inputs += test.inputSpending.length
    }
    console.log(`      ${inputs} of ${inputs} inputs`)
    assert.ok(inputs > 0)
  })

  it('verifies every input of the signed transactions', () => {
    let inputs = 0
    for (const test of readVectors().keyPathSpending) {
      const transaction = parseTransaction(hexToBytes(test.auxiliary.fullySignedTx))
      const spent = spentBy(test)
      const midstate = new SegwitMidstate(transaction, spent)
      for (const [i, { scriptSig, witness }] of transaction.inputs.entries()) {
        const { value, scriptPubKey } = spent[i]!
        const checker = new TransactionSignatureChecker(transaction, i, value, everyVerifier, midstate)
        const error = verifyScript({ scriptSig, scriptPubKey, witness, flags: MANDATORY_FLAGS, checker })
        assert.equal(error, undefined, `input ${i}`)
        inputs++
      }
    }
    console.log(`      ${inputs} of ${inputs} inputs`)
    assert.ok(inputs > 0)
  })
})
