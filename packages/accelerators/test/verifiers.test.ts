import assert from 'node:assert/strict'
import {
  bigIntToBytesBE,
  CURVE_ORDER,
  concatBytes,
  negateS,
  nobleVerifier,
  publicKeyOf,
  type SignatureVerifier,
  sha256,
  signEcdsa,
  signSchnorr,
  xOnlyPublicKeyOf,
} from '@onehop/primitives'
import fc from 'fast-check'
import { chooseVerifier } from '../src/index.ts'
import { BACKENDS } from './backends.ts'

const FIELD = 2n ** 256n - 2n ** 32n - 977n
const X_ABOVE_ORDER = smallestXFrom(CURVE_ORDER)

const EDGES = [0n, 1n, 2n, CURVE_ORDER / 2n, CURVE_ORDER / 2n + 1n, CURVE_ORDER - 1n, CURVE_ORDER].concat([
  CURVE_ORDER + 1n,
  X_ABOVE_ORDER,
  FIELD - 1n,
  FIELD,
  FIELD + 1n,
  2n ** 256n - 1n,
])

const privateKey = fc.bigInt({ min: 1n, max: CURVE_ORDER - 1n }).map(key => bigIntToBytesBE(key, 32))
const word = fc.oneof(
  fc.uint8Array({ minLength: 32, maxLength: 32 }),
  fc.constantFrom(...EDGES).map(value => bigIntToBytesBE(value, 32)),
)

/** The smallest x from there on that a point has. */
function smallestXFrom(least: bigint): bigint {
  let x = least
  while (nobleVerifier.tweakPublicKey(bigIntToBytesBE(x, 32), new Uint8Array(32)) === undefined) x++
  return x
}

/** What may be done to bytes on their way. */
const damage = fc.oneof(
  { weight: 3, arbitrary: fc.constant((bytes: Uint8Array) => bytes) },
  fc.nat().map(bit => (bytes: Uint8Array) => flipped(bytes, bit)),
  fc.nat(70).map(length => (bytes: Uint8Array) => resized(bytes, length)),
  fc.tuple(fc.nat(2), word).map(
    ([at, value]) =>
      (bytes: Uint8Array) =>
        replaced(bytes, 32 * at, value),
  ),
  fc
    .constantFrom(0, 2, 3, 4, 5, 6, 7)
    .map(prefix => (bytes: Uint8Array) => replaced(bytes, 0, Uint8Array.of(prefix))),
)

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (copy.length > 0) copy[(bit >> 3) % copy.length]! ^= 1 << (bit & 7)
  return copy
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(0, length))
  return copy
}

/** Also what the key would be where there is no room for it. */
function replaced(bytes: Uint8Array, at: number, value: Uint8Array): Uint8Array {
  if (at + value.length > bytes.length) return value
  const copy = Uint8Array.from(bytes)
  copy.set(value, at)
  return copy
}

/** What all backends say, which must be the same. */
function consensus<T>(ask: (verifier: SignatureVerifier) => T): T {
  const [reference, ...others] = BACKENDS.map(verifier => ({ name: verifier.name, answer: ask(verifier) }))
  assert.ok(reference)
  for (const { name, answer } of others) assert.deepEqual(answer, reference.answer, name)
  return reference.answer
}

