import assert from 'node:assert/strict'
import { MAX_ADDRESS_BYTES, MAX_ADDRESSES, type PeerEntry, type Pointer } from '@onehop/overlay'
import { DecodeError, SeededRandom, utf8Encode } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { gnutellaCodec } from '../src/gnutella/codec.ts'
import { descriptorId } from '../src/gnutella/descriptor-id.ts'
import { MAX_DESCRIPTOR_BYTES, MAX_PEERS_TO_TRY, MAX_RESULTS } from '../src/gnutella/limits.ts'
import {
  type GnutellaMessage,
  onward,
  type Query,
  type QueryHit,
  soughtKey,
  soughtWords,
} from '../src/gnutella/messages.ts'

const random = new SeededRandom(7)
const IP4_TCP = Uint8Array.of(4, 192, 168, 1, 2, 6, 0x18, 0xca)

function id() {
  const bytes = random.bytes(16)
  bytes[8] = 0xff
  return descriptorId(bytes)
}

function entry(addresses = [random.bytes(30), IP4_TCP]): PeerEntry {
  return { id: random.bytes(38), addresses }
}

function pointer(displayName = 'a.bin'): Pointer {
  return {
    version: 1,
    kind: 'content',
    key: random.bytes(32),
    displayName,
    bytes: 1234,
    provider: random.bytes(38),
    addresses: [IP4_TCP],
    sequence: 5,
    expiresAt: 1_767_225_600,
    signature: random.bytes(64),
  }
}

const travelling = () => ({ id: id(), ttl: 5, hops: 2 })
const longest = entry(Array.from({ length: MAX_ADDRESSES }, () => random.bytes(MAX_ADDRESS_BYTES)))
const endpoint = { ip: Uint8Array.of(192, 168, 1, 2), port: 6346 }

function hitWith(results: QueryHit['results']): QueryHit {
  return { type: 'query-hit', ...travelling(), endpoint, serventId: random.bytes(16), results }
}

const MESSAGES: readonly GnutellaMessage[] = [
  { type: 'ping', ...travelling() },
  {
    type: 'pong',
    ...travelling(),
    peer: entry(),
    files: 3,
    kilobytes: 4_000_000_000,
    neighbours: 4,
    spare: 1,
  },
  { type: 'pong', ...travelling(), peer: longest, files: 0, kilobytes: 0, neighbours: 0, spare: 0 },
  { type: 'query', ...travelling(), sought: soughtKey(random.bytes(32)) },
  { type: 'query', ...travelling(), sought: soughtWords(['ägypten', 'holiday']) },
  {
    type: 'query-hit',
    ...{ ...travelling(), endpoint, serventId: random.bytes(16) },
    results: [
      { fileIndex: 1, pointer: pointer() },
      { fileIndex: 0xffff_ffff, pointer: pointer('Ä.txt') },
    ],
  },
  { type: 'query-hit', ...travelling(), endpoint, serventId: random.bytes(16), results: [] },
  { type: 'push', ...travelling(), serventId: random.bytes(16), fileIndex: 7, peer: entry() },
  { type: 'bye', id: id(), code: 503, reason: 'Busy', peers: [entry(), entry([])] },
  { type: 'bye', id: id(), code: 200, reason: '', peers: [] },
  { type: 'connect', peer: entry() },
  { type: 'ok' },
  { type: 'giv', fileIndex: 12, serventId: random.bytes(16) },
]

