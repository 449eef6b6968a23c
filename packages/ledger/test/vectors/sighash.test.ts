import assert from 'node:assert/strict'
import { legacySighash, parseTransaction } from '@onehop/ledger'
import { bytesToHex, hexToBytes, reverseBytes } from '@onehop/primitives'
import { readVectorRows, requireVectors } from './vector-files.ts'

type Row = readonly [transaction: string, script: string, inputIndex: number, hashType: number, hash: string]

describe('official vectors: sighash.json', () => {
  before(function () {
    requireVectors(this)
  })

  it('computes every legacy signature hash as Bitcoin Core does', () => {
    const rows = readVectorRows<Row>('bitcoin-core/sighash.json', 5)
    for (const [hex, script, inputIndex, hashType, expected] of rows) {
      const transaction = parseTransaction(hexToBytes(hex))
      const hash = legacySighash({ transaction, inputIndex, scriptCode: hexToBytes(script), hashType })
      assert.equal(bytesToHex(reverseBytes(hash)), expected)
    }
    console.log(`      ${rows.length} of ${rows.length} cases`)
    assert.ok(rows.length > 0)
  })
})
