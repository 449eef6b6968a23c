import assert from 'node:assert/strict'
import { DecodeError, utf8Encode } from '@onehop/primitives'
import {
  type Bencoded,
  decodeBencode,
  decodeBencodePrefix,
  encodeBencode,
  MAX_BENCODE_DEPTH,
} from '@onehop/swarm'
import fc from 'fast-check'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))
const text = (encoded: Uint8Array) => Buffer.from(encoded).toString('latin1')

const value = fc.letrec<{ any: Bencoded }>(tie => ({
  any: fc.oneof(
    { maxDepth: 6 },
    fc.maxSafeInteger(),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('any'), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.uint8Array({ maxLength: 6 }).map(text), tie('any')), { maxLength: 5 })
      .map(entries => new Map(entries)),
  ),
})).any

describe('bencode', () => {
  it('reads back what it wrote', () => {
    fc.assert(fc.property(value, v => assert.deepEqual(plain(decodeBencode(encodeBencode(v))), plain(v))))
  })

  it('writes every value in one way only', () => {
    fc.assert(
      fc.property(value, v => {
        const encoded = encodeBencode(v)
        assert.deepEqual(encodeBencode(decodeBencode(encoded)), encoded)
      }),
    )
  })

  it('throws a DecodeError, and nothing else, on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), garbage => {
        try {
          decodeBencode(garbage)
        } catch (error) {
          assert.ok(error instanceof DecodeError)
        }
      }),
    )
  })

  it('sorts keys by their bytes', () => {
    const encoded = encodeBencode(
      new Map<string, Bencoded>([
        ['b', 1],
        ['\u00ff', 2],
        ['aa', 3],
        ['a', 4],
      ]),
    )
    assert.equal(text(encoded), 'd1:ai4e2:aai3e1:bi1e1:\u00ffi2ee')
  })

  for (const [malformed, why] of [
    ['i03e', 'a leading zero'],
    ['i-0e', 'minus zero'],
    ['ie', 'no digits'],
    ['i12', 'no end'],
    ['i9007199254740992e', 'an integer beyond 2^53 - 1'],
    ['i99999999999999999999999e', 'a very long integer'],
    ['01:a', 'a length with a leading zero'],
    ['5:abc', 'a string that is cut off'],
    ['999999999999:abc', 'a string of an absurd length'],
    ['-1:a', 'a negative length'],
    ['d-3:', 'a key of a negative length, which leads back to itself'],
    ['l-3:e', 'an element of a negative length'],
    ['l', 'a list without end'],
    ['d1:ae', 'a key without value'],
    ['di1ei2ee', 'a key that is no string'],
    ['d1:ai1e1:ai2ee', 'a repeated key'],
    ['i1ei2e', 'two values'],
    ['', 'nothing'],
    ['x', 'an unknown type'],
  ] as const) {
    it(`refuses ${why}`, () => assert.throws(() => decodeBencode(bytes(malformed)), DecodeError))
  }

  it('takes keys in any order, but not twice', () => {
    assert.deepEqual(
      decodeBencode(bytes('d1:bi1e1:ai2ee')),
      new Map([
        ['b', 1],
        ['a', 2],
      ]),
    )
    assert.throws(() => decodeBencode(bytes('d1:ai1e1:ai2ee')), DecodeError)
  })

  it('refuses what is nested too deeply, without running out of stack', () => {
    const nested = (depth: number) => bytes('l'.repeat(depth) + 'e'.repeat(depth))
    assert.ok(decodeBencode(nested(MAX_BENCODE_DEPTH)))
    assert.throws(() => decodeBencode(nested(1_000_000)), DecodeError)
  })

  it('says where a value ends, when data follow it', () => {
    const { value: decoded, consumed } = decodeBencodePrefix(bytes('d1:ai1eeDATA'))
    assert.deepEqual(decoded, new Map([['a', 1]]))
    assert.equal(consumed, 8)
  })

  it('keeps strings as bytes', () => {
    assert.deepEqual(decodeBencode(bytes('3:\u00ff\u0000a')), Uint8Array.of(255, 0, 97))
    assert.deepEqual(encodeBencode(utf8Encode('ü')), Uint8Array.of(0x32, 0x3a, 0xc3, 0xbc))
  })
})

/** Maps without their order, for comparison. */
function plain(v: Bencoded): unknown {
  if (v instanceof Map) return Object.fromEntries([...v].map(([key, item]) => [`k${key}`, plain(item)]))
  if (Array.isArray(v)) return v.map(plain)
  return v instanceof Uint8Array ? Buffer.from(v).toString('hex') : Object.is(v, -0) ? 0 : v
}
