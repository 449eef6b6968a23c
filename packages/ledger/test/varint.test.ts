import assert from 'node:assert/strict'
import { MAX_MONEY } from '@onehop/ledger'
import { ByteReader, ByteWriter, bytesToHex, DecodeError, hexToBytes } from '@onehop/primitives'
import fc from 'fast-check'
import { readAmount, writeAmount } from '../src/compressed-amount.ts'
import { readNarrowVarint, readVarint, readWideVarint, writeVarint, writeWideVarint } from '../src/varint.ts'

const narrow = (value: number) => written(writer => writeVarint(writer, value))
const wide = (value: bigint) => written(writer => writeWideVarint(writer, value))
const amount = (value: bigint) => written(writer => writeAmount(writer, value))

function written(write: (writer: ByteWriter) => void): string {
  const writer = new ByteWriter()
  write(writer)
  return bytesToHex(writer.toBytes())
}

const reader = (hex: string) => new ByteReader(hexToBytes(hex))
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n)

/** Bitcoin Core's `CompressAmount`, word for word. */
function compressAmount(value: bigint): bigint {
  if (value === 0n) return 0n
  let n = value
  let e = 0n
  while (n % 10n === 0n && e < 9n) {
    n /= 10n
    e++
  }
  if (e === 9n) return 1n + (n - 1n) * 10n + 9n
  return 1n + ((n / 10n) * 9n + (n % 10n) - 1n) * 10n + e
}

describe('a VARINT', () => {
  it('has the bytes that Bitcoin Core’s serialize.h gives as examples', () => {
    for (const [value, hex] of [
      [0, '00'],
      [1, '01'],
      [127, '7f'],
      [128, '8000'],
      [255, '807f'],
      [256, '8100'],
      [16383, 'fe7f'],
      [16384, 'ff00'],
      [16511, 'ff7f'],
      [65535, '82fe7f'],
      [2 ** 32, '8efefeff00'],
    ] as const) {
      assert.equal(narrow(value), hex)
      assert.equal(wide(BigInt(value)), hex)
      assert.equal(readVarint(reader(hex)), value)
    }
  })

  it('is the same in numbers and in bigints, as far as numbers go', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), value => {
        const hex = wide(BigInt(value))
        assert.equal(narrow(value), hex)
        assert.equal(readWideVarint(reader(hex)), BigInt(value))
        const read = readNarrowVarint(reader(hex))
        assert.ok(read === value || (read === undefined && value >= 2 ** 52))
      }),
    )
  })

  it('comes back with all its 64 bits, and is left where it is by who reads fewer', () => {
    fc.assert(
      fc.property(uint64, value => {
        const bytes = reader(wide(value))
        const read = readNarrowVarint(bytes)
        if (read === undefined) assert.equal(bytes.offset, 0)
        else assert.equal(BigInt(read), value)
        bytes.offset = 0
        assert.equal(readWideVarint(bytes), value)
      }),
    )
  })

  it('is refused above 64 bits, and where it never ends', () => {
    assert.throws(() => readWideVarint(reader(`${wide(2n ** 64n - 1n).slice(0, -2)}ff7f`)), DecodeError)
    for (const read of [readVarint, readWideVarint, readNarrowVarint])
      assert.throws(() => read(reader('80'.repeat(3))), DecodeError)
    assert.throws(() => readVarint(reader('ff'.repeat(1000))), DecodeError)
    assert.throws(() => readWideVarint(reader('ff'.repeat(1000))), DecodeError)
  })
})

describe('a compressed amount', () => {
  const edges = [0n, 1n, 9n, 10n, 2n ** 49n, 10n ** 15n, 2n ** 53n, MAX_MONEY]
  const near = edges.flatMap(edge => [edge - 1n, edge, edge + 1n]).filter(value => value >= 0n)

  function check(value: bigint): void {
    const hex = amount(value)
    assert.equal(hex, wide(compressAmount(value)), String(value))
    assert.equal(readAmount(reader(hex)), value)
  }

  it('has Bitcoin Core’s bytes at every edge', () => {
    for (const value of near) check(value)
  })

  it('has Bitcoin Core’s bytes, round or not', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, MAX_MONEY), fc.bigInt(0n, 15n), (value, zeros) => {
        check(value)
        check((value / 10n ** zeros) * 10n ** zeros)
      }),
    )
  })

  it('may be any that 64 bits hold', () => {
    fc.assert(
      fc.property(uint64, compressed => {
        const value = readAmount(reader(wide(compressed)))
        assert.equal(compressAmount(value), compressed)
      }),
    )
  })
})
