import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  addressToScript,
  decodePrivateKey,
  encodePrivateKey,
  parametersOf,
  REGTEST,
  scriptToAddress,
} from '@onehop/ledger'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import { readVectorRows, requireVectors, vectorPath } from './vector-files.ts'

interface Meta {
  readonly chain: string
  readonly isPrivkey: boolean
  readonly isCompressed?: boolean
  readonly tryCaseFlip?: boolean
}
type Row = readonly [text: string, hex: string, meta: Meta]

describe('official vectors: key_io_valid.json and key_io_invalid.json', () => {
  before(function () {
    requireVectors(this)
  })

  const rows = () =>
    (JSON.parse(readFileSync(vectorPath('bitcoin-core/key_io_valid.json'), 'utf8')) as Row[]).filter(
      ([, , { chain }]) => parametersOf(chain) !== undefined,
    )

  it('reads and writes every address of the networks that it knows', () => {
    const addresses = rows().filter(([, , meta]) => !meta.isPrivkey)
    for (const [text, hex, { chain, tryCaseFlip }] of addresses) {
      const parameters = parametersOf(chain)!
      assert.deepEqual(addressToScript(text, parameters), { ok: true, value: hexToBytes(hex) })
      assert.equal(scriptToAddress(hexToBytes(hex), parameters), text)
      const upper = addressToScript(text.toUpperCase(), parameters)
      assert.equal(upper.ok, tryCaseFlip === true, text)
    }
    console.log(`      ${addresses.length} addresses`)
    assert.ok(addresses.length > 0)
  })

  it('reads and writes every private key of the networks that it knows', () => {
    const keys = rows().filter(([, , meta]) => meta.isPrivkey)
    for (const [text, hex, { chain, isCompressed }] of keys) {
      const parameters = parametersOf(chain)!
      const key = decodePrivateKey(text, parameters)
      assert.ok(key.ok, text)
      assert.equal(bytesToHex(key.value.privateKey), hex)
      assert.equal(key.value.compressed, isCompressed)
      assert.equal(encodePrivateKey(key.value, parameters), text)
    }
    console.log(`      ${keys.length} keys`)
    assert.ok(keys.length > 0)
  })

  it('refuses every invalid one, as address and as key', () => {
    const invalid = readVectorRows<readonly [string]>('bitcoin-core/key_io_invalid.json', 1)
    for (const [text] of invalid) {
      assert.equal(addressToScript(text, REGTEST).ok, false, text)
      assert.equal(decodePrivateKey(text, REGTEST).ok, false, text)
    }
    console.log(`      ${invalid.length} cases`)
    assert.ok(invalid.length > 0)
  })
})
