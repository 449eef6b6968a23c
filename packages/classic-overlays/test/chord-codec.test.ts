import assert from 'node:assert/strict'
import type { Pointer } from '@onehop/overlay'
import { DecodeError, SeededRandom } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { identifierFromBytes } from '../src/chord/identifiers.ts'
import { type ChordMessage, chordCodec } from '../src/chord/index.ts'
import { MAX_MESSAGE_BYTES, MAX_ROUTE_HOPS, MOST_CHAIN, MOST_VIRTUAL_NODES } from '../src/chord/limits.ts'
import { RingEntry } from '../src/chord/ring-entry.ts'

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength, size: 'max' })
const fixed = (length: number) => bytes(length, length)
const number = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff_ffff }))
const request = number
const index = fc.integer({ min: 0, max: MOST_VIRTUAL_NODES - 1 })
const flag = fc.boolean()
const why = fc.constantFrom('lookup', 'publication', 'join', 'maintenance')
const addresses = fc.array(bytes(1, 192), { maxLength: 8 })
const point = bytes(0, 20).map(identifierFromBytes)
const entry = fc
  .tuple(bytes(2, 64), addresses, index)
  .map(([id, where, virtual]) => new RingEntry(id, where, virtual))
const entries = fc.array(entry, { maxLength: 5 })

const pointer: fc.Arbitrary<Pointer> = fc.record(
  {
    version: fc.constant(1),
    kind: fc.constantFrom('content', 'name', 'word'),
    key: fixed(32),
    target: bytes(2, 68),
    provider: bytes(2, 64),
    addresses,
    sequence: number,
    expiresAt: number,
    signature: fixed(64),
  },
  {
    noNullPrototype: true,
    requiredKeys: ['version', 'kind', 'key', 'provider', 'addresses', 'sequence', 'expiresAt', 'signature'],
  },
)
const pointers = fc.array(pointer, { maxLength: 4 })

function typed(
  type: ChordMessage['type'],
  fields: { readonly [name: string]: fc.Arbitrary<unknown> },
  optional: { readonly [name: string]: fc.Arbitrary<unknown> } = {},
): fc.Arbitrary<ChordMessage> {
  const all = { type: fc.constant(type), ...fields }
  const options = { noNullPrototype: true, requiredKeys: Object.keys(all) }
  return fc.record({ ...all, ...optional }, options as never) as unknown as fc.Arbitrary<ChordMessage>
}

const message = fc.oneof(
  typed('find', { request, why, target: point, strict: flag, limit: number }),
  typed('found', { request, why, isDone: flag, index, entries }),
  typed('neighbours', { request, index, known: number }),
  typed(
    'neighbourhood',
    { request, isMember: flag, digest: number },
    { predecessor: entry, successors: entries },
  ),
  typed('notify', { index, from: index, addresses, chain: fc.array(point, { maxLength: MOST_CHAIN }) }),
  typed('ping', { request, index }),
  typed('pong', { request, isMember: flag }, { predecessor: entry }),
  typed('hint', { index, hops: fc.integer({ min: 0, max: MAX_ROUTE_HOPS }), entries }),
  typed('leaving', { index }),
  typed('store', { request, why, pointers }),
  typed('stored', { request, why, accepted: number }),
  typed('get', { request, key: fixed(32), limit: number }),
  typed('got', { request, pointers, isSettled: flag }),
  typed('compare', { request, why, after: point, upTo: point, count: number, digest: number }),
  typed('compared', { request, why, isSame: flag }),
  typed('pull', { request, why, after: point, upTo: point, skip: number }),
  typed('share', { request, why, pointers, more: flag }),
  typed('route', {
    request,
    why,
    target: point,
    limit: number,
    hops: fc.integer({ min: 0, max: MAX_ROUTE_HOPS }),
  }),
  typed('accepted', { request, why }),
  typed('routed', { request, why, hops: fc.integer({ min: 0, max: MAX_ROUTE_HOPS }), entries }),
)

/** @throws what is no {@link DecodeError}. */
function decodeOrRefuse(encoded: Uint8Array): ChordMessage | undefined {
  try {
    return chordCodec.decode(encoded)
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

describe('the codec of Chord', () => {
  it('decodes what it encodes, and knows the length beforehand', () => {
    fc.assert(
      fc.property(message, sent => {
        const encoded = chordCodec.encode(sent)
        assert.equal(chordCodec.encodedLength(sent), encoded.length)
        const received = chordCodec.decode(encoded)
        assert.equal(chordCodec.encodedLength(received), encoded.length)
        assert.deepEqual(received, sent)
      }),
      { numRuns: 1_000 },
    )
  })

  it('takes any bytes for a message or for none, and throws nothing else', () => {
    fc.assert(
      fc.property(bytes(0, 300), encoded => void decodeOrRefuse(encoded)),
      { numRuns: 2_000 },
    )
  })

  it('survives a changed byte anywhere', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), (sent, at, byte) => {
        const encoded = chordCodec.encode(sent)
        encoded[at % encoded.length] = byte
        const received = decodeOrRefuse(encoded)
        if (received !== undefined) chordCodec.encodedLength(received)
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses what is longer, or says more, than any message may', () => {
    const random = new SeededRandom(1)
    const peer = new RingEntry(random.bytes(38), [], 0)
    const refused: readonly ChordMessage[] = [
      { type: 'hint', index: MOST_VIRTUAL_NODES, hops: 0, entries: [] },
      { type: 'hint', index: 0, hops: 0, entries: Array.from({ length: 50 }, () => peer) },
      { type: 'hint', index: 0, hops: 0, entries: [new RingEntry(random.bytes(38), [], MOST_VIRTUAL_NODES)] },
      { type: 'hint', index: 0, hops: 0, entries: [new RingEntry(random.bytes(1), [], 0)] },
      { type: 'routed', request: 1, why: 'lookup', hops: MAX_ROUTE_HOPS + 1, entries: [] },
      { type: 'ping', request: 2 ** 32, index: 0 },
    ]
    for (const sent of refused) assert.throws(() => chordCodec.decode(chordCodec.encode(sent)), DecodeError)
    assert.throws(() => chordCodec.decode(new Uint8Array(MAX_MESSAGE_BYTES + 1)), DecodeError)
  })
})
