import assert from 'node:assert/strict'
import { REGTEST } from '@onehop/ledger'
import { bytesToHex, DecodeError } from '@onehop/primitives'
import { createMnemonic, isMnemonic, WalletKeys } from '../src/index.ts'

const MNEMONIC =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
const MAINNET = { ...REGTEST, name: 'mainnet', bech32Prefix: 'bc', coinType: 0 }

describe('wallet keys', () => {
  it('are those of the example in BIP 84', () => {
    const keys = WalletKeys.fromMnemonic(MNEMONIC, MAINNET)
    assert.equal(keys.address(0), 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu')
    assert.equal(keys.address(1), 'bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g')
    assert.equal(keys.address(0, true), 'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el')
    assert.equal(
      bytesToHex(keys.key(0).publicKey),
      '0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c',
    )
  })

  it('are other ones on regtest, with its prefix', () => {
    const address = WalletKeys.fromMnemonic(MNEMONIC, REGTEST).address(0)
    assert.equal(address, 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk')
  })

  it('depend on the passphrase', () => {
    const plain = WalletKeys.fromMnemonic(MNEMONIC, REGTEST)
    const other = WalletKeys.fromMnemonic(MNEMONIC, REGTEST, 'TREZOR')
    assert.notEqual(plain.address(0), other.address(0))
  })
})

describe('a mnemonic', () => {
  it('of 16 bytes of entropy has 12 words and can be read again', () => {
    const mnemonic = createMnemonic(new Uint8Array(16).fill(7))
    assert.equal(mnemonic.split(' ').length, 12)
    assert(isMnemonic(mnemonic))
  })

  it('with a wrong word or a wrong checksum is refused', () => {
    assert.equal(isMnemonic(MNEMONIC.replace('about', 'abandon')), false)
    assert.equal(isMnemonic('not a mnemonic'), false)
    assert.throws(() => WalletKeys.fromMnemonic(`${MNEMONIC} about`, REGTEST), DecodeError)
  })
})
