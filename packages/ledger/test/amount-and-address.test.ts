import assert from 'node:assert/strict'
import {
  addressToScript,
  COIN,
  decodePrivateKey,
  encodePrivateKey,
  formatBitcoin,
  parametersOf,
  pushBytes,
  REGTEST,
  scriptOf,
  scriptSigToAsm,
  scriptToAddress,
  scriptToAsm,
  scriptType,
} from '@onehop/ledger'
import { hexToBytes } from '@onehop/primitives'
import { codeOf, legacyScriptOfKey, scriptOfKey, testKey } from './regtest-chain.ts'

describe('an amount', () => {
  it('is shown with all eight decimals', () => {
    assert.equal(formatBitcoin(150_000_000n), '1.50000000')
    assert.equal(formatBitcoin(0n), '0.00000000')
    assert.equal(formatBitcoin(-1n), '-0.00000001')
    assert.equal(formatBitcoin(21_000_000n * COIN), '21000000.00000000')
  })
})

describe('an address', () => {
  it('leads to its script and back', () => {
    for (const script of [scriptOfKey(testKey(7)), legacyScriptOfKey(testKey(7))]) {
      const address = scriptToAddress(script, REGTEST)!
      assert.deepEqual(addressToScript(address, REGTEST), { ok: true, value: script })
    }
    assert.match(scriptToAddress(scriptOfKey(testKey(7)), REGTEST)!, /^bcrt1q/)
  })

  it('of another network is refused', () => {
    assert.equal(codeOf(addressToScript('1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', REGTEST)), 'invalid-address')
    assert.equal(
      codeOf(addressToScript('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', REGTEST)),
      'invalid-address',
    )
  })

  it('with a wrong letter is refused', () => {
    const address = scriptToAddress(scriptOfKey(testKey(7)), REGTEST)!
    const wrong = `${address.slice(0, -1)}${address.endsWith('q') ? 'p' : 'q'}`
    assert.equal(codeOf(addressToScript(wrong, REGTEST)), 'invalid-address')
  })

  it('does not exist for a bare script', () => {
    assert.equal(scriptToAddress(scriptOf(0x51), REGTEST), undefined)
  })
})

describe('a private key in text', () => {
  it('comes back the same', () => {
    for (const compressed of [true, false]) {
      const key = { privateKey: testKey(9), compressed }
      assert.deepEqual(decodePrivateKey(encodePrivateKey(key, REGTEST), REGTEST), { ok: true, value: key })
    }
  })

  it('of zero is refused', () => {
    const zero = encodePrivateKey({ privateKey: new Uint8Array(32), compressed: true }, REGTEST)
    assert.equal(codeOf(decodePrivateKey(zero, REGTEST)), 'invalid-key')
  })
})

describe('a script', () => {
  it('has the type by which Bitcoin Core calls it', () => {
    assert.equal(scriptType(scriptOfKey(testKey(1))), 'witness_v0_keyhash')
    assert.equal(scriptType(legacyScriptOfKey(testKey(1))), 'pubkeyhash')
    assert.equal(scriptType(scriptOf(0x6a, 1, 1)), 'nulldata')
    assert.equal(scriptType(scriptOf(0x51, 2, 0x4e, 0x73)), 'anchor')
    assert.equal(scriptType(scriptOf(0x51)), 'nonstandard')
    const key = scriptOf(33, 2, new Uint8Array(32))
    assert.equal(scriptType(scriptOf(key, 0xac)), 'pubkey')
    assert.equal(scriptType(scriptOf(0x51, key, key, 0x52, 0xae)), 'multisig')
    assert.equal(scriptType(scriptOf(0x53, key, key, 0x52, 0xae)), 'nonstandard')
  })

  it('is shown as Bitcoin Core shows it', () => {
    assert.equal(scriptToAsm(scriptOf(0x76, 0xa9, 2, 0xe8, 0x03, 0x51, 0x4f)), 'OP_DUP OP_HASH160 1000 1 -1')
    assert.equal(scriptToAsm(scriptOf(5, 1)), '[error]')
    const signature = `30440220${'11'.repeat(32)}0220${'22'.repeat(32)}`
    const push = (hex: string) => pushBytes(hexToBytes(hex))
    assert.equal(scriptSigToAsm(push(`${signature}01`)), `${signature}[ALL]`)
    assert.equal(scriptSigToAsm(push(`${signature}83`)), `${signature}[SINGLE|ANYONECANPAY]`)
    assert.equal(scriptSigToAsm(push(`${signature}04`)), `${signature}04`)
    assert.equal(scriptToAsm(push(`${signature}01`)), `${signature}01`)
    assert.equal(scriptSigToAsm(push('0011223344')), '0011223344')
  })
})

describe('the networks', () => {
  it('are known by name', () => {
    assert.equal(parametersOf('regtest'), REGTEST)
    assert.equal(parametersOf('nonsense'), undefined)
  })
})
