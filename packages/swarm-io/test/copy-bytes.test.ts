import assert from 'node:assert/strict'
import { copyBytes } from '../src/copy-bytes.ts'

describe('copyBytes', () => {
  const read = Uint8Array.from({ length: 20 }, (_, i) => i)

  it('copies a stretch of what was read, and nothing beside it', () => {
    const piece = new Uint8Array(new SharedArrayBuffer(10)).fill(99)
    copyBytes(read.subarray(5, 9), piece, 3)
    assert.deepEqual([...piece], [99, 99, 99, 5, 6, 7, 8, 99, 99, 99])
  })

  it('copies into a stretch of a larger buffer', () => {
    const buffer = new SharedArrayBuffer(6)
    copyBytes(read.subarray(17), new Uint8Array(buffer, 2, 3), 0)
    assert.deepEqual([...new Uint8Array(buffer)], [0, 0, 17, 18, 19, 0])
  })

  it('copies all of a buffer that is no view', () => {
    const piece = new Uint8Array(new SharedArrayBuffer(20))
    copyBytes(read, piece, 0)
    assert.deepEqual([...piece], [...read])
  })
})
