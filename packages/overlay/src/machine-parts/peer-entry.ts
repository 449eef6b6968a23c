import { bytesFieldLength, DecodeError, ProtobufReader, type ProtobufWriter } from '@onehop/primitives'
import type { Environment, PeerAddress, PeerHandle, PeerId } from '../contract.ts'
import { MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_PEER_ID_BYTES, MIN_PEER_ID_BYTES } from '../limits.ts'

/** A peer as messages name it: who it is, and where it can be dialled. Nobody signs it; the dial proves the id. */
export interface PeerEntry {
  readonly id: PeerId
  readonly addresses: readonly PeerAddress[]
}

const FIELD = { id: 1, address: 2 } as const

/** The addresses of this node that fit in its messages and pointers. */
export function ownAddresses(environment: Environment<never>): readonly PeerAddress[] {
  const fitting = environment
    .addresses()
    .filter(address => address.length > 0 && address.length <= MAX_ADDRESS_BYTES)
  return fitting.slice(0, MAX_ADDRESSES)
}

/** This node, as others can reach it. */
export function ownEntry(environment: Environment<never>): PeerEntry {
  return { id: environment.idOf(environment.self), addresses: ownAddresses(environment) }
}

/** The peer's handle, which the caller holds or lets go; the driver learns its addresses. */
export function internEntry(environment: Environment<never>, { id, addresses }: PeerEntry): PeerHandle {
  const peer = environment.intern(id)
  if (peer !== environment.self && addresses.length > 0) environment.learnAddresses(peer, addresses)
  return peer
}

/** Writes the entry as a field of a message. */
export function writePeerEntry(writer: ProtobufWriter, field: number, { id, addresses }: PeerEntry): void {
  writer.message(field, inner => {
    inner.bytes(FIELD.id, id)
    for (const address of addresses) inner.bytes(FIELD.address, address)
  })
}

/** Length in bytes of what {@link writePeerEntry} writes, tag included. */
export function peerEntryFieldLength(field: number, { id, addresses }: PeerEntry): number {
  let length = bytesFieldLength(FIELD.id, id.length)
  for (const address of addresses) length += bytesFieldLength(FIELD.address, address.length)
  return bytesFieldLength(field, length)
}

/**
 * The bytes are copied: tables keep entries for long, and must not keep the messages that those came in.
 * @throws {DecodeError} for an id or an address that is none.
 */
export function decodePeerEntry(bytes: Uint8Array): PeerEntry {
  const reader = new ProtobufReader(bytes)
  const addresses: PeerAddress[] = []
  let id: PeerId | undefined
  while (reader.next()) {
    if (reader.field === FIELD.id) id = reader.bytes(MAX_PEER_ID_BYTES).slice()
    else if (reader.field !== FIELD.address) reader.skip()
    else if (addresses.length === MAX_ADDRESSES) throw new DecodeError('peer: too many addresses')
    else addresses.push(decodeAddress(reader))
  }
  if (id === undefined || id.length < MIN_PEER_ID_BYTES) throw new DecodeError('peer: no id')
  return { id, addresses }
}

function decodeAddress(reader: ProtobufReader): PeerAddress {
  const address = reader.bytes(MAX_ADDRESS_BYTES)
  if (address.length === 0) throw new DecodeError('peer: an empty address')
  return address.slice()
}
