import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  bytesToHex,
  DecodeError,
  decodeBase58,
  decodeBase58Check,
  decodeSegwitAddress,
  encodeBase58,
  encodeBase58Check,
  encodeSegwitAddress,
  hexToBytes,
} from '../src/index.ts'

describe('hexadecimal', () => {
  it('goes both ways', () => {
    fc.assert(fc.property(fc.uint8Array(), bytes => assert.deepEqual(hexToBytes(bytesToHex(bytes)), bytes)))
  })

  it('refuses odd lengths and other characters', () => {
    for (const text of ['0', 'zz', '0x', ' 00']) assert.throws(() => hexToBytes(text), DecodeError, text)
  })
})

describe('Base58Check', () => {
  it('goes both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), payload =>
        assert.deepEqual(decodeBase58Check(encodeBase58Check(payload)), payload),
      ),
    )
  })

  it('notices one wrong character', () => {
    const text = encodeBase58Check(hexToBytes('6f000102030405060708090a0b0c0d0e0f10111213'))
    const wrong = text.replace(/.$/, last => (last === '2' ? '3' : '2'))
    assert.throws(() => decodeBase58Check(wrong), DecodeError)
  })

  it('refuses text that would take long to read, and reads what it writes up to there', () => {
    for (const text of ['1', 'z']) {
      assert.throws(() => decodeBase58(text.repeat(1025)), DecodeError)
      assert.equal(encodeBase58(decodeBase58(text.repeat(1024))), text.repeat(1024))
    }
  })
})

describe('segwit addresses', () => {
  it('decode the examples of BIP 173 and BIP 350', () => {
    const v0 = decodeSegwitAddress('BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4')
    assert.deepEqual(
      [v0.prefix, v0.version, bytesToHex(v0.program)],
      ['bc', 0, '751e76e8199196d454941c45d1b3a323f1433bd6'],
    )
    const v1 = decodeSegwitAddress('bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0')
    assert.equal(v1.version, 1)
    assert.equal(encodeSegwitAddress(v1), 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0')
  })

  it('refuse a version 0 address under Bech32m and a version 1 address under Bech32', () => {
    for (const text of [
      'bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd',
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd',
      'bc1pw5dgrnzv',
      'tb1q',
      '',
    ]) {
      assert.throws(() => decodeSegwitAddress(text), DecodeError, text)
    }
  })
})
