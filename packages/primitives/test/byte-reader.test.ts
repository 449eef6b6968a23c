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

  it('reads 64 bits at the edges of what a number holds, of a sign and of the type', () => {
    const edges = [0n, 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n].flatMap(edge => [
      edge - 1n,
      edge,
      edge + 1n,
    ])
    for (const value of edges) {
      const bytes = new ByteWriter().writeUint64(value).writeInt64(-value).toBytes()
      const reader = new ByteReader(bytes)
      assert.equal(reader.readUint64(), BigInt.asUintN(64, value))
      assert.equal(reader.readInt64(), BigInt.asIntN(64, -value))
      const view = new DataView(bytes.buffer, bytes.byteOffset)
      assert.equal(view.getBigUint64(0, true), BigInt.asUintN(64, value))
      assert.equal(view.getBigInt64(8, true), BigInt.asIntN(64, -value))
    }
  })

  it('hands out bytes that no later writing changes', () => {
    for (const capacity of [4, 8]) {
      const writer = new ByteWriter(capacity).writeUint32(1)
      const before = writer.toBytes()
      writer.writeUint32(0xffff_ffff)
      assert.deepEqual(before, Uint8Array.of(1, 0, 0, 0))
      assert.deepEqual(writer.toBytes(), Uint8Array.of(1, 0, 0, 0, 255, 255, 255, 255))
    }
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
