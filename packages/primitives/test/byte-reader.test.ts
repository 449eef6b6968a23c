import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ByteReader, ByteWriter, compactSizeLength, DecodeError, hexToBytes, readAll } from '../src/index.ts'

describe('the byte reader', () => {
  it('reads back every integer that the writer wrote', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.nat(0xffff_ffff),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        (short, word, long) => {
          const bytes = new ByteWriter()
            .writeUint16(short)
            .writeUint32(word)
            .writeUint32BE(word)
            .writeInt64(long)
            .toBytes()
          const reader = new ByteReader(bytes)
          assert.equal(reader.readUint16(), short)
          assert.equal(reader.readUint32(), word)
          assert.equal(reader.readUint32BE(), word)
          assert.equal(reader.readInt64(), long)
          reader.expectEnd()
        },
      ),
    )
  })

  it('writes a CompactSize in 1, 3, 5 or 9 bytes and reads it back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), value => {
        const bytes = new ByteWriter().writeCompactSize(value).toBytes()
        assert.equal(bytes.length, compactSizeLength(value))
        assert.equal(
          readAll(bytes, reader => reader.readCompactSize()),
          value,
        )
      }),
    )
  })

  it('refuses a CompactSize that is not in its shortest form', () => {
    for (const hex of ['fdfc00', 'feffff0000', 'ffffffffff00000000', 'ffffffffffffffffff']) {
      assert.throws(() => new ByteReader(hexToBytes(hex)).readCompactSize(), DecodeError, hex)
    }
  })

  it('refuses a count that the data cannot hold, without allocating for it', () => {
    const bytes = new ByteWriter().writeCompactSize(1_000_000).toBytes()
    assert.throws(() => new ByteReader(bytes).readCount(41), DecodeError)
  })

  it('refuses to read past the end and to leave bytes over', () => {
    assert.throws(() => new ByteReader(new Uint8Array(3)).readUint32(), DecodeError)
    assert.throws(() => readAll(new Uint8Array(5), reader => reader.readUint32()), DecodeError)
  })
})
