import assert from 'node:assert/strict'
import type { PeerEntry, Pointer } from '@onehop/overlay'
import { DecodeError } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { type PastryMessage, pastryCodec } from '../src/index.ts'

function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>
}

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const number = fc.nat(0xffff_ffff)
const journey = fc.integer({ min: 0, max: 0x1_ffff_ffff })
const hops = fc.nat(40)

const entry: fc.Arbitrary<PeerEntry> = record({
  id: fc.uint8Array({ minLength: 2, maxLength: 64, size: 'max' }),
  addresses: fc.array(fc.uint8Array({ minLength: 1, maxLength: 192, size: 'max' }), { maxLength: 3 }),
})
const entries = fc.array(entry, { maxLength: 4 })
const key = bytes(32)
const pointerOf = (keyBytes: Uint8Array): fc.Arbitrary<Pointer> =>
  record({
    version: fc.constant(1),
    kind: fc.constant('content' as const),
    key: fc.constant(keyBytes),
    provider: bytes(38),
    addresses: fc.array(bytes(8), { maxLength: 2 }),
    sequence: fc.nat(),
    expiresAt: fc.nat(),
    signature: bytes(64),
  })
const pointers = fc.array(key.chain(pointerOf), { maxLength: 3 })
const ofOneKey = key.chain(keyBytes => fc.array(pointerOf(keyBytes), { minLength: 1, maxLength: 3 }))
const errand = fc.constantFrom('get', 'put', 'join', 'near', 'subscribe', 'multicast')
const payload = fc.uint8Array({ maxLength: 100, size: 'max' })
const type = <T extends string>(name: T) => fc.constant(name)
const route = {
  type: type('route'),
  request: number,
  hops,
  detours: fc.nat(8),
  attempt: fc.nat(3),
  origin: entry,
  number: journey,
}

/** One arbitrary for each message. */
const MESSAGES: readonly fc.Arbitrary<PastryMessage>[] = [
  record({ ...route, errand: type('get'), key, limit: fc.nat(1_000) }),
  record({ ...route, errand: type('put'), pointers: ofOneKey }),
  record({ ...route, errand: type('join'), row: fc.nat(32) }),
  record({ ...route, errand: type('near') }),
  record({ ...route, errand: type('subscribe'), key }),
  record({ ...route, errand: type('multicast'), key, id: bytes(16), payload }),
  record({ type: type('ack'), request: number, errand }) as fc.Arbitrary<PastryMessage>,
  record({ type: type('found'), request: journey, hops, detours: fc.nat(8), pointers, members: entries }),
  record({ type: type('stored'), request: journey, hops, detours: fc.nat(8), held: fc.nat(16) }),
  record({ type: type('rows'), request: journey, members: entries }),
  record({
    type: type('leaves'),
    request: journey,
    joining: fc.boolean(),
    hops,
    sender: entry,
    members: entries,
  }),
  record({ type: type('hello'), request: number, joining: fc.boolean(), brief: fc.boolean(), sender: entry }),
  record({ type: type('exchange'), request: number, sender: entry, members: entries }),
  record({ type: type('ping'), request: number, joining: fc.boolean() }),
  record({ type: type('ping'), request: number, joining: fc.boolean(), sender: entry }),
  record({ type: type('pong'), request: number, joining: fc.boolean() }),
  record({ type: type('row-ask'), request: number, joining: fc.boolean(), row: fc.nat(128) }),
  record({ type: type('row'), request: number, joining: fc.boolean(), members: entries }),
  record({ type: type('pull'), request: number, skip: fc.nat() }),
  record({ type: type('share'), request: number, pointers, more: fc.boolean() }),
  record({ type: type('hold'), request: number, moves: fc.boolean(), pointers }),
  record({ type: type('held'), request: number, moves: fc.boolean(), held: fc.nat(64) }),
  record({ type: type('fetch'), request: number, key, limit: fc.nat(1_000) }),
  record({ type: type('farewell') }),
  record({ type: type('deliver'), key, id: bytes(16), hops, payload }),
  record({ type: type('beat'), request: number, hops, key }),
  record({ type: type('beaten'), request: number, wanted: fc.boolean() }),
  record({ type: type('prune'), key }),
]
const message = fc.oneof(...MESSAGES)

function decodesOrRefuses(encoded: Uint8Array): void {
  try {
    pastryCodec.decode(encoded)
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error))
  }
}

describe('Pastry messages', () => {
  it('of every type come back from the wire, and their length is known beforehand', () => {
    for (const one of MESSAGES)
      fc.assert(
        fc.property(one, sent => {
          const encoded = pastryCodec.encode(sent)
          assert.equal(encoded.length, pastryCodec.encodedLength(sent))
          assert.deepEqual(pastryCodec.decode(encoded), sent)
        }),
        { numRuns: 30 },
      )
  })

  it('that are malformed are refused with a DecodeError and nothing else', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400, size: 'max' }), decodesOrRefuses))
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), (sent, at, byte) => {
        const broken = pastryCodec.encode(sent).slice()
        if (broken.length > 0) broken[at % broken.length] = byte
        decodesOrRefuses(broken)
        decodesOrRefuses(broken.subarray(0, at % (broken.length + 1)))
      }),
      { numRuns: 500 },
    )
  })

  it('with too many members, too many hops, too large a payload or pointers of several keys are refused', () => {
    const member = { id: new Uint8Array(38), addresses: [] }
    const members = Array.from({ length: 129 }, () => member)
    const pointer = {
      version: 1,
      kind: 'content' as const,
      key: new Uint8Array(32),
      provider: new Uint8Array(38),
      addresses: [],
      sequence: 1,
      expiresAt: 1,
      signature: new Uint8Array(64),
    }
    const common = { request: 1, detours: 0, attempt: 0, number: 0, origin: member }
    const refused: readonly PastryMessage[] = [
      { type: 'rows', request: 1, members },
      { type: 'route', errand: 'near', hops: 41, ...common },
      {
        type: 'route',
        errand: 'put',
        hops: 1,
        pointers: [pointer, { ...pointer, key: new Uint8Array(32).fill(1) }],
        ...common,
      },
      { type: 'route', errand: 'put', hops: 1, pointers: [], ...common },
      {
        type: 'deliver',
        key: new Uint8Array(32),
        id: new Uint8Array(16),
        hops: 0,
        payload: new Uint8Array(16_385),
      },
    ]
    for (const one of refused) assert.throws(() => pastryCodec.decode(pastryCodec.encode(one)), DecodeError)
    assert.throws(() => pastryCodec.decode(new Uint8Array(0)), DecodeError)
    assert.throws(() => pastryCodec.decode(new Uint8Array(262_145)), DecodeError)
  })
})
