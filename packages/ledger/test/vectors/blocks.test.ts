import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  type Block,
  type ChainParameters,
  CoinsCache,
  checkBlock,
  checkBlockInContext,
  checkCoinbaseAmount,
  consensusFlags,
  type HeaderNode,
  HeaderTree,
  MAINNET,
  MAX_BLOCK_SIGOPS_COST,
  parseBlock,
  SegwitMidstate,
  serializeBlock,
  sigopsCost,
  TESTNET3,
  type Transaction,
  TransactionSignatureChecker,
  type TxOutput,
  verifyScript,
} from '@onehop/ledger'
import { attemptDecode, ByteReader, bytesToHex } from '@onehop/primitives'
import { codeOf, connectWithScripts } from '../regtest-chain.ts'
import { everyVerifier } from './every-verifier.ts'
import { listVectors, readVectorBytes, requireVectors, vectorPath } from './vector-files.ts'

const MAINNET_START = 1_231_006_505
/** Blocks of mainnet came faster than every 600 s, and never this fast for long; those of testnet3 did. */
const MAINNET_SECONDS_PER_BLOCK = 558

interface RealBlock {
  readonly name: string
  readonly height: number
  readonly bytes: Uint8Array
  readonly block: Block
  readonly parameters: ChainParameters
  /** The node of its header, of which the ancestors are not known. */
  readonly node: HeaderNode
}

function namesOfBlocks(): string[] {
  return listVectors('blocks', '.raw').filter(name => !name.endsWith('-undo.raw'))
}

/** A file is named after its block's height. */
function readRealBlock(name: string): RealBlock {
  const height = Number(/\d+/.exec(name)?.[0])
  assert.ok(Number.isInteger(height), `${name} is named after a height`)
  const bytes = readVectorBytes(`blocks/${name}`)
  const block = parseBlock(bytes)
  const { header, hash } = block
  const isMainnet = header.time >= MAINNET_START + height * MAINNET_SECONDS_PER_BLOCK
  const parameters = isMainnet ? MAINNET : TESTNET3
  const parent = { height: height - 1, header, parent: undefined }
  return { name, height, bytes, block, parameters, node: { height, header, hash, parent } as HeaderNode }
}

/** bcoin's undo files: value and script of each spent coin, in the order of the inputs. */
function readSpentOutputs(path: string): TxOutput[] {
  const reader = new ByteReader(readVectorBytes(path))
  const outputs: TxOutput[] = []
  while (reader.remaining > 0)
    outputs.push({ value: reader.readInt64(), scriptPubKey: reader.readVarBytes() })
  return outputs
}

function verifyInputs(transaction: Transaction, spent: readonly TxOutput[], flags: number): void {
  const midstate = new SegwitMidstate(transaction, spent)
  for (const [i, { scriptSig, witness }] of transaction.inputs.entries()) {
    const { value, scriptPubKey } = spent[i]!
    const checker = new TransactionSignatureChecker(transaction, i, value, everyVerifier, midstate)
    const error = verifyScript({ scriptSig, scriptPubKey, witness, flags, checker })
    assert.equal(error, undefined, `${bytesToHex(transaction.txid)}, input ${i}`)
  }
}

const sumOf = (outputs: readonly TxOutput[]) => outputs.reduce((sum, { value }) => sum + value, 0n)

/** All that `connectBlock` checks and that values and scripts of the spent coins are enough for. @returns how many inputs. */
function checkSpends({ block, node, parameters }: RealBlock, spent: readonly TxOutput[]): number {
  const flags = consensusFlags(node, parameters)
  const [coinbase, ...spenders] = block.transactions
  let sigops = sigopsCost(coinbase!, [], flags)
  let fees = 0n
  let next = 0
  for (const transaction of spenders) {
    const own = spent.slice(next, next + transaction.inputs.length)
    next += own.length
    verifyInputs(transaction, own, flags)
    sigops += sigopsCost(transaction, own, flags)
    const fee = sumOf(own) - sumOf(transaction.outputs)
    assert.ok(fee >= 0n)
    fees += fee
  }
  const inputs = spenders.reduce((sum, transaction) => sum + transaction.inputs.length, 0)
  assert.deepEqual([next, spent.length], [inputs, inputs], 'as many coins as inputs')
  assert.ok(sigops <= MAX_BLOCK_SIGOPS_COST)
  assert.deepEqual(checkCoinbaseAmount(block, node.height, fees, parameters), { ok: true })
  return next
}

