import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  type Block,
  CoinsCache,
  checkBlock,
  checkBlockInContext,
  FLAG,
  type HeaderNode,
  HeaderTree,
  MAINNET,
  MANDATORY_FLAGS,
  parseBlock,
  REGTEST,
  type ScriptFlags,
  SegwitMidstate,
  serializeBlock,
  TransactionSignatureChecker,
  type TxOutput,
  transactionMerkleRoot,
  verifyScript,
} from '@onehop/ledger'
import { ByteReader, bytesToHex, nobleVerifier } from '@onehop/primitives'
import { codeOf, connectWithScripts } from '../regtest-chain.ts'
import { readVectorBytes, requireVectors, vectorPath } from './vector-files.ts'

const BLOCKS = ['block1', 'block300025', 'block413567', 'block482683', 'block1087400']

/** bcoin's undo files: value and script of each spent coin, in the order of the inputs. */
function readSpentOutputs(path: string): TxOutput[] {
  const reader = new ByteReader(readVectorBytes(path))
  const outputs: TxOutput[] = []
  while (reader.remaining > 0)
    outputs.push({ value: reader.readInt64(), scriptPubKey: reader.readVarBytes() })
  return outputs
}

/** Every n-th transaction's inputs: the reference backend manages some 200 signatures a second. */
function verifyInputs(block: Block, spent: readonly TxOutput[], flags: ScriptFlags, every: number): number {
  let next = 0
  let verified = 0
  for (const [t, transaction] of block.transactions.slice(1).entries()) {
    const midstate = new SegwitMidstate(transaction, spent.slice(next, next + transaction.inputs.length))
    for (const [i, { scriptSig, witness }] of transaction.inputs.entries()) {
      const { value, scriptPubKey } = spent[next++]!
      if (t % every !== 0) continue
      const checker = new TransactionSignatureChecker(transaction, i, value, nobleVerifier, midstate)
      const error = verifyScript({ scriptSig, scriptPubKey, witness, flags, checker })
      assert.equal(error, undefined, `transaction ${t + 1}, input ${i}`)
      verified++
    }
  }
  assert.equal(next, spent.length)
  return verified
}

describe('official vectors: real blocks', function () {
  this.timeout(120_000)
  before(function () {
    requireVectors(this)
  })

  for (const name of BLOCKS) {
    it(`${name}: parses, serialises to the same bytes, keeps every rule that needs no chain`, () => {
      const bytes = readVectorBytes(`blocks/${name}.raw`)
      const block = parseBlock(bytes)
      assert.equal(bytesToHex(serializeBlock(block)), bytesToHex(bytes))
      assert.equal(block.totalSize, bytes.length)
      const { root, mutated } = transactionMerkleRoot(block.transactions)
      assert.equal(bytesToHex(root), bytesToHex(block.header.merkleRoot))
      assert.equal(mutated, false)
      assert.deepEqual(checkBlock(block, REGTEST), { ok: true })
    })
  }

  it('block1087400: the witness commitment holds', () => {
    const block = parseBlock(readVectorBytes('blocks/block1087400.raw'))
    const parent = { height: 1_087_399, header: block.header, parent: undefined } as unknown as HeaderNode
    assert.deepEqual(checkBlockInContext(block, parent, REGTEST), { ok: true })
  })

  it('block1087400: inputs satisfy the scripts of the coins they spend', () => {
    const block = parseBlock(readVectorBytes('blocks/block1087400.raw'))
    const spent = readSpentOutputs('blocks/block1087400-undo.raw')
    console.log(`      ${verifyInputs(block, spent, MANDATORY_FLAGS, 1)} inputs`)
  })

  it('block300025: inputs satisfy the scripts of the coins they spend', () => {
    const block = parseBlock(readVectorBytes('blocks/block300025.raw'))
    const spent = readSpentOutputs('blocks/block300025-undo.raw')
    console.log(`      ${verifyInputs(block, spent, FLAG.P2SH, 1)} inputs`)
  })

  it('blocks 1 to 256: connect by the rules of mainnet', () => {
    const reader = new ByteReader(
      new Uint8Array(execFileSync('bunzip2', ['-c', vectorPath('blocks/blocks1-256.bz2')])),
    )
    const tree = new HeaderTree(MAINNET)
    const coins = new CoinsCache({ get: () => undefined })
    while (reader.remaining > 0) {
      reader.readUint32()
      const block = parseBlock(reader.readBytes(reader.readUint32()))
      const added = tree.add(block.header, block.header.time)
      assert.ok(added.ok)
      const connected = connectWithScripts(block, { node: added.value, coins, parameters: MAINNET })
      assert.ok(connected.ok, codeOf(connected))
    }
    console.log(`      ${tree.best.height} blocks, ${coins.size} coins`)
    assert.ok(tree.best.height > 0)
  })

  it('blocks 1 to 256: parse, serialise to the same bytes, and link up', () => {
    const reader = new ByteReader(
      new Uint8Array(execFileSync('bunzip2', ['-c', vectorPath('blocks/blocks1-256.bz2')])),
    )
    let count = 0
    let previous: Block | undefined
    while (reader.remaining > 0) {
      reader.readUint32()
      const bytes = reader.readBytes(reader.readUint32())
      const block = parseBlock(bytes)
      assert.equal(bytesToHex(serializeBlock(block)), bytesToHex(bytes))
      assert.deepEqual(checkBlock(block, REGTEST), { ok: true })
      if (previous) assert.deepEqual(block.header.previousBlock, previous.hash)
      previous = block
      count++
    }
    console.log(`      ${count} blocks`)
    assert.ok(count > 0)
  })
})
