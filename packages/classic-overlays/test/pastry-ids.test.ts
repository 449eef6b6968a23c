import assert from 'node:assert/strict'
import { bytesToBigIntBE, sha256 } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { pastryIds } from '../src/index.ts'

const { compareIds, digitAt, equalIds, idFromBytes, idToBytes, isBefore, isCloser, nodeIdOf, sharedDigits } =
  pastryIds

const RING = 1n << 128n

/** Ids that are near each other now and then, and near the ends of the ring. */
const idBytes = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  fc.uint8Array({ minLength: 1, maxLength: 1 }).map(([last]) => {
    const bytes = new Uint8Array(16)
    bytes[15] = last!
    return bytes
  }),
  fc.uint8Array({ minLength: 1, maxLength: 1 }).map(([last]) => {
    const bytes = new Uint8Array(16).fill(0xff)
    bytes[15] = last!
    return bytes
  }),
)

function distance(a: bigint, b: bigint): bigint {
  const clockwise = (a - b + RING) % RING
  return clockwise < RING - clockwise ? clockwise : RING - clockwise
}

describe('Pastry ids', () => {
  it('come back from their bytes, in the order of their numbers', () => {
    fc.assert(
      fc.property(idBytes, idBytes, (a, b) => {
        assert.deepEqual(idToBytes(idFromBytes(a)), a)
        const order = compareIds(idFromBytes(a), idFromBytes(b))
        const numbers = bytesToBigIntBE(a) - bytesToBigIntBE(b)
        assert.equal(Math.sign(order), numbers === 0n ? 0 : numbers < 0n ? -1 : 1)
        assert.equal(equalIds(idFromBytes(a), idFromBytes(b)), numbers === 0n)
      }),
    )
  })

  it('are closer to another by the shorter way round the ring', () => {
    fc.assert(
      fc.property(idBytes, idBytes, idBytes, (target, a, b) => {
        const [t, x, y] = [target, a, b].map(bytesToBigIntBE) as [bigint, bigint, bigint]
        const wanted = distance(t, x) !== distance(t, y) ? distance(t, x) < distance(t, y) : x < y
        assert.equal(isCloser(idFromBytes(target), idFromBytes(a), idFromBytes(b)), wanted)
      }),
    )
  })

  it('come one before the other when one goes clockwise', () => {
    fc.assert(
      fc.property(idBytes, idBytes, idBytes, (start, a, b) => {
        const [s, x, y] = [start, a, b].map(bytesToBigIntBE) as [bigint, bigint, bigint]
        const wanted = (x - s + RING) % RING < (y - s + RING) % RING
        assert.equal(isBefore(idFromBytes(start), idFromBytes(a), idFromBytes(b)), wanted)
      }),
    )
  })

  it('share the digits that their binary forms share', () => {
    const binary = (bytes: Uint8Array) => bytesToBigIntBE(bytes).toString(2).padStart(128, '0')
    fc.assert(
      fc.property(idBytes, idBytes, fc.constantFrom(1, 2, 4), (a, b, bits) => {
        let shared = 0
        while (shared < 128 && binary(a)[shared] === binary(b)[shared]) shared++
        assert.equal(sharedDigits(idFromBytes(a), idFromBytes(b), bits), Math.floor(shared / bits))
        for (const index of [0, 1, 128 / bits - 1]) {
          const digit = Number.parseInt(binary(a).slice(index * bits, (index + 1) * bits), 2)
          assert.equal(digitAt(idFromBytes(a), index, bits), digit)
        }
      }),
    )
  })

  it('are the first 128 bits of SHA-256 of the public key, and of a longer key’s peer id as a whole', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i)
    const ed25519 = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20, ...key)
    assert.deepEqual(idToBytes(nodeIdOf(ed25519)), sha256(key).slice(0, 16))
    const hashed = Uint8Array.of(0x12, 0x20, ...key)
    assert.deepEqual(idToBytes(nodeIdOf(hashed)), sha256(hashed).slice(0, 16))
  })
})
