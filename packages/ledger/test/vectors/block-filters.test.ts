import assert from 'node:assert/strict'
import { BlockFilter, type BlockUndo, blockHashToHex, createBlockFilter, parseBlock } from '@onehop/ledger'
import { bytesToHex, hexToBytes, reverseBytes } from '@onehop/primitives'
import { readVectorRows, requireVectors } from './vector-files.ts'

type Row = readonly [
  height: number,
  hash: string,
  block: string,
  spentScripts: readonly string[],
  previousHeader: string,
  filter: string,
  header: string,
  comment: string,
]

/** As undo data, whose order does not matter to a filter. */
function undoOf(scripts: readonly string[]): BlockUndo {
  const coins = scripts.map(script => ({
    output: { value: 0n, scriptPubKey: hexToBytes(script) },
    height: 0,
    coinbase: false,
  }))
  return { spent: [coins] }
}

describe('official vectors: blockfilters.json', () => {
  before(function () {
    requireVectors(this)
  })

  it('makes every filter and filter header, and finds every script in it', () => {
    const rows = readVectorRows<Row>('bitcoin-core/blockfilters.json', 7)
    for (const [height, hash, blockHex, spent, previousHeader, expected, header] of rows) {
      const block = parseBlock(hexToBytes(blockHex))
      assert.equal(blockHashToHex(block.hash), hash)
      const filter = createBlockFilter(block, undoOf(spent))
      assert.equal(bytesToHex(filter.bytes), expected, `block ${height}`)
      const chained = filter.headerAfter(reverseBytes(hexToBytes(previousHeader)))
      assert.equal(bytesToHex(reverseBytes(chained)), header, `block ${height}`)
      const received = new BlockFilter(block.hash, hexToBytes(expected))
      for (const script of spent.map(hexToBytes)) assert.equal(received.matches(script), script.length > 0)
    }
    console.log(`      ${rows.length} cases`)
    assert.ok(rows.length > 0)
  })
})
