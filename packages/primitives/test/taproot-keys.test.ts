import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  bigIntToBytesBE,
  bytesToBigIntBE,
  CURVE_ORDER,
  nobleVerifier,
  sha256,
  signSchnorr,
  taggedHash,
  taggedHasher,
  tweakPrivateKey,
  tweakPublicKey,
  xOnlyPublicKeyOf,
} from '../src/index.ts'

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const secret = bytes32.filter(bytes => bytesToBigIntBE(bytes) > 0n && bytesToBigIntBE(bytes) < CURVE_ORDER)

describe('taproot keys', () => {
  it('are tweaked to the same key from the public and from the private side', () => {
    fc.assert(
      fc.property(secret, secret, (privateKey, tweak) => {
        const tweaked = tweakPublicKey(xOnlyPublicKeyOf(privateKey), tweak)
        const own = tweakPrivateKey(privateKey, tweak)
        assert.deepEqual(tweaked?.key, own && xOnlyPublicKeyOf(own))
      }),
      { numRuns: 20 },
    )
  })

  it('stay as they are under a tweak of zero', () => {
    const key = xOnlyPublicKeyOf(sha256(Uint8Array.of(1)))
    assert.deepEqual(tweakPublicKey(key, new Uint8Array(32)), { key, parity: 0 })
  })

  it('are refused where there is no such point, tweak or sum', () => {
    const privateKey = bigIntToBytesBE(1n, 32)
    const key = xOnlyPublicKeyOf(privateKey)
    const order = bigIntToBytesBE(CURVE_ORDER, 32)
    const opposite = bigIntToBytesBE(CURVE_ORDER - 1n, 32)
    assert.equal(tweakPublicKey(new Uint8Array(32), privateKey), undefined)
    assert.equal(tweakPublicKey(new Uint8Array(32).fill(255), privateKey), undefined)
    assert.equal(tweakPublicKey(key, order), undefined)
    assert.equal(tweakPublicKey(key, opposite), undefined)
    assert.equal(tweakPrivateKey(privateKey, order), undefined)
    assert.equal(tweakPrivateKey(privateKey, opposite), undefined)
  })

  it('sign, and the signature verifies', () => {
    const privateKey = sha256(Uint8Array.of(2))
    const message = sha256(Uint8Array.of(3))
    const signature = signSchnorr(message, privateKey, new Uint8Array(32))
    assert.equal(nobleVerifier.verifySchnorr(signature, message, xOnlyPublicKeyOf(privateKey)), true)
    assert.equal(nobleVerifier.verifySchnorr(signature, sha256(message), xOnlyPublicKeyOf(privateKey)), false)
  })
})

describe('a tagged hash', () => {
  it('is the same from a hasher that keeps its tag', () => {
    const hash = taggedHasher('TapLeaf')
    fc.assert(
      fc.property(bytes32, fc.uint8Array({ maxLength: 200 }), (a, b) => {
        assert.deepEqual(hash(a, b), taggedHash('TapLeaf', a, b))
      }),
    )
  })
})
