import assert from 'node:assert/strict'
import { ByteReader, bytesToHex, DecodeError, hexToBytes } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { cobsLength, decodeCobs, encodeCobs } from '../src/gnutella/cobs.ts'
import {
  encodeBye,
  encodeDescriptor,
  encodePong,
  encodePush,
  encodeQuery,
  encodeQueryHit,
  PAYLOAD,
  readBye,
  readHeader,
  readPong,
  readPush,
  readQuery,
  readQueryHit,
} from '../src/gnutella/descriptors.ts'
import { encodeGgep, ggepZeroFreeLength, readGgep } from '../src/gnutella/ggep.ts'

function bytes(hex: string): Uint8Array {
  return hexToBytes(hex.replaceAll(' ', ''))
}

function counting(first: number, last: number): string {
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i).toString(16).padStart(2, '0')).join(
    '',
  )
}

const ID = '00112233445566778899aabbccddeeff'
const NOTHING = new Uint8Array(0)

/** Written down by hand from the specification (Clip2, v0.4): fields in its order, little endian but for addresses. */
describe('the formats of Gnutella 0.4', () => {
  it('has a Ping of 23 bytes: id, type, TTL, hops, and no payload', () => {
    const header = { id: bytes(ID), payloadType: PAYLOAD.ping, ttl: 7, hops: 0 }
    assert.equal(bytesToHex(encodeDescriptor(header, NOTHING)), `${ID}00070000000000`)
  })

  it('writes a payload’s length with its lowest byte first', () => {
    const header = { id: bytes(ID), payloadType: PAYLOAD.query, ttl: 3, hops: 4 }
    const encoded = encodeDescriptor(header, new Uint8Array(0x0102))
    assert.equal(bytesToHex(encoded.subarray(0, 23)), `${ID}80030402010000`)
    assert.deepEqual(readHeader(new ByteReader(encoded)), header)
  })

  it('has a Pong of port, address, files and kilobytes', () => {
    const pong = {
      ip: bytes('c0a80102'),
      port: 6346,
      files: 0x0102,
      kilobytes: 0x01020304,
      extension: NOTHING,
    }
    // Port 6346 is 0x18ca.
    assert.equal(bytesToHex(encodePong(pong)), 'ca18 c0a80102 02010000 04030201'.replaceAll(' ', ''))
    assert.deepEqual(readPong(new ByteReader(encodePong(pong))), pong)
  })

  it('has a Push of servent id, file index, address and port', () => {
    const push = { serventId: bytes(ID), fileIndex: 9, ip: bytes('0a000001'), port: 6346, extension: NOTHING }
    assert.equal(bytesToHex(encodePush(push)), `${ID} 09000000 0a000001 ca18`.replaceAll(' ', ''))
    assert.deepEqual(readPush(new ByteReader(encodePush(push))), push)
  })

  it('has a Query of a minimum speed and criteria that end with a zero', () => {
    const query = { minimumSpeed: 0x0040, criteria: 'roman holiday' }
    assert.equal(bytesToHex(encodeQuery(query)), '4000 726f6d616e20686f6c69646179 00'.replaceAll(' ', ''))
    assert.deepEqual(readQuery(new ByteReader(encodeQuery(query))), query)
  })

  it('reads a Query with what later versions put behind the zero', () => {
    const { criteria } = readQuery(new ByteReader(bytes('0000 6100 75726e3a736861313a00')))
    assert.equal(criteria, 'a')
  })

  it('has a QueryHit whose results end with two zeros, and whose last bytes are the servent id', () => {
    const results = [
      { fileIndex: 1, fileSize: 0x0200, fileName: 'a.txt', extension: NOTHING },
      { fileIndex: 2, fileSize: 3, fileName: 'b', extension: bytes('c381') },
    ]
    const hit = { ip: bytes('c0a80102'), port: 6346, speed: 28, results, serventId: bytes(ID) }
    const expected = [
      '02 ca18 c0a80102 1c000000',
      '01000000 00020000 612e747874 00 00',
      '02000000 03000000 62 00 c381 00',
      '31484f50 02 0000',
      ID,
    ]
    assert.equal(bytesToHex(encodeQueryHit(hit)), expected.join('').replaceAll(' ', ''))
    assert.deepEqual(readQueryHit(new ByteReader(encodeQueryHit(hit))), hit)
  })

  it('reads a QueryHit of 0.4, which has no vendor’s data', () => {
    const hit = readQueryHit(
      new ByteReader(bytes(`01 ca18 c0a80102 1c000000 01000000 00020000 6100 00 ${ID}`)),
    )
    assert.equal(hit.results[0]?.fileName, 'a')
    assert.equal(bytesToHex(hit.serventId), ID)
  })

  it('has a Bye of a code and a reason', () => {
    const bye = { code: 503, reason: 'Busy', extension: NOTHING }
    assert.equal(bytesToHex(encodeBye(bye)), 'f701 42757379 00'.replaceAll(' ', ''))
    assert.deepEqual(readBye(new ByteReader(encodeBye(bye))), bye)
  })

  it('refuses counts and lengths that lie', () => {
    const refused = (read: (reader: ByteReader) => unknown, hex: string) =>
      assert.throws(() => read(new ByteReader(bytes(hex))), DecodeError)
    refused(readHeader, `${ID}00070001000000`)
    refused(readHeader, ID)
    refused(readQueryHit, `ff ca18 c0a80102 1c000000 ${ID}`)
    refused(readQueryHit, '01 ca18 c0a80102 1c000000 01000000 00020000 61')
    refused(readQueryHit, '00 ca18 c0a80102 1c000000 00')
    refused(readQuery, `0000 ${'61'.repeat(600)} 00`)
    refused(readQuery, '0000 61')
  })
})

