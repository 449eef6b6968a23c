import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hexToBytes } from '@onehop/primitives'
import { BACKENDS } from '../backends.ts'

const FILE = join(process.env.ONEHOP_VECTORS ?? '../shared/vectors', 'bitcoin-core/bip340_test_vectors.csv')

describe('official vectors: BIP 340 by every backend', () => {
  before(function () {
    if (existsSync(FILE)) return
    if (process.env.ONEHOP_VECTORS_REQUIRED) throw new Error(`no ${FILE}`)
    console.log('skipped: no vectors')
    this.skip()
  })

  for (const verifier of BACKENDS) {
    it(`${verifier.name}: verifies what BIP 340 says, and nothing else`, () => {
      const rows = readFileSync(FILE, 'utf8').trim().split(/\r?\n/).slice(1)
      for (const row of rows) {
        const [index, , key = '', , message = '', signature = '', result] = row.split(',')
        const verified = verifier.verifySchnorr(hexToBytes(signature), hexToBytes(message), hexToBytes(key))
        assert.equal(verified, result === 'TRUE', `case ${index}`)
      }
      console.log(`      ${rows.length} cases`)
      assert.ok(rows.length > 0)
    })
  }
})
