import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesToHex, hexToBytes } from '@onehop/primitives'
import { HDKey } from '@scure/bip32'
import { createMnemonic, isMnemonic, seedOfMnemonic } from '../../src/index.ts'

const folder = join(process.env.ONEHOP_VECTORS ?? '../shared/vectors', 'wallet')

function load<T>(name: string): T | undefined {
  const path = join(folder, name)
  if (!existsSync(path) && process.env.ONEHOP_VECTORS_REQUIRED === undefined) return undefined
  return JSON.parse(readFileSync(path, 'utf8')) as T
}

type Bip39Case = readonly [entropy: string, mnemonic: string, passphrase: string, seed: string, xprv: string]
type Bip32Case = { readonly seed: string } & Readonly<
  Record<string, { readonly pub: string; readonly prv: string }>
>

type Bip32File = Readonly<Record<string, Bip32Case | string>>

function isPathCase(entry: [string, Bip32Case | string]): entry is [string, Bip32Case] {
  return typeof entry[1] !== 'string'
}

describe('BIP 39 vectors', () => {
  const cases = load<readonly Bip39Case[]>('bip39-english.json')

  it(`turn entropy into words, and words into seeds and master keys (${cases?.length ?? 'skipped: no vectors'})`, function () {
    if (cases === undefined) return this.skip()
    for (const [entropy, mnemonic, passphrase, seed, xprv] of cases) {
      assert.equal(createMnemonic(hexToBytes(entropy)), mnemonic)
      assert(isMnemonic(mnemonic))
      assert.equal(bytesToHex(seedOfMnemonic(mnemonic, passphrase)), seed)
      assert.equal(HDKey.fromMasterSeed(hexToBytes(seed)).privateExtendedKey, xprv)
    }
  })
})

describe('BIP 32 vectors', () => {
  const cases = load<Bip32File>('bip32.json')

  it(`derive every path's keys (${cases ? 'bip32.json' : 'skipped: no vectors'})`, function () {
    if (cases === undefined) return this.skip()
    for (const [name, { seed, ...paths }] of Object.entries(cases).filter(isPathCase)) {
      const master = HDKey.fromMasterSeed(hexToBytes(seed))
      for (const [path, { pub, prv }] of Object.entries(paths)) {
        const key = master.derive(path)
        assert.equal(key.publicExtendedKey, pub, `${name} ${path}`)
        assert.equal(key.privateExtendedKey, prv, `${name} ${path}`)
      }
    }
  })

  it(`derive a seed's children (${cases ? 'bip32.json' : 'skipped: no vectors'})`, function () {
    if (cases === undefined) return this.skip()
    const expected = cases as Readonly<Record<string, string>>
    const master = HDKey.fromMasterSeed(hexToBytes(expected.seed ?? ''))
    const paths = {
      master: 'm',
      child1: 'm/0',
      child3: 'm/1',
      child4: 'm/2',
      child5: 'm/2/0',
      child6: 'm/2/1',
    }
    for (const [name, path] of Object.entries(paths)) {
      assert.equal(master.derive(path).privateExtendedKey, expected[`${name}_priv`], name)
      assert.equal(master.derive(path).publicExtendedKey, expected[`${name}_pub`], name)
    }
  })
})
