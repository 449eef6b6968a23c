import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { concatBytes, hashBackend, nobleHashes, sha256, useHashBackend } from '@onehop/primitives'
import fc from 'fast-check'
import { accelerate, chooseHashes, WasmHashes } from '../src/index.ts'

const ofNode = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())
const twice = (bytes: Uint8Array) => ofNode(ofNode(bytes))
const patterned = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + seed) & 0xff)
const message = fc.uint8Array({ maxLength: 700 })

describe('SHA-256 in WASM SIMD', () => {
  const hashes = new WasmHashes()

  it('hashes all lengths up to 300 as OpenSSL does', () => {
    for (let length = 0; length <= 300; length++) {
      const bytes = patterned(length, length)
      assert.deepEqual(hashes.sha256(bytes), ofNode(bytes), `${length} bytes`)
      assert.deepEqual(hashes.sha256d(bytes), twice(bytes), `${length} bytes, twice`)
    }
  })

  it('hashes with RIPEMD-160 as noble does', () => {
    for (let length = 0; length <= 150; length++) {
      const bytes = patterned(length, length)
      assert.deepEqual(hashes.ripemd160(bytes), nobleHashes.ripemd160(bytes), `${length} bytes`)
    }
  })

  it('hashes long messages', () => {
    for (const length of [65_535, 65_536, 1_000_003]) {
      assert.deepEqual(hashes.sha256(patterned(length, 1)), ofNode(patterned(length, 1)))
      assert.deepEqual(hashes.sha256d(patterned(length, 2)), twice(patterned(length, 2)))
    }
  })

  it('hashes views into the middle of a buffer', () => {
    const bytes = patterned(500, 3)
    for (const [from, to] of [
      [1, 30],
      [3, 400],
    ])
      assert.deepEqual(hashes.sha256(bytes.subarray(from, to)), ofNode(bytes.slice(from, to)))
  })

  it('hashes batches of all lengths, in their order', () => {
    const messages = Array.from({ length: 1201 }, (_, i) => patterned((i * 37) % 600, i))
    assert.deepEqual(hashes.sha256dMany(messages), messages.map(twice))
    for (let length = 0; length <= 400; length++) {
      const alike = Array.from({ length: 2 + (length % 5) }, (_, i) => patterned(length, i))
      assert.deepEqual(hashes.sha256dMany(alike), alike.map(twice), `${length} bytes`)
    }
    assert.deepEqual(hashes.sha256dMany([]), [])
  })

  it('hashes any batch as one by one', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 40 }), messages => {
        assert.deepEqual(hashes.sha256dMany(messages), messages.map(twice))
      }),
    )
  })

  it('hashes levels of merkle trees as noble does', () => {
    for (const pairs of [0, 1, 2, 3, 4, 5, 8, 1000, 4096, 4097, 9001]) {
      const children = patterned(64 * pairs, pairs)
      assert.deepEqual(hashes.merkleParents(children), nobleHashes.merkleParents(children), `${pairs} pairs`)
    }
  })

  it('hashes behind a prefix', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.array(fc.uint8Array({ maxLength: 150 }), { minLength: 1, maxLength: 5 }),
        (prefix, messages) => {
          const hash = hashes.sha256After(prefix)
          for (const bytes of messages) assert.deepEqual(hash(bytes), ofNode(concatBytes(prefix, bytes)))
        },
      ),
    )
  })

  it('keeps results apart from what is hashed later, whatever the order of calls', () => {
    const short = patterned(20, 1)
    const calls: readonly (() => Uint8Array)[] = [
      () => hashes.sha256(short),
      () => hashes.sha256d(short),
      () => hashes.sha256After(patterned(64, 2))(short),
      () => hashes.sha256dMany([short, short, short])[1]!,
      () => hashes.merkleParents(patterned(256, 3)).subarray(32, 64),
    ]
    const expected = calls.map(call => call().slice())
    fc.assert(
      fc.property(fc.array(fc.nat(calls.length - 1), { minLength: 2, maxLength: 12 }), order => {
        const results = order.map(which => calls[which]!())
        assert.deepEqual(
          results,
          order.map(which => expected[which]!),
        )
      }),
    )
  })
})

describe('choice of hashes', () => {
  afterEach(() => useHashBackend(nobleHashes))

  it('takes the kernels where they load, and installs them', () => {
    const { hashes, fallbacks } = accelerate()
    assert.equal(hashes.name, 'WASM SIMD')
    assert.equal(hashBackend(), hashes)
    assert.deepEqual(sha256(patterned(100, 1)), ofNode(patterned(100, 1)))
    assert.deepEqual(
      fallbacks.filter(line => line.includes('SHA-256')),
      [],
    )
  })

  it('takes noble where they do not, and says why', () => {
    const { hashes, fallbacks } = chooseHashes(() => {
      throw new Error('invalid numeric opcode 0xfd')
    })
    assert.equal(hashes, nobleHashes)
    assert.deepEqual(fallbacks, ['WASM SIMD kernels for SHA-256: invalid numeric opcode 0xfd'])
  })
})
