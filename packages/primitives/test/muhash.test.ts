import assert from 'node:assert/strict'
import fc from 'fast-check'
import { bytesToHex, chacha20Keystream, hexToBytes, MuHash3072, reverseBytes } from '../src/index.ts'

describe('ChaCha20', () => {
  it('has the keystream of RFC 8439, A.1, test vectors 1 and 2', () => {
    const stream = chacha20Keystream(new Uint8Array(32), 128)
    assert.equal(
      bytesToHex(stream),
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7' +
        'da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586' +
        '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed' +
        '29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f',
    )
  })
})

describe('MuHash3072', () => {
  /** As `FromInt` of Bitcoin Core's crypto_tests. */
  const elementOf = (first: number) => Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? first : 0))

  it('hashes the set {0, 1} without 2 as Bitcoin Core does', () => {
    const hash = new MuHash3072()
    hash.insert(elementOf(0))
    hash.insert(elementOf(1))
    hash.remove(elementOf(2))
    assert.equal(
      bytesToHex(reverseBytes(hash.digest())),
      '10d312b100cbd32ada024a6646e40d3482fcff103668d2625f10002a607d5863',
    )
  })

  it('hashes the empty set as Bitcoin Core does', () => {
    assert.equal(
      bytesToHex(reverseBytes(new MuHash3072().digest())),
      'dd5ad2a105c2d29495f577245c357409002329b9f4d6182c0af3dc2f462555c8',
    )
  })

  it('does not depend on the order, nor on what came and went', () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 6 }), fc.array(bytes, { maxLength: 4 }), (kept, passing) => {
        const plain = new MuHash3072()
        for (const element of kept) plain.insert(element)
        const other = new MuHash3072()
        for (const element of passing) other.remove(element)
        for (const element of [...passing, ...kept].reverse()) other.insert(element)
        assert.deepEqual(other.digest(), plain.digest())
      }),
      { numRuns: 20 },
    )
  })

  it('tells sets apart', () => {
    const one = new MuHash3072()
    one.insert(hexToBytes('00'))
    const twice = new MuHash3072()
    twice.insert(hexToBytes('00'))
    twice.insert(hexToBytes('00'))
    assert.notDeepEqual(one.digest(), twice.digest())
  })
})