describe('COBS', () => {
  // The examples of Cheshire and Baker's paper as Wikipedia's article has them.
  const EXAMPLES: readonly (readonly [plain: string, encoded: string])[] = [
    ['', '01'],
    ['00', '0101'],
    ['0000', '010101'],
    ['001100', '01021101'],
    ['11220033', '0311220233'],
    ['11223344', '0511223344'],
    ['11000000', '0211010101'],
    [counting(1, 254), `ff${counting(1, 254)}`],
    [`00${counting(1, 254)}`, `01ff${counting(1, 254)}`],
    [counting(1, 255), `ff${counting(1, 254)}02ff`],
    [`${counting(2, 255)}00`, `ff${counting(2, 255)}0101`],
    [`${counting(3, 255)}0001`, `fe${counting(3, 255)}0201`],
  ]

  it('encodes the known examples, and decodes them again', () => {
    for (const [plain, encoded] of EXAMPLES) {
      assert.equal(bytesToHex(encodeCobs(bytes(plain))), encoded)
      assert.equal(bytesToHex(decodeCobs(bytes(encoded))), plain)
    }
  })

  it('leaves no zero, gives everything back, and says its length before', () => {
    const runs = fc.array(fc.oneof(fc.constant(0), fc.nat(255)), { maxLength: 700, size: 'max' })
    const long = fc.integer({ min: 0, max: 800 }).map(length => new Array<number>(length).fill(7))
    fc.assert(
      fc.property(fc.oneof(runs, long), numbers => {
        const plain = Uint8Array.from(numbers)
        const encoded = encodeCobs(plain)
        assert.equal(encoded.includes(0), false)
        assert.equal(encoded.length, cobsLength(plain))
        assert.deepEqual(decodeCobs(encoded), plain)
      }),
    )
  })

  it('refuses what it never makes', () => {
    for (const hex of ['00', '031100', '05112233']) assert.throws(() => decodeCobs(bytes(hex)), DecodeError)
  })
})

describe('GGEP', () => {
  it('has a magic byte, flags with the id’s length, the id, chunks of length, and the data', () => {
    const block = encodeGgep([
      { id: 'H', data: bytes('0102') },
      { id: 'LIME', data: new Uint8Array(65) },
    ])
    // 0x01: an id of one byte. 0x42: length 2, last chunk. 0x84: last extension, 4 bytes. 65 = 1 × 64 + 1: 0x81 0x41.
    assert.equal(
      bytesToHex(block),
      `c3 01 48 42 0102 84 4c494d45 8141 ${'00'.repeat(65)}`.replaceAll(' ', ''),
    )
  })

  it('takes three chunks for the longest lengths', () => {
    const block = encodeGgep([{ id: 'A', data: new Uint8Array(0x1_2345) }])
    // 0x12345 = 0b010010 001101 000101.
    assert.equal(bytesToHex(block.subarray(0, 6)), 'c38141928d45')
    assert.equal(readGgep(new ByteReader(block))[0]?.data.length, 0x1_2345)
  })

  it('has no zero in it where none may be', () => {
    const data = bytes('00ff0000')
    const block = encodeGgep([{ id: 'A', data }], true)
    assert.equal(block.includes(0), false)
    assert.equal(block[1], 0xc1)
    assert.equal(block.length, 1 + ggepZeroFreeLength('A', data))
    assert.deepEqual(readGgep(new ByteReader(block)), [{ id: 'A', data }])
  })

  it('skips what is compressed, and refuses what is no block', () => {
    assert.deepEqual(readGgep(new ByteReader(bytes('c3 a1 41 42 0102'))), [])
    const wrong = [
      '',
      'c2',
      'c3',
      'c391414101',
      'c38040',
      'c381410000',
      'c38141c001',
      'c38141818181',
      'c3814143',
    ]
    for (const hex of wrong) assert.throws(() => readGgep(new ByteReader(bytes(hex))), DecodeError)
  })

  it('reads no more extensions than anybody needs', () => {
    const block = encodeGgep(Array.from({ length: 17 }, () => ({ id: 'A', data: NOTHING })))
    assert.throws(() => readGgep(new ByteReader(block)), DecodeError)
  })
})
