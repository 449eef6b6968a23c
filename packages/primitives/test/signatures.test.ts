import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  bigIntToBytesBE,
  CURVE_ORDER,
  concatBytes,
  DecodeError,
  decodeStrictDerSignature,
  encodeDerSignature,
  hexToBytes,
  isLowS,
  negateS,
  nobleVerifier,
  publicKeyOf,
  SeededRandom,
  sha256,
  signEcdsa,
} from '../src/index.ts'

const privateKey = sha256(Uint8Array.of(1))
const message = sha256(Uint8Array.of(2))

describe('ECDSA signatures', () => {
  const signature = signEcdsa(message, privateKey)

  it('verify under compressed, uncompressed and hybrid keys', () => {
    const uncompressed = publicKeyOf(privateKey, false)
    const hybrid = Uint8Array.from(uncompressed)
    hybrid[0] = 6 + (uncompressed[64]! & 1)
    for (const key of [publicKeyOf(privateKey), uncompressed, hybrid]) {
      assert.equal(nobleVerifier.verifyEcdsa(signature, message, key), true)
    }
    hybrid[0] = 7 - (uncompressed[64]! & 1)
    assert.equal(nobleVerifier.verifyEcdsa(signature, message, hybrid), false)
  })

  it('are made with low s; the twin with high s is valid too', () => {
    assert.equal(isLowS(signature), true)
    const twin = negateS(signature)
    assert.equal(isLowS(twin), false)
    assert.equal(nobleVerifier.verifyEcdsa(twin, message, publicKeyOf(privateKey)), true)
  })

  it('have low s up to half of the order', () => {
    for (const [s, low] of [
      [0n, true],
      [CURVE_ORDER / 2n, true],
      [CURVE_ORDER / 2n + 1n, false],
      [CURVE_ORDER, false],
    ] as const) {
      assert.equal(isLowS(concatBytes(message, bigIntToBytesBE(s, 32))), low)
    }
  })

  it('survive DER and back', () => {
    const random = new SeededRandom(1)
    for (let i = 0; i < 50; i++) {
      const some = signEcdsa(random.bytes(32), privateKey)
      assert.deepEqual(decodeStrictDerSignature(encodeDerSignature(some)), some)
    }
  })

  it('refuse DER that BIP 66 forbids', () => {
    for (const hex of [
      '',
      '3006020101020101ff',
      '30060201810201010000',
      '3007020200010201',
      '300702020001020101',
      '3006028001020101',
      '3106020101020101',
    ]) {
      assert.throws(() => decodeStrictDerSignature(hexToBytes(hex)), DecodeError, hex)
    }
  })

  it('are of 32-byte hashes only', () => {
    const short = message.subarray(1)
    const long = Uint8Array.of(...message, 0)
    for (const other of [short, long, new Uint8Array(0)])
      assert.equal(
        nobleVerifier.verifyEcdsa(signEcdsa(message, privateKey), other, publicKeyOf(privateKey)),
        false,
      )
  })

  it('answer any bytes with false, never with an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 70 }), (a, b) => {
        assert.equal(nobleVerifier.verifyEcdsa(a, message, b), false)
        assert.equal(nobleVerifier.verifySchnorr(a, message, b), false)
        if (a.length !== 32 || b.length !== 32) assert.equal(nobleVerifier.tweakPublicKey(a, b), undefined)
      }),
    )
  })
})
