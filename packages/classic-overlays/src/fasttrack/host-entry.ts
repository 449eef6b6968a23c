import { decodePeerEntry, type PeerEntry, peerEntryFieldLength, writePeerEntry } from '@onehop/overlay'
import { DecodeError, ProtobufReader, type ProtobufWriter, varintFieldLength } from '@onehop/primitives'
import { MAX_HOST_AGE_MS, MAX_STATED_CHILDREN } from './limits.ts'
import type { HostEntry } from './messages.ts'

const HOST_FIELD = { peer: 1, isSupernode: 2, children: 3, ageMs: 4 } as const

/** Writes a host as a nested message. */
export function writeHost(writer: ProtobufWriter, { peer, isSupernode, children, ageMs }: HostEntry): void {
  writePeerEntry(writer, HOST_FIELD.peer, peer)
  writer.varint(HOST_FIELD.isSupernode, isSupernode ? 1 : 0)
  writer.varint(HOST_FIELD.children, children).varint(HOST_FIELD.ageMs, ageMs)
}

/** Bytes of a host in a message. */
export function hostLength({ peer, isSupernode, children, ageMs }: HostEntry): number {
  return (
    peerEntryFieldLength(HOST_FIELD.peer, peer) +
    varintFieldLength(HOST_FIELD.isSupernode, isSupernode ? 1 : 0) +
    varintFieldLength(HOST_FIELD.children, children) +
    varintFieldLength(HOST_FIELD.ageMs, ageMs)
  )
}

/** The host that the bytes encode. @throws {DecodeError} */
export function readHost(bytes: Uint8Array): HostEntry {
  const reader = new ProtobufReader(bytes)
  let peer: PeerEntry | undefined
  const host = { isSupernode: false, children: 0, ageMs: 0 }
  while (reader.next()) {
    if (reader.field === HOST_FIELD.peer) peer = decodePeerEntry(reader.bytes())
    else if (reader.field === HOST_FIELD.isSupernode) host.isSupernode = reader.varint() === 1
    else if (reader.field === HOST_FIELD.children) host.children = boundedVarint(reader, MAX_STATED_CHILDREN)
    else if (reader.field === HOST_FIELD.ageMs) host.ageMs = boundedVarint(reader, MAX_HOST_AGE_MS)
    else reader.skip()
  }
  if (peer === undefined) throw new DecodeError('fasttrack: a host without a peer')
  return { peer, ...host }
}

/** A number that may not be larger. @throws {DecodeError} */
export function boundedVarint(reader: ProtobufReader, most: number): number {
  const value = reader.varint()
  if (value > most) throw new DecodeError(`fasttrack: field ${reader.field} exceeds ${most}`)
  return value
}
