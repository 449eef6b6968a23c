import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { concatBytes, hexToBytes, reverseBytes, sipHash24 } from '../../src/index.ts'

const VECTORS = join(process.env.ONEHOP_VECTORS ?? '../shared/vectors', 'bitcoin-core')

interface Case {
  /** k0 and k1 as 64-bit numbers. */
  readonly key: readonly [string, string]
  /** What is hashed, in parts. */
  readonly input: readonly string[]
  /** By the variant of the hash, as a 64-bit number; `siphash13uj` is no part of the protocol, and not here. */
  readonly expected: { readonly siphash24?: string }
}

describe('official vectors: SipHash-2-4', () => {
  before(function () {
    if (existsSync(VECTORS)) return
    if (process.env.ONEHOP_VECTORS_REQUIRED) throw new Error(`no vectors in ${VECTORS}`)
    console.log('skipped: no vectors')
    this.skip()
  })

  it('hashes every input as Bitcoin Core does', () => {
    const cases = JSON.parse(readFileSync(join(VECTORS, 'siphash.json'), 'utf8')) as Case[]
    let checked = 0
    for (const [i, { key, input, expected }] of cases.entries()) {
      if (expected.siphash24 === undefined) continue
      const keyBytes = concatBytes(...key.map(word => reverseBytes(hexToBytes(word))))
      const hash = sipHash24(keyBytes, concatBytes(...input.map(hexToBytes)))
      assert.equal(hash.toString(16).padStart(16, '0'), expected.siphash24, `case ${i}`)
      checked++
    }
    console.log(`      ${checked} of ${cases.length} cases`)
    assert.ok(checked > 0)
  })
})
