import {
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_PEER_ID_BYTES,
  MIN_PEER_ID_BYTES,
  type PeerAddress,
  type PeerEntry,
  type PeerHandle,
  type PeerId,
} from '@onehop/overlay'
import {
  bytesFieldLength,
  DecodeError,
  ProtobufReader,
  type ProtobufWriter,
  varintFieldLength,
} from '@onehop/primitives'
import type { Identifier, IdentifierSpace } from './identifiers.ts'
import { MOST_VIRTUAL_NODES } from './limits.ts'

const FIELD = { id: 1, address: 2, index: 3 } as const

/** A place on the ring as messages name it: whose it is, and which of the peer's virtual nodes. Immutable. */
export class RingEntry implements PeerEntry {
  readonly id: PeerId
  readonly addresses: readonly PeerAddress[]
  readonly index: number
  /** What was found out before, for all who share the object: no part of the message. */
  private place: Identifier | undefined
  private bytes = 0

  constructor(id: PeerId, addresses: readonly PeerAddress[], index: number, place?: Identifier) {
    this.id = id
    this.addresses = addresses
    this.index = index
    this.place = place
  }

  /** Where it stands. All machines that share entries have the same space. */
  identifierIn(space: IdentifierSpace): Identifier {
    this.place ??= space.ofPeer(this.id, this.index)
    return this.place
  }

  /** Length in bytes, without a tag. */
  get encodedLength(): number {
    if (this.bytes > 0) return this.bytes
    let length = bytesFieldLength(FIELD.id, this.id.length) + varintFieldLength(FIELD.index, this.index)
    for (const address of this.addresses) length += bytesFieldLength(FIELD.address, address.length)
    this.bytes = length
    return length
  }

  write(writer: ProtobufWriter): void {
    writer.bytes(FIELD.id, this.id)
    for (const address of this.addresses) writer.bytes(FIELD.address, address)
    writer.varint(FIELD.index, this.index)
  }
}

/** @throws {DecodeError} for an index that nobody may have. */
export function checkedIndex(index: number): number {
  if (index >= MOST_VIRTUAL_NODES) throw new DecodeError(`chord: virtual node ${index}`)
  return index
}

/** @throws {DecodeError} for bytes that name nobody. */
export function decodeRingEntry(bytes: Uint8Array): RingEntry {
  const reader = new ProtobufReader(bytes)
  const addresses: PeerAddress[] = []
  let id: PeerId | undefined
  let index = 0
  while (reader.next()) {
    if (reader.field === FIELD.id) id = reader.bytes(MAX_PEER_ID_BYTES)
    else if (reader.field === FIELD.index) index = checkedIndex(reader.varint())
    else if (reader.field !== FIELD.address) reader.skip()
    else if (addresses.length === MAX_ADDRESSES) throw new DecodeError('chord: too many addresses')
    else addresses.push(reader.bytes(MAX_ADDRESS_BYTES))
  }
  if (id === undefined || id.length < MIN_PEER_ID_BYTES) throw new DecodeError('chord: no peer id')
  return new RingEntry(id, addresses, index)
}

/** A place on the ring in one machine's tables. */
export interface RingPeer {
  readonly entry: RingEntry
  readonly identifier: Identifier
  readonly peer: PeerHandle
}
