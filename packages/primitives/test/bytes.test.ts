import assert from 'node:assert/strict'
import fc from 'fast-check'
import { bytesKey, bytesToBigIntBE, bytesToBigIntLE, compareBytes, equalBytes } from '../src/index.ts'

describe('bytes', () => {
  it('compare as they are ordered, a beginning before what goes on', () => {
    const items = [[], [0], [0, 1], [1], [1, 0], [255]].map(item => Uint8Array.from(item))
    for (const [i, a] of items.entries())
      for (const [j, b] of items.entries()) {
        assert.equal(Math.sign(compareBytes(a, b)), Math.sign(i - j))
        assert.equal(equalBytes(a, b), i === j)
      }
  })

  it('are numbers from either end', () => {
    const bytes = Uint8Array.of(1, 0, 2)
    assert.equal(bytesToBigIntBE(bytes), 0x010002n)
    assert.equal(bytesToBigIntLE(bytes), 0x020001n)
    assert.equal(bytesToBigIntBE(new Uint8Array(0)), 0n)
  })

  it('have one key for the same bytes and another for others', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) =>
        assert.equal(bytesKey(a) === bytesKey(b), equalBytes(a, b)),
      ),
    )
    const every = Uint8Array.from({ length: 256 }, (_, i) => i)
    assert.deepEqual(
      Array.from(bytesKey(every), character => character.charCodeAt(0)),
      [...every],
    )
  })

  it('have a key however many there are', () => {
    assert.equal(bytesKey(new Uint8Array(1_000_000)).length, 1_000_000)
  })
})
