import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import {
  addressToScript,
  type ChainParameters,
  decodePrivateKey,
  encodePrivateKey,
  MAINNET,
  REGTEST,
  SIGNET,
  scriptToAddress,
  TESTNET4,
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

/** By Core's names. Testnets 3 and 4 have the same prefixes. */
const NETWORKS: Readonly<Record<string, ChainParameters>> = {
  main: MAINNET,
  test: TESTNET4,
  testnet4: TESTNET4,
  signet: SIGNET,
  regtest: REGTEST,
}

function networkOf({ chain }: Meta): ChainParameters {
  const parameters = NETWORKS[chain]
  if (parameters === undefined) throw new Error(`unknown chain ${chain}`)
  return parameters
}

describe('official vectors: key_io_valid.json and key_io_invalid.json', () => {
  before(function () {
    requireVectors(this)
  })

  const rows = () => JSON.parse(readFileSync(vectorPath('bitcoin-core/key_io_valid.json'), 'utf8')) as Row[]

  it('reads and writes every address', () => {
    const addresses = rows().filter(([, , meta]) => !meta.isPrivkey)
    for (const [text, hex, meta] of addresses) {
      const parameters = networkOf(meta)
      assert.deepEqual(addressToScript(text, parameters), { ok: true, value: hexToBytes(hex) })
      assert.equal(scriptToAddress(hexToBytes(hex), parameters), text)
      const upper = addressToScript(text.toUpperCase(), parameters)
      assert.equal(upper.ok, meta.tryCaseFlip === true, text)
    }
    console.log(`      ${addresses.length} addresses`)
    assert.ok(addresses.length > 0)
  })

  it('reads and writes every private key', () => {
    const keys = rows().filter(([, , meta]) => meta.isPrivkey)
    for (const [text, hex, meta] of keys) {
      const parameters = networkOf(meta)
      const key = decodePrivateKey(text, parameters)
      assert.ok(key.ok, text)
      assert.equal(bytesToHex(key.value.privateKey), hex)
      assert.equal(key.value.compressed, meta.isCompressed)
      assert.equal(encodePrivateKey(key.value, parameters), text)
    }
    console.log(`      ${keys.length} keys`)
    assert.ok(keys.length > 0)
  })

  it('refuses every invalid one, as address and as key', () => {
    const invalid = readVectorRows<readonly [string]>('bitcoin-core/key_io_invalid.json', 1)
    for (const [text] of invalid) {
      for (const parameters of Object.values(NETWORKS)) {
        assert.equal(addressToScript(text, parameters).ok, false, text)
        assert.equal(decodePrivateKey(text, parameters).ok, false, text)
      }
    }
    console.log(`      ${invalid.length} cases`)
    assert.ok(invalid.length > 0)
  })
})
