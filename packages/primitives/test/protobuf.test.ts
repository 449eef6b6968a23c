import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  bytesFieldLength,
  bytesToHex,
  DecodeError,
  ProtobufReader,
  ProtobufWriter,
  varintFieldLength,
} from '../src/index.ts'

describe('the protobuf wire format', () => {
  it('has the bytes of the specification: field 1 = 150, field 2 = "testing"', () => {
    const bytes = new ProtobufWriter().varint(1, 150).string(2, 'testing').toBytes()
    assert.equal(bytesToHex(bytes), '089601120774657374696e67')
  })

  it('reads back what was written, and its length is known without writing', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.uint8Array(),
        fc.integer({ min: 1, max: 5000 }),
        (number, data, field) => {
          const bytes = new ProtobufWriter()
            .varint(field, number)
            .bytes(field + 1, data)
            .toBytes()
          assert.equal(
            bytes.length,
            varintFieldLength(field, number) + bytesFieldLength(field + 1, data.length),
          )
          const reader = new ProtobufReader(bytes)
          let readNumber = 0
          while (reader.next()) {
            if (reader.field === field) readNumber = reader.varint()
            else assert.deepEqual(reader.bytes(), data)
          }
          assert.equal(readNumber, number)
        },
      ),
    )
  })

  it('passes over fields that it does not know', () => {
    const bytes = new ProtobufWriter().varint(9, 5).bytes(8, Uint8Array.of(1)).varint(1, 7).toBytes()
    const reader = new ProtobufReader(bytes)
    while (reader.next()) {
      if (reader.field === 1) assert.equal(reader.varint(), 7)
      else reader.skip()
    }
  })

  it('answers any bytes with fields or a DecodeError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          const reader = new ProtobufReader(bytes)
          while (reader.next()) reader.skip()
        } catch (error) {
          assert.ok(error instanceof DecodeError)
        }
      }),
    )
  })
})