/** Bitcoin's wire records: magic, length, block. */
function* recordsOf(name: string): Generator<Uint8Array> {
  const unpacked = execFileSync('bunzip2', ['-c', vectorPath(`blocks/${name}`)], { maxBuffer: 2 ** 30 })
  const reader = new ByteReader(new Uint8Array(unpacked))
  while (reader.remaining > 0) {
    reader.readUint32()
    yield reader.readBytes(reader.readUint32())
  }
}

function assertSameBytes(block: Block, bytes: Uint8Array): void {
  assert.equal(bytesToHex(serializeBlock(block)), bytesToHex(bytes))
  assert.equal(block.totalSize, bytes.length)
}

/** @returns how many coins there are in the end, or none when the first block of all is far. */
function connectAll(blocks: readonly Block[]): number {
  const tree = new HeaderTree(MAINNET)
  const coins = new CoinsCache({ get: () => undefined })
  let parent = blocks[0]?.header.previousBlock
  for (const block of blocks) {
    assert.deepEqual(block.header.previousBlock, parent)
    parent = block.hash
    assert.deepEqual(checkBlock(block, MAINNET), { ok: true })
    // A file may begin with the first block of all, which is never connected.
    if (tree.get(block.header.previousBlock) === undefined) continue
    const added = tree.add(block.header, block.header.time)
    assert.ok(added.ok, codeOf(added))
    const connected = connectWithScripts(block, { node: added.value, coins, parameters: MAINNET })
    assert.ok(connected.ok, codeOf(connected))
  }
  return coins.size
}

describe('official vectors: real blocks', function () {
  this.timeout(300_000)
  before(function () {
    requireVectors(this)
  })

  it('parse, serialise to the same bytes, keep every rule that needs no coins', () => {
    const blocks = namesOfBlocks().map(readRealBlock)
    for (const { name, bytes, block, node, parameters } of blocks) {
      assertSameBytes(block, bytes)
      assert.deepEqual(checkBlock(block, parameters), { ok: true }, name)
      assert.deepEqual(checkBlockInContext(block, node.parent!, parameters), { ok: true }, name)
    }
    console.log(`      ${blocks.length} of ${blocks.length} blocks`)
    assert.ok(blocks.length > 0)
  })

  it('satisfy the scripts of all coins that they spend, and pay out what they may', () => {
    const undoFiles = listVectors('blocks', '-undo.raw')
    let inputs = 0
    for (const name of undoFiles) {
      const real = readRealBlock(name.replace('-undo', ''))
      const verified = checkSpends(real, readSpentOutputs(`blocks/${name}`))
      console.log(`      ${real.name}: ${verified} inputs, as of ${real.parameters.name}`)
      inputs += verified
    }
    console.log(`      ${inputs} inputs of ${undoFiles.length} of ${undoFiles.length} blocks`)
    assert.ok(inputs > 0)
  })

  it('connect one after the other by the rules of mainnet, or link up where they begin later', () => {
    const files = listVectors('blocks', '.bz2')
    for (const name of files) {
      const blocks = Array.from(recordsOf(name), bytes => {
        const block = parseBlock(bytes)
        assertSameBytes(block, bytes)
        return block
      })
      const coins = connectAll(blocks)
      console.log(`      ${name}: ${blocks.length} of ${blocks.length} blocks, ${coins} coins`)
      assert.ok(blocks.length > 0)
    }
    assert.ok(files.length > 0)
  })

  it('are refused where a bit of them is changed', () => {
    const [name] = namesOfBlocks()
    const { bytes, node, parameters } = readRealBlock(name!)
    const step = 1 + Math.floor(bytes.length / 500)
    for (let at = 0; at < bytes.length; at += step) {
      const changed = bytes.slice()
      changed[at] = changed[at]! ^ (1 << (at % 8))
      const parsed = attemptDecode('block-decode-failed', () => parseBlock(changed))
      if (!parsed.ok) continue
      const verdict = checkBlock(parsed.value, parameters)
      assert.ok(!verdict.ok || !checkBlockInContext(parsed.value, node.parent!, parameters).ok, `byte ${at}`)
    }
  })
})
