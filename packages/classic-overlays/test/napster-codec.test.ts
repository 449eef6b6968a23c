import assert from 'node:assert/strict'
import { MAX_SEARCH_WORDS, type PeerEntry, type Pointer } from '@onehop/overlay'
import { DecodeError } from '@onehop/primitives'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { type NapsterMessage, napsterCodec } from '../src/napster/index.ts'
import { MAX_MESSAGE_BYTES, MAX_POINTERS_PER_UPLOAD, MAX_SERVERS } from '../src/napster/limits.ts'

const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength, size: 'max' })
const fixed = (length: number) => bytes(length, length)
const number = fc.oneof(fc.constant(0), fc.nat(), fc.maxSafeNat())
const flag = fc.boolean()

const pointer: fc.Arbitrary<Pointer> = fc.record(
  {
    version: fc.constant(1),
    kind: fc.constantFrom('content', 'name', 'word'),
    key: fixed(32),
    target: bytes(2, 68),
    displayName: fc.string({ unit: 'grapheme', maxLength: 20 }),
    bytes: fc.integer({ min: 1, max: 2 ** 50 }),
    provider: bytes(2, 64),
    addresses: fc.array(bytes(1, 192), { maxLength: 8 }),
    sequence: number,
    expiresAt: number,
    signature: fixed(64),
  },
  {
    noNullPrototype: true,
    requiredKeys: ['version', 'kind', 'key', 'provider', 'addresses', 'sequence', 'expiresAt', 'signature'],
  },
)

const peer: fc.Arbitrary<PeerEntry> = fc.record(
  { id: bytes(2, 64), addresses: fc.array(bytes(1, 192), { maxLength: 8 }) },
  { noNullPrototype: true },
)
const servers = fc.array(peer, { maxLength: MAX_SERVERS, size: 'max' })
const pointers = fc.array(pointer, { maxLength: 6 })
const word = fc.string({ unit: 'grapheme', maxLength: 10 })

function typed<T extends NapsterMessage['type'], F>(type: T, fields: { [K in keyof F]: fc.Arbitrary<F[K]> }) {
  return fc.record({ type: fc.constant(type), ...fields } as never, {
    noNullPrototype: true,
  }) as unknown as fc.Arbitrary<NapsterMessage>
}

const message = fc.oneof(
  typed('login', { request: number, session: number }),
  typed('link', { request: number, self: peer, clients: number }),
  typed('where', { request: number }),
  typed('welcome', { request: number, accepted: flag, isKnown: flag, clients: number, servers }),
  typed('upload', { request: number, session: number, isMove: flag, pointers }),
  typed('held', {
    request: number,
    isMove: flag,
    isKnown: flag,
    isBusy: flag,
    refused: fc.array(fc.nat(MAX_POINTERS_PER_UPLOAD - 1), {
      maxLength: MAX_POINTERS_PER_UPLOAD,
      size: 'max',
    }),
  }),
  typed('keepAlive', { request: number, session: number }),
  typed('alive', { request: number, isKnown: flag, servers }),
  typed('logout', { session: number }),
  typed('closing', { servers }),
  typed('introduce', { servers }),
  typed('find', { request: number, key: fixed(32), limit: number, isForwarded: flag }),
  typed('search', {
    request: number,
    words: fc.array(word, { maxLength: MAX_SEARCH_WORDS }),
    limit: number,
    isForwarded: flag,
  }),
  typed('found', { request: number, isKnown: flag, silent: number, isFromOther: flag, pointers }),
  typed('ping', { request: number, token: number }),
  typed('pong', { request: number }),
  typed('call', { token: number, host: bytes(2, 64), caller: peer }),
)

describe('the codec of Napster', () => {
  it('decodes what it encodes, and knows the length beforehand', () => {
    fc.assert(
      fc.property(message, sent => {
        const encoded = napsterCodec.encode(sent)
        assert.equal(napsterCodec.encodedLength(sent), encoded.length)
        assert.deepEqual(napsterCodec.decode(encoded), sent)
      }),
      { numRuns: 200 },
    )
  })

  it('makes a message or a DecodeError of any bytes, and of any damaged message', () => {
    const damaged = fc.tuple(message, fc.nat(), fc.nat(255), fc.nat(8)).map(([sent, place, value, cut]) => {
      const encoded = napsterCodec.encode(sent)
      encoded[place % encoded.length] = value
      return encoded.subarray(0, Math.max(0, encoded.length - cut))
    })
    fc.assert(
      fc.property(fc.oneof(bytes(0, 200), damaged), input => {
        try {
          napsterCodec.encode(napsterCodec.decode(input))
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('refuses what is longer than any message, and lists with more than they may have', () => {
    assert.throws(() => napsterCodec.decode(new Uint8Array(MAX_MESSAGE_BYTES + 1)), DecodeError)
    const id = new Uint8Array(38)
    const crowd = Array.from({ length: MAX_SERVERS + 1 }, () => ({ id, addresses: [] }))
    const tooMany: readonly NapsterMessage[] = [
      { type: 'introduce', servers: crowd },
      {
        type: 'search',
        request: 1,
        words: Array(MAX_SEARCH_WORDS + 1).fill('ab'),
        limit: 1,
        isForwarded: false,
      },
      {
        type: 'held',
        request: 1,
        isMove: false,
        isKnown: true,
        isBusy: false,
        refused: [MAX_POINTERS_PER_UPLOAD],
      },
    ]
    for (const sent of tooMany)
      assert.throws(() => napsterCodec.decode(napsterCodec.encode(sent)), DecodeError)
  })
})
