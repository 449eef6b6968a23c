import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import { HDKey } from '@scure/bip32'
import { createMnemonic, isMnemonic, seedOfMnemonic } from '../../src/index.ts'

const folder = join(process.env.ONEHOP_VECTORS ?? '../shared/vectors', 'wallet')

function load<T>(name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
}

type Bip39Case = readonly [entropy: string, mnemonic: string, passphrase: string, seed: string, xprv: string]
type Bip32Case = { readonly seed: string } & Readonly<
  Record<string, { readonly pub: string; readonly prv: string }>
>
/** Cases by name; beside them one more case, written flat: its seed, and names of keys with what they are. */
type Bip32File = Readonly<Record<string, Bip32Case | string>>

/** What the names of the flat case's keys stand for. */
const PATHS: Readonly<Record<string, string>> = {
  master: 'm',
  child1: 'm/0',
  child2: 'm/1',
  child3: 'm/1',
  child4: 'm/2',
  child5: 'm/2/0',
  child6: 'm/2/1',
}

function isPathCase(entry: [string, Bip32Case | string]): entry is [string, Bip32Case] {
  return typeof entry[1] !== 'string'
}

describe('official vectors: BIP 32 and BIP 39', () => {
  before(function () {
    if (existsSync(folder)) return
    if (process.env.ONEHOP_VECTORS_REQUIRED) throw new Error(`no vectors in ${folder}`)
    console.log('skipped: no vectors')
    this.skip()
  })

  it('turn entropy into words, and words into seeds and master keys', () => {
    const cases = load<readonly Bip39Case[]>('bip39-english.json')
    for (const [entropy, mnemonic, passphrase, seed, xprv] of cases) {
      assert.equal(createMnemonic(hexToBytes(entropy)), mnemonic)
      assert(isMnemonic(mnemonic))
      assert.equal(bytesToHex(seedOfMnemonic(mnemonic, passphrase)), seed)
      assert.equal(HDKey.fromMasterSeed(hexToBytes(seed)).privateExtendedKey, xprv)
    }
    console.log(`      ${cases.length} of ${cases.length} cases`)
    assert.ok(cases.length > 0)
  })

  it("derive every path's keys", () => {
    let keys = 0
    for (const [name, { seed, ...paths }] of Object.entries(load<Bip32File>('bip32.json')).filter(
      isPathCase,
    )) {
      const master = HDKey.fromMasterSeed(hexToBytes(seed))
      for (const [path, { pub, prv }] of Object.entries(paths)) {
        const key = master.derive(path)
        assert.equal(key.publicExtendedKey, pub, `${name} ${path}`)
        assert.equal(key.privateExtendedKey, prv, `${name} ${path}`)
        keys++
      }
    }
    console.log(`      ${keys} of ${keys} keys`)
    assert.ok(keys > 0)
  })

  it("derive a seed's children", () => {
    // The phrase is none by BIP 39: its checksum is wrong. What was made of it is the seed.
    const { phrase: _, seed, zero_priv, ...flat } = load<Readonly<Record<string, string>>>('bip32.json')
    if (zero_priv !== undefined) {
      // Its private key begins with zeros.
      assert.equal(HDKey.fromExtendedKey(zero_priv).privateExtendedKey, zero_priv)
    }
    const expected = Object.entries(flat).filter(entry => !isPathCase(entry))
    const master = HDKey.fromMasterSeed(hexToBytes(seed ?? ''))
    for (const [name, text] of expected) {
      const [, child, kind] = /^(\w+)_(pub|priv)$/.exec(name) ?? []
      const path = PATHS[child ?? '']
      assert.ok(path !== undefined, `what ${name} stands for is known`)
      const key = master.derive(path)
      assert.equal(kind === 'pub' ? key.publicExtendedKey : key.privateExtendedKey, text, name)
    }
    console.log(`      ${expected.length} of ${expected.length} keys`)
  })
})