describe('Gnutella’s codec', () => {
  it('decodes what it encodes, and says the length before', () => {
    for (const message of MESSAGES) {
      const encoded = gnutellaCodec.encode(message)
      assert.deepEqual(gnutellaCodec.decode(encoded), message)
      assert.equal(gnutellaCodec.encodedLength(message), encoded.length, message.type)
    }
  })

  it('speaks the handshake of 0.4, and its GIV', () => {
    const text = (message: GnutellaMessage) => new TextDecoder().decode(gnutellaCodec.encode(message))
    assert.match(text({ type: 'connect', peer: entry() }), /^GNUTELLA CONNECT\/0\.4\n/)
    assert.equal(text({ type: 'ok' }), 'GNUTELLA OK\n\n')
    const serventId = new Uint8Array(16).fill(0xab)
    assert.equal(text({ type: 'giv', fileIndex: 3, serventId }), `GIV 3:${'ab'.repeat(16)}/\n\n`)
  })

  it('fills 0.4’s address fields from the first address that fits them', () => {
    const encoded = gnutellaCodec.encode(MESSAGES[1]!)
    assert.deepEqual([...encoded.subarray(23, 29)], [0xca, 0x18, 192, 168, 1, 2])
    const without = gnutellaCodec.encode({
      ...(MESSAGES[1] as object),
      peer: entry([random.bytes(30)]),
    } as never)
    assert.deepEqual([...without.subarray(23, 29)], [0, 0, 0, 0, 0, 0])
  })

  it('has no zero in a result’s extension, whatever the pointer holds', () => {
    const zeros = { ...pointer(), key: new Uint8Array(32), signature: new Uint8Array(64) }
    const hit = hitWith([{ fileIndex: 1, pointer: zeros }])
    assert.deepEqual(gnutellaCodec.decode(gnutellaCodec.encode(hit)), hit)
  })

  it('cuts a file name at a zero, which 0.4 cannot carry, and leaves the pointer whole', () => {
    const hit = hitWith([{ fileIndex: 1, pointer: pointer('a\0b') }])
    const encoded = gnutellaCodec.encode(hit)
    assert.equal(gnutellaCodec.encodedLength(hit), encoded.length)
    assert.deepEqual(gnutellaCodec.decode(encoded), hit)
  })

  it('keeps the largest answer within a descriptor', () => {
    const large = { ...pointer('x'.repeat(255)), addresses: longest.addresses, target: undefined }
    const { target: _none, ...fitting } = large
    const results = Array.from({ length: MAX_RESULTS }, () => ({ fileIndex: 1, pointer: fitting as Pointer }))
    const hit = hitWith(results)
    assert.ok(gnutellaCodec.encode(hit).length <= MAX_DESCRIPTOR_BYTES)
    assert.deepEqual(gnutellaCodec.decode(gnutellaCodec.encode(hit)), hit)
  })

  it('refuses more results and more peers to try than there may be', () => {
    const results = Array.from({ length: MAX_RESULTS + 1 }, () => ({ fileIndex: 1, pointer: pointer() }))
    const hit = hitWith(results)
    assert.throws(() => gnutellaCodec.decode(gnutellaCodec.encode(hit)), DecodeError)
    const peers = Array.from({ length: MAX_PEERS_TO_TRY + 1 }, () => entry())
    const bye: GnutellaMessage = { type: 'bye', id: id(), code: 503, reason: 'Busy', peers }
    assert.throws(() => gnutellaCodec.decode(gnutellaCodec.encode(bye)), DecodeError)
  })

  it('refuses texts that are none', () => {
    const texts = [
      'GIV ',
      'GIV x:00/\n\n',
      `GIV 9999999999:${'ab'.repeat(16)}/\n\n`,
      'GNUTELLA OK\n',
      'GNUTELLA MAYBE\n\n',
    ]
    for (const text of texts) assert.throws(() => gnutellaCodec.decode(utf8Encode(text)), DecodeError)
  })

  it('decodes any bytes, or says that they are none', () => {
    const types = fc.constantFrom(0x00, 0x01, 0x02, 0x40, 0x80, 0x81)
    const framed = fc.tuple(types, fc.uint8Array({ maxLength: 200, size: 'max' })).map(([type, payload]) => {
      const bytes = new Uint8Array(23 + payload.length)
      bytes[16] = type
      bytes[19] = payload.length
      bytes.set(payload, 23)
      return bytes
    })
    const mutated = fc
      .tuple(
        fc.constantFrom(...MESSAGES),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8, size: 'max' }),
      )
      .map(([message, changes]) => {
        const bytes = gnutellaCodec.encode(message)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        return bytes
      })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300, size: 'max' }), framed, mutated), bytes => {
        try {
          const message = gnutellaCodec.decode(bytes)
          assert.equal(gnutellaCodec.encode(message).length, gnutellaCodec.encodedLength(message))
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error))
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('hands the same object on to all who pass the same object on', () => {
    const query = MESSAGES[3] as Query
    const next = onward(query)
    assert.equal(onward(query), next)
    assert.deepEqual([next.ttl, next.hops, next.id], [query.ttl - 1, query.hops + 1, query.id])
    assert.equal(gnutellaCodec.encode(next).length, gnutellaCodec.encodedLength(query))
  })
})
