import assert from 'node:assert/strict'
import { bytesFieldLength, DecodeError, ProtobufReader, ProtobufWriter } from '@onehop/primitives'
import fc from 'fast-check'
import {
  decodePeerEntry,
  Handles,
  internEntry,
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_PEER_ID_BYTES,
  MIN_PEER_ID_BYTES,
  ownEntry,
  type PeerEntry,
  peerEntryFieldLength,
  writePeerEntry,
} from '../../src/index.ts'
import { StrictEnvironment, testId } from './strict-environment.ts'

const FIELD = 17

const entries: fc.Arbitrary<PeerEntry> = fc.record(
  {
    id: fc.uint8Array({ minLength: MIN_PEER_ID_BYTES, maxLength: MAX_PEER_ID_BYTES, size: 'max' }),
    addresses: fc.array(fc.uint8Array({ minLength: 1, maxLength: MAX_ADDRESS_BYTES, size: 'max' }), {
      maxLength: MAX_ADDRESSES,
      size: 'max',
    }),
  },
  { noNullPrototype: true },
)

function encoded(entry: PeerEntry): Uint8Array {
  const writer = new ProtobufWriter()
  writePeerEntry(writer, FIELD, entry)
  return writer.toBytes()
}

function fieldOf(message: Uint8Array): Uint8Array {
  const reader = new ProtobufReader(message)
  assert.ok(reader.next())
  assert.equal(reader.field, FIELD)
  return reader.bytes()
}

function raw(id: Uint8Array | undefined, ...addresses: Uint8Array[]): Uint8Array {
  const writer = new ProtobufWriter()
  if (id !== undefined) writer.bytes(1, id)
  for (const address of addresses) writer.bytes(2, address)
  return writer.toBytes()
}

describe('a peer in a message', () => {
  it('comes back from its encoding, whose length is known beforehand', () => {
    fc.assert(
      fc.property(entries, entry => {
        const bytes = encoded(entry)
        assert.equal(bytes.length, peerEntryFieldLength(FIELD, entry))
        const back = decodePeerEntry(fieldOf(bytes))
        assert.deepEqual(back, entry)
      }),
    )
  })

  it('is refused, and nothing worse, when the bytes are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300, size: 'max' }), bytes => {
        try {
          const { id, addresses } = decodePeerEntry(bytes)
          assert.ok(id.length >= MIN_PEER_ID_BYTES && addresses.length <= MAX_ADDRESSES)
        } catch (error) {
          assert.ok(error instanceof DecodeError)
        }
      }),
    )
  })

  it('has an id of a length that ids have, and addresses that are some, but not too many', () => {
    const id = testId(1)
    const address = Uint8Array.of(4, 1, 2, 3, 4)
    assert.deepEqual(decodePeerEntry(raw(id, address)), { id, addresses: [address] })
    const wrong = [
      raw(undefined, address),
      raw(new Uint8Array(MIN_PEER_ID_BYTES - 1)),
      raw(new Uint8Array(MAX_PEER_ID_BYTES + 1)),
      raw(id, new Uint8Array(0)),
      raw(id, new Uint8Array(MAX_ADDRESS_BYTES + 1)),
      raw(id, ...new Array<Uint8Array>(MAX_ADDRESSES + 1).fill(address)),
    ]
    for (const bytes of wrong) assert.throws(() => decodePeerEntry(bytes), DecodeError)
  })

  it('passes over fields of later versions', () => {
    const bytes = Uint8Array.of(...raw(testId(1)), ...new ProtobufWriter().varint(9, 5).toBytes())
    assert.deepEqual(decodePeerEntry(bytes), { id: testId(1), addresses: [] })
  })

  it('does not keep the message alive that it came in', () => {
    const message = new Uint8Array(100_000)
    const entry = raw(testId(1), Uint8Array.of(4, 1, 2, 3, 4))
    message.set(entry, 9)
    const { id, addresses } = decodePeerEntry(message.subarray(9, 9 + entry.length))
    for (const bytes of [id, ...addresses]) assert.ok(bytes.buffer.byteLength < 100)
  })

  it('teaches the driver its addresses, this node’s own excepted', () => {
    const environment = new StrictEnvironment()
    const handles = new Handles(environment as never)
    const address = Uint8Array.of(4, 1, 2, 3, 4)
    for (const n of [1, 0])
      handles.while(internEntry(environment as never, { id: testId(n), addresses: [address] }), () => {})
    assert.deepEqual(environment.learned, [{ peer: testId(1), addresses: [address] }])
    assert.equal(environment.held, 0)
  })

  it('is this node with the addresses that fit', () => {
    const environment = new StrictEnvironment()
    environment.ownAddresses = [new Uint8Array(MAX_ADDRESS_BYTES + 1), Uint8Array.of(1), new Uint8Array(0)]
    assert.deepEqual(ownEntry(environment as never), { id: testId(0), addresses: [Uint8Array.of(1)] })
    assert.equal(peerEntryFieldLength(1, ownEntry(environment as never)), bytesFieldLength(1, 5 + 3))
  })
})
