import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { NonceKernel } from '../src/index.ts'

const twice = (bytes: Uint8Array) =>
  createHash('sha256').update(createHash('sha256').update(bytes).digest()).digest()

function topWord(header: Uint8Array, nonce: number): number {
  const bytes = Buffer.from(header)
  bytes.writeUInt32LE(nonce, 76)
  return twice(bytes).readUInt32LE(28)
}

/** The first group of four from `start` that the reference does not refute. */
function referenceSearch(header: Uint8Array, top: number, start: number, end: number): number | undefined {
  for (let group = start; group < end; group += 4) {
    for (let nonce = group; nonce < group + 4; nonce++) {
      if (topWord(header, nonce % 2 ** 32) <= top) return group
    }
  }
  return undefined
}

const header = fc.uint8Array({ minLength: 80, maxLength: 80 })

describe('nonce kernel', () => {
  const kernel = new NonceKernel()

  it('finds what the reference finds, for any header and target', () => {
    fc.assert(
      fc.property(
        header,
        fc.nat(0x0fff_ffff),
        fc.nat(2 ** 31),
        fc.integer({ min: 1, max: 60 }),
        (bytes, top, start, count) => {
          kernel.setHeader(bytes, top)
          assert.equal(kernel.search(start, start + count), referenceSearch(bytes, top, start, start + count))
        },
      ),
    )
  })

  it('finds all that there are, one after the other', () => {
    const bytes = Uint8Array.from({ length: 80 }, (_, i) => i * 11 + 3)
    const top = 0x00ff_ffff
    kernel.setHeader(bytes, top)
    for (let at = 0; at < 4000; ) {
      const found = kernel.search(at, 4000)
      assert.equal(found, referenceSearch(bytes, top, at, 4000))
      if (found === undefined) break
      at = found + 4
    }
  })

  it('searches to both ends of the nonces', () => {
    fc.assert(
      fc.property(header, fc.integer({ min: 1, max: 9 }), fc.nat(0x1fff_ffff), (bytes, count, top) => {
        kernel.setHeader(bytes, top)
        const end = 2 ** 32
        assert.equal(kernel.search(0, count), referenceSearch(bytes, top, 0, count))
        assert.equal(kernel.search(end - count, end), referenceSearch(bytes, top, end - count, end))
      }),
    )
  })

  it('takes the highest target and the lowest', () => {
    const bytes = new Uint8Array(80)
    kernel.setHeader(bytes, 0xffff_ffff)
    assert.equal(kernel.search(17, 18), 17)
    kernel.setHeader(bytes, 0)
    assert.equal(kernel.search(0, 10_000), undefined)
    assert.equal(kernel.search(5, 5), undefined)
  })

  it("finds the genesis block's nonce", () => {
    const genesis = Buffer.from(
      `01000000${'00'.repeat(32)}3ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a` +
        '29ab5f49ffff001d1dac2b7c',
      'hex',
    )
    kernel.setHeader(genesis, 0)
    const nonce = 2_083_236_893
    assert.equal(kernel.search(nonce - 100_000, nonce + 1), nonce)
    assert.equal(kernel.search(nonce - 99_999, nonce + 1), nonce - 3)
  })

  it('keeps kernels apart', () => {
    const other = new NonceKernel()
    other.setHeader(new Uint8Array(80).fill(1), 0xffff_ffff)
    kernel.setHeader(new Uint8Array(80).fill(2), 0)
    assert.equal(other.search(1, 2), 1)
    assert.equal(kernel.search(1, 2), undefined)
  })
})