describe('verifiers', () => {
  it('agree on ECDSA signatures that are right, with high s too, and under keys of every form', () => {
    fc.assert(
      fc.property(privateKey, word, fc.boolean(), (secret, hash, high) => {
        const made = signEcdsa(hash, secret)
        const signature = high ? negateS(made) : made
        const uncompressed = publicKeyOf(secret, false)
        const odd = uncompressed[64]! & 1
        const keys = [4, 6 + odd].map(prefix => replaced(uncompressed, 0, Uint8Array.of(prefix)))
        for (const key of [publicKeyOf(secret), ...keys])
          assert.ok(consensus(verifier => verifier.verifyEcdsa(signature, hash, key)))
        for (const prefix of [0, 2, 5, 7 - odd]) {
          const key = replaced(uncompressed, 0, Uint8Array.of(prefix))
          assert.ok(!consensus(verifier => verifier.verifyEcdsa(signature, hash, key)), `prefix ${prefix}`)
        }
      }),
    )
  })

  it('agree on ECDSA signatures, hashes and keys that were tampered with', () => {
    const request = fc.tuple(privateKey, word, fc.boolean(), damage, damage, damage)
    fc.assert(
      fc.property(request, ([secret, hash, compressed, onSignature, onHash, onKey]) => {
        const signature = onSignature(signEcdsa(hash, secret))
        const key = onKey(publicKeyOf(secret, compressed))
        consensus(verifier => verifier.verifyEcdsa(signature, onHash(hash), key))
      }),
      { numRuns: 500 },
    )
  })

  it('agree on every pair of edge values as r and s', () => {
    const key = publicKeyOf(sha256(Uint8Array.of(1)))
    for (const r of EDGES) {
      for (const s of EDGES) {
        const signature = concatBytes(bigIntToBytesBE(r, 32), bigIntToBytesBE(s, 32))
        for (const hash of [0n, CURVE_ORDER, 5n].map(value => bigIntToBytesBE(value, 32))) {
          consensus(verifier => verifier.verifyEcdsa(signature, hash, key))
          consensus(verifier => verifier.verifySchnorr(signature, hash, key.subarray(1)))
        }
      }
    }
  })

  it('agree on Schnorr signatures of messages of any length', () => {
    fc.assert(
      fc.property(privateKey, fc.uint8Array({ maxLength: 100 }), word, (secret, message, auxiliary) => {
        const signature = signSchnorr(message, secret, auxiliary)
        assert.ok(consensus(verifier => verifier.verifySchnorr(signature, message, xOnlyPublicKeyOf(secret))))
      }),
    )
  })

  it('agree on Schnorr signatures, messages and keys that were tampered with', () => {
    const request = fc.tuple(privateKey, word, damage, damage, damage)
    fc.assert(
      fc.property(request, ([secret, message, onSignature, onMessage, onKey]) => {
        const signature = onSignature(signSchnorr(message, secret, message))
        const key = onKey(xOnlyPublicKeyOf(secret))
        consensus(verifier => verifier.verifySchnorr(signature, onMessage(message), key))
      }),
      { numRuns: 500 },
    )
  })

  it('agree under keys whose x is above the order', () => {
    const key = bigIntToBytesBE(X_ABOVE_ORDER, 32)
    assert.ok(consensus(verifier => verifier.tweakPublicKey(key, bigIntToBytesBE(1n, 32))))
    fc.assert(
      fc.property(word, word, word, (r, s, message) => {
        consensus(verifier => verifier.verifySchnorr(concatBytes(r, s), message, key))
        consensus(verifier =>
          verifier.verifyEcdsa(concatBytes(r, s), message, concatBytes(Uint8Array.of(3), key)),
        )
      }),
    )
  })

  it('agree on tweaked keys', () => {
    fc.assert(
      fc.property(privateKey, word, damage, damage, (secret, tweak, onKey, onTweak) => {
        const key = onKey(xOnlyPublicKeyOf(secret))
        consensus(verifier => verifier.tweakPublicKey(key, onTweak(tweak)))
      }),
      { numRuns: 300 },
    )
  })

  it('agree that a key minus itself is none', () => {
    fc.assert(
      fc.property(privateKey, secret => {
        const scalar = BigInt(`0x${Buffer.from(secret).toString('hex')}`)
        const tweak = publicKeyOf(secret)[0] === 2 ? CURVE_ORDER - scalar : scalar
        const key = xOnlyPublicKeyOf(secret)
        assert.equal(
          consensus(verifier => verifier.tweakPublicKey(key, bigIntToBytesBE(tweak, 32))),
          undefined,
        )
      }),
      { numRuns: 20 },
    )
  })

  it('answer right after any number of keys that are no points', () => {
    const secret = sha256(Uint8Array.of(1))
    const message = sha256(Uint8Array.of(2))
    const ecdsa = signEcdsa(message, secret)
    const schnorr = signSchnorr(message, secret, message)
    const noPoint = bigIntToBytesBE(5n, 32)
    for (const verifier of BACKENDS.filter(one => one !== nobleVerifier)) {
      for (let i = 0; i < 4_000; i++) {
        assert.ok(!verifier.verifyEcdsa(ecdsa, message, concatBytes(Uint8Array.of(2), noPoint)))
        assert.ok(!verifier.verifySchnorr(schnorr, message, noPoint))
        assert.equal(verifier.tweakPublicKey(noPoint, message), undefined)
      }
      assert.ok(verifier.verifyEcdsa(ecdsa, message, publicKeyOf(secret)), verifier.name)
      assert.ok(verifier.verifySchnorr(schnorr, message, xOnlyPublicKeyOf(secret)), verifier.name)
    }
  })

  it('change none of their inputs', () => {
    const secret = sha256(Uint8Array.of(3))
    const message = sha256(Uint8Array.of(4))
    const signature = negateS(signEcdsa(message, secret))
    const before = Uint8Array.from(signature)
    for (const verifier of BACKENDS) {
      assert.ok(verifier.verifyEcdsa(signature, message, publicKeyOf(secret)))
      assert.deepEqual(signature, before)
    }
  })
})

describe('the choice of a verifier', () => {
  it('is the first that loads, and says why the others were not taken', () => {
    const [, wasm] = BACKENDS
    assert.ok(wasm)
    const broken = (name: string) => ({
      name,
      load: () => {
        throw new Error(`no ${name} here\n  and a long story`)
      },
    })
    const choice = chooseVerifier([broken('one'), { name: 'two', load: () => wasm }, broken('three')])
    assert.equal(choice.verifier, wasm)
    assert.deepEqual(choice.fallbacks, ['one: no one here'])
  })

  it('is the reference when nothing loads', () => {
    assert.equal(chooseVerifier([]).verifier, nobleVerifier)
  })
})
