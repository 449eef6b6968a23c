import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex, decodeBase58, encodeBase58, hexToBytes, nobleVerifier } from '../../src/index.ts'

const VECTORS = join(process.env.ONEHOP_VECTORS ?? '../shared/vectors', 'bitcoin-core')

describe('official vectors: BIP 340 and Base58', () => {
  before(function () {
    if (existsSync(VECTORS)) return
    if (process.env.ONEHOP_VECTORS_REQUIRED) throw new Error(`no vectors in ${VECTORS}`)
    console.log('skipped: no vectors')
    this.skip()
  })

  it('verifies every Schnorr signature as BIP 340 says', () => {
    const rows = readFileSync(join(VECTORS, 'bip340_test_vectors.csv'), 'utf8').trim().split(/\r?\n/).slice(1)
    for (const row of rows) {
      const [index, , publicKey, , message, signature, result] = row.split(',') as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      const verified = nobleVerifier.verifySchnorr(
        hexToBytes(signature),
        hexToBytes(message),
        hexToBytes(publicKey),
      )
      assert.equal(verified, result === 'TRUE', `case ${index}`)
    }
    console.log(`      ${rows.length} cases`)
    assert.ok(rows.length > 0)
  })

  it('encodes and decodes Base58', () => {
    const cases = JSON.parse(readFileSync(join(VECTORS, 'base58_encode_decode.json'), 'utf8')) as [
      string,
      string,
    ][]
    for (const [hex, text] of cases) {
      assert.equal(encodeBase58(hexToBytes(hex)), text)
      assert.equal(bytesToHex(decodeBase58(text)), hex.toLowerCase())
    }
    console.log(`      ${cases.length} cases`)
    assert.ok(cases.length > 0)
  })
})
