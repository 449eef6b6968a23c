import assert from 'node:assert/strict'
import type { Pointer } from '@onehop/overlay'
import { DecodeError, SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import { type KelipsMessage, kelipsCodec, MAX_MESSAGE_BYTES, type MemberEntry } from '../src/index.ts'

const random = new SeededRandom(3)

function entry(left = false): MemberEntry {
  const record = {
    id: random.bytes(38),
    addresses: left ? [] : [random.bytes(8), random.bytes(30)],
    heartbeat: 1_767_225_600_123,
    depth: 8,
    left,
    signature: random.bytes(64),
  }
  return { record, ageMs: left ? 0 : 1234 }
}

function pointer(): Pointer {
  return {
    version: 1,
    kind: 'content',
    key: random.bytes(32),
    provider: random.bytes(38),
    addresses: [random.bytes(8)],
    sequence: 5,
    expiresAt: 1_767_225_600,
    signature: random.bytes(64),
  }
}

const MESSAGES: readonly KelipsMessage[] = [
  {
    type: 'gossip',
    groups: 4,
    sender: entry(),
    wantsReply: true,
    census: { nodes: 8, files: 0 },
    members: [entry(), entry(true)],
    pointers: [pointer()],
  },
  { type: 'gossip', groups: 65_536, sender: entry(true), wantsReply: false, members: [], pointers: [] },
  {
    type: 'pull',
    request: 0,
    groups: 4,
    sender: entry(),
    limit: 200,
    skip: 0,
    filetuples: true,
    low: 0,
    high: 0xffff_ffff,
  },
  {
    type: 'pull',
    request: 0xffff_ffff,
    groups: 4,
    sender: entry(),
    limit: 0,
    skip: 900,
    filetuples: false,
    low: 7,
    high: 3,
    key: random.bytes(32),
  },
  {
    type: 'share',
    request: 7,
    groups: 4,
    sender: entry(),
    census: { nodes: 100_000, files: 0xffff_ffff },
    members: [entry()],
    skip: 370,
    pointers: [pointer(), pointer()],
    more: true,
    settled: false,
    busy: false,
  },
  {
    type: 'share',
    request: 7,
    groups: 4,
    sender: entry(),
    members: [],
    skip: 0,
    pointers: [],
    more: false,
    settled: true,
    busy: true,
  },
  { type: 'news', groups: 4, pointers: [pointer()] },
  { type: 'store', request: 8, pointers: [pointer()] },
  { type: 'stored', request: 8, limit: 1, members: [] },
  { type: 'find', request: 9, key: random.bytes(32), limit: 20 },
  { type: 'found', request: 9, pointers: [], members: [entry(), entry()], settled: true },
  { type: 'ping', request: 10 },
  { type: 'ping', request: 10, target: random.bytes(38) },
  { type: 'locate', request: 11, target: random.bytes(38) },
  { type: 'pong', request: 10, sender: entry() },
]

function decodesOrRefuses(bytes: Uint8Array): void {
  try {
    kelipsCodec.decode(bytes)
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error))
  }
}

describe('Kelips messages', () => {
  for (const message of MESSAGES)
    it(`of type ${message.type} come back from the wire, and their length is known beforehand`, () => {
      const bytes = kelipsCodec.encode(message)
      assert.equal(bytes.length, kelipsCodec.encodedLength(message))
      assert.deepEqual(kelipsCodec.decode(bytes), message)
    })

  it('pass over fields that this version does not know', () => {
    const bytes = kelipsCodec.encode({ type: 'ping', request: 10 })
    const unknown = Uint8Array.from([...bytes, 0xf8, 0x01, 0x05, 0xfa, 0x01, 0x02, 0xaa, 0xbb])
    assert.deepEqual(kelipsCodec.decode(unknown), { type: 'ping', request: 10 })
  })

  it('that are malformed are refused with a DecodeError and nothing else', () => {
    for (const message of MESSAGES) {
      const bytes = kelipsCodec.encode(message)
      for (let length = 0; length < bytes.length; length++) decodesOrRefuses(bytes.subarray(0, length))
      for (let round = 0; round < 200; round++) {
        const broken = Uint8Array.from(bytes)
        broken[Math.floor(random.next() * broken.length)] = random.nextUint32() & 0xff
        decodesOrRefuses(broken)
      }
    }
    for (let length = 0; length < 300; length++) decodesOrRefuses(random.bytes(length))
  })

  it('that are empty, of no type or too large are refused', () => {
    assert.throws(() => kelipsCodec.decode(new Uint8Array(0)), DecodeError)
    assert.throws(() => kelipsCodec.decode(Uint8Array.of(8, 10)), DecodeError)
    assert.throws(() => kelipsCodec.decode(new Uint8Array(MAX_MESSAGE_BYTES + 1)), DecodeError)
    assert.throws(
      () => kelipsCodec.decode(kelipsCodec.encode({ type: 'find' } as KelipsMessage)),
      DecodeError,
    )
  })
})
