import assert from 'node:assert/strict'
import {
  asBlockHash,
  Block,
  BlockFilter,
  type BlockUndo,
  basicFilterElements,
  createBlockFilter,
  NULL_FILTER_HEADER,
  OP,
  parseBlockFilter,
  REGTEST,
  Transaction,
} from '@onehop/ledger'
import { concatBytes, sha256d } from '@onehop/primitives'
import fc from 'fast-check'
import { blameOf, codeOf } from './regtest-chain.ts'

const { header, transactions } = REGTEST.genesis
const HASH = asBlockHash(header.hash)
const NOTHING_SPENT: BlockUndo = { spent: [] }
const script = fc.uint8Array({ maxLength: 40 })
const scripts = fc.array(script, { maxLength: 60 })

function blockPaying(to: readonly Uint8Array[]): Block {
  const outputs = to.map(scriptPubKey => ({ value: 1n, scriptPubKey }))
  const { version, inputs, lockTime } = transactions[0]!
  return new Block(header, [new Transaction({ version, inputs, outputs, lockTime })])
}

function undoOf(from: readonly Uint8Array[]): BlockUndo {
  const coins = from.map(scriptPubKey => ({
    output: { value: 1n, scriptPubKey },
    height: 1,
    coinbase: false,
  }))
  return { spent: [coins] }
}

describe('a block filter', () => {
  it('finds every script that was paid to or spent from, alone or among others', () => {
    fc.assert(
      fc.property(scripts, scripts, scripts, (to, from, others) => {
        const block = blockPaying(to)
        const elements = [...basicFilterElements(block, undoOf(from))]
        const filter = createBlockFilter(block, undoOf(from))
        for (const element of elements) assert.ok(filter.matches(element))
        if (elements.length > 0) assert.ok(filter.matchesAny([...others, elements[0]!]))
      }),
    )
  })

  it('does not find what is not there', () => {
    const filter = createBlockFilter(blockPaying([Uint8Array.of(1)]), undoOf([Uint8Array.of(2)]))
    for (let i = 3; i < 256; i++) assert.equal(filter.matches(Uint8Array.of(i)), false)
    assert.equal(filter.matchesAny([]), false)
  })

  it('leaves out empty scripts and outputs of OP_RETURN, and counts repeats once', () => {
    const twice = Uint8Array.of(OP[1])
    const block = blockPaying([new Uint8Array(0), Uint8Array.of(OP.RETURN, 1), twice])
    assert.equal(createBlockFilter(block, undoOf([twice, new Uint8Array(0)])).elementCount, 1)
  })

  it('of nothing is a zero that matches nothing', () => {
    const filter = createBlockFilter(blockPaying([]), NOTHING_SPENT)
    assert.deepEqual(filter.bytes, Uint8Array.of(0))
    assert.equal(filter.matchesAny([new Uint8Array(0), Uint8Array.of(1)]), false)
  })

  it('commits to the one before it', () => {
    const filter = createBlockFilter(REGTEST.genesis, NOTHING_SPENT)
    const expected = sha256d(concatBytes(sha256d(filter.bytes), NULL_FILTER_HEADER))
    assert.deepEqual(filter.headerAfter(NULL_FILTER_HEADER), expected)
  })

  it('is refused when it is cut short, goes on, or claims more than it holds', () => {
    const { bytes } = createBlockFilter(blockPaying([Uint8Array.of(1), Uint8Array.of(2)]), NOTHING_SPENT)
    const claiming = Uint8Array.from(bytes)
    claiming[0] = 200
    const huge = Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0xff, 0)
    const hostile = [
      bytes.slice(0, -1),
      concatBytes(bytes, Uint8Array.of(0)),
      claiming,
      huge,
      new Uint8Array(0),
    ]
    for (const each of [...hostile, new Uint8Array(600_000)]) {
      const result = parseBlockFilter(HASH, each)
      assert.equal(codeOf(result), 'bad-blockfilter')
      assert.ok(!result.ok && blameOf(result) === 'sender')
    }
  })

  it('answers any bytes with a filter or a refusal', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        const result = parseBlockFilter(HASH, bytes)
        if (result.ok) assert.ok(result.value instanceof BlockFilter)
        else assert.equal(result.code, 'bad-blockfilter')
      }),
    )
  })
})
