import assert from 'node:assert/strict'
import fc from 'fast-check'
import { bytesToBigIntLE, sipHash24 } from '../src/index.ts'

const MASK = (1n << 64n) - 1n
const rotl = (word: bigint, bits: bigint) => ((word << bits) | (word >> (64n - bits))) & MASK

/** The paper's definition on 64-bit integers. */
function naive(key: Uint8Array, message: Uint8Array): bigint {
  const [k0, k1] = [bytesToBigIntLE(key.slice(0, 8)), bytesToBigIntLE(key.slice(8))]
  let [v0, v1] = [k0 ^ 0x736f6d6570736575n, k1 ^ 0x646f72616e646f6dn]
  let [v2, v3] = [k0 ^ 0x6c7967656e657261n, k1 ^ 0x7465646279746573n]
  const round = () => {
    v0 = (v0 + v1) & MASK
    v1 = rotl(v1, 13n) ^ v0
    v0 = rotl(v0, 32n)
    v2 = (v2 + v3) & MASK
    v3 = rotl(v3, 16n) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = rotl(v3, 21n) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = rotl(v1, 17n) ^ v2
    v2 = rotl(v2, 32n)
  }
  const padded = new Uint8Array(message.length - (message.length % 8) + 8)
  padded.set(message)
  padded[padded.length - 1] = message.length
  for (let at = 0; at < padded.length; at += 8) {
    const word = bytesToBigIntLE(padded.slice(at, at + 8))
    v3 ^= word
    for (let i = 0; i < 2; i++) round()
    v0 ^= word
  }
  v2 ^= 0xffn
  for (let i = 0; i < 4; i++) round()
  return v0 ^ v1 ^ v2 ^ v3
}

describe('SipHash-2-4', () => {
  const key = fc.uint8Array({ minLength: 16, maxLength: 16 })

  it('is what its definition says, for messages of every length', () => {
    fc.assert(
      fc.property(key, fc.uint8Array({ maxLength: 600 }), (k, message) =>
        assert.equal(sipHash24(k, message), naive(k, message)),
      ),
    )
  })

  it('gives the example of its paper', () => {
    const count = (length: number) => Uint8Array.from({ length }, (_, i) => i)
    assert.equal(sipHash24(count(16), count(15)), 0xa129ca6149be45e5n)
  })
})
