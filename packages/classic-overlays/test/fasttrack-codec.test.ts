import assert from 'node:assert/strict'
import { POINTER_VERSION } from '@onehop/overlay'
import { DecodeError } from '@onehop/primitives'
import fc from 'fast-check'
import { type FastTrackMessage, fastTrackCodec } from '../src/fasttrack/index.ts'

const uint32 = fc.nat({ max: 0xffff_ffff })
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const peer = fc.record({
  id: fc.uint8Array({ minLength: 2, maxLength: 64 }),
  addresses: fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 8 }),
})
const host = fc.record({
  peer,
  isSupernode: fc.boolean(),
  children: fc.nat({ max: 0xffff }),
  ageMs: fc.nat({ max: 86_400_000 }),
})
const pointer = fc.record({
  version: fc.constant(POINTER_VERSION),
  kind: fc.constantFrom('content', 'name', 'word'),
  key: bytes(32),
  provider: fc.uint8Array({ minLength: 2, maxLength: 64 }),
  addresses: fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 3 }),
  sequence: fc.nat({ max: 2 ** 45 }),
  expiresAt: uint32,
  signature: bytes(64),
})
const request = { request: uint32 }
const accepted = { ...request, accepted: fc.boolean() }
const hosts = fc.array(host, { maxLength: 5 })
const pointers = fc.array(pointer, { maxLength: 4 })
const asked = {
  keys: fc.array(bytes(32), { minLength: 1, maxLength: 8 }),
  limit: fc.integer({ min: 1, max: 256 }),
}
const queryId = { high: uint32, low: uint32, hops: uint32 }

const FIELDS: { readonly [Type in FastTrackMessage['type']]: Record<string, fc.Arbitrary<unknown>> } = {
  hello: { ...request, sender: peer, capacity: uint32 },
  welcome: { ...accepted, hosts },
  register: { ...request, moved: fc.boolean(), pointers },
  registered: accepted,
  find: { ...request, ...asked },
  found: { ...request, hops: uint32, supernode: peer, pointers, last: fc.boolean(), total: uint32 },
  query: { ...queryId, ttl: uint32, ...asked },
  hits: { ...queryId, supernode: peer, pointers },
  ping: { ...request, sender: peer },
  pong: {
    ...request,
    sender: peer,
    isSupernode: fc.boolean(),
    isKnown: fc.boolean(),
    isOrphan: fc.boolean(),
    children: uint32,
    room: uint32,
    hosts,
  },
  link: { ...request, sender: peer, children: uint32 },
  linked: { ...accepted, children: uint32, hosts },
  invite: request,
  invited: accepted,
  check: { ...request, peer },
  checked: accepted,
  redirect: { hosts },
  bye: { hosts },
  push: {
    ...request,
    sender: peer,
    provider: fc.uint8Array({ minLength: 2, maxLength: 64 }),
    key: bytes(32),
  },
  giv: request,
  receipt: { provider: fc.uint8Array({ minLength: 2, maxLength: 64 }) },
}

const message = fc.oneof(
  ...Object.entries(FIELDS).map(([type, fields]) => fc.record({ type: fc.constant(type), ...fields })),
) as fc.Arbitrary<unknown> as fc.Arbitrary<FastTrackMessage>

describe('The codec of FastTrack', () => {
  it('gives back every message as it was, and knows its length beforehand', () => {
    fc.assert(
      fc.property(message, sent => {
        const encoded = fastTrackCodec.encode(sent)
        assert.equal(encoded.length, fastTrackCodec.encodedLength(sent))
        assert.deepEqual(plain(fastTrackCodec.decode(encoded)), plain(sent))
      }),
      { numRuns: 400 },
    )
  })

  it('answers any bytes with a message or a DecodeError', () => {
    const mangled = fc.tuple(message, fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }))
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 400, size: 'max' }),
      mangled.map(([sent, changes]) => {
        const encoded = fastTrackCodec.encode(sent).slice()
        for (const [place, value] of changes) encoded[place % encoded.length] = value
        return encoded
      }),
    )
    fc.assert(
      fc.property(anything, input => {
        try {
          fastTrackCodec.decode(input)
        } catch (error) {
          assert.ok(error instanceof DecodeError, String(error))
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuses more than a message may carry', () => {
    const key = new Uint8Array(32)
    const find = { type: 'find' as const, request: 1, keys: [key], limit: 1 }
    const refused: readonly FastTrackMessage[] = [
      { ...find, keys: Array.from({ length: 9 }, () => key) },
      { ...find, keys: [] },
      { ...find, limit: 0 },
      { ...find, limit: 257 },
      { type: 'bye', hosts: Array.from({ length: 201 }, () => oneHost(0)) },
      { type: 'bye', hosts: [oneHost(86_400_001)] },
    ]
    for (const sent of refused)
      assert.throws(() => fastTrackCodec.decode(fastTrackCodec.encode(sent)), DecodeError)
    assert.throws(() => fastTrackCodec.decode(new Uint8Array(65_537)), DecodeError)
  })
})

function oneHost(ageMs: number) {
  return { peer: { id: new Uint8Array(38), addresses: [] }, isSupernode: true, children: 0, ageMs }
}

/** Without the prototypes that distinguish a record from a literal. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, part) => (part instanceof Uint8Array ? [...part] : part)))
}
