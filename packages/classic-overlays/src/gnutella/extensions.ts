import {
  decodePeerEntry,
  decodePointer,
  encodePointer,
  MAX_POINTER_BYTES,
  type PeerAddress,
  type PeerEntry,
  type Pointer,
  peerEntryFieldLength,
  writePeerEntry,
} from '@onehop/overlay'
import { ByteReader, DecodeError, ProtobufReader, ProtobufWriter } from '@onehop/primitives'
import type { Endpoint } from './descriptors.ts'
import {
  encodeGgep,
  extensionData,
  type GgepExtension,
  ggepExtensionLength,
  ggepZeroFreeLength,
  readGgep,
} from './ggep.ts'
import { MAX_PEERS_TO_TRY } from './limits.ts'
import type { Pong } from './messages.ts'

/** What our extensions are called: a vendor's with a point in them, as GGEP §"Extension ids" asks. */
const EXTENSION = { peer: '1HOP.p', neighbours: '1HOP.n', pointer: '1HOP.f', toTry: '1HOP.t' } as const

/** What 0.4's Pong has no room for. */
export type PongExtension = Pick<Pong, 'peer' | 'neighbours' | 'spare'>

const MAGIC_BYTES = 1
const ENTRY_FIELD = 1
const NO_ADDRESS: Endpoint = { ip: new Uint8Array(4), port: 0 }

/** Multiaddr codes of an IPv4 address and a TCP port, and how long `/ip4/…/tcp/…` is. */
const IP4 = 4
const TCP = 6
const IP4_TCP_BYTES = 8

/** The first address that 0.4's fields have room for. */
export function endpointOf({ addresses }: PeerEntry): Endpoint {
  const address = addresses.find(isIp4Tcp)
  return address === undefined
    ? NO_ADDRESS
    : { ip: address.slice(1, 5), port: (address[6]! << 8) | address[7]! }
}

function isIp4Tcp(address: PeerAddress): boolean {
  return address.length >= IP4_TCP_BYTES && address[0] === IP4 && address[5] === TCP
}

function encodeEntries(peers: readonly PeerEntry[]): Uint8Array {
  const writer = new ProtobufWriter()
  for (const peer of peers) writePeerEntry(writer, ENTRY_FIELD, peer)
  return writer.toBytes()
}

function entriesLength(peers: readonly PeerEntry[]): number {
  let length = 0
  for (const peer of peers) length += peerEntryFieldLength(ENTRY_FIELD, peer)
  return length
}

function decodeEntries(data: Uint8Array | undefined, most: number): PeerEntry[] {
  const peers: PeerEntry[] = []
  if (data === undefined) return peers
  const reader = new ProtobufReader(data)
  while (reader.next()) {
    if (reader.field !== ENTRY_FIELD) reader.skip()
    else if (peers.length === most) throw new DecodeError('gnutella: too many peers')
    else peers.push(decodePeerEntry(reader.bytes()))
  }
  return peers
}

function decodeEntry(data: Uint8Array | undefined): PeerEntry {
  const [peer] = decodeEntries(data, 1)
  if (peer === undefined) throw new DecodeError('gnutella: nobody is named')
  return peer
}

/** One peer, as the handshake and a Push carry it, in GGEP or hexadecimal. */
export function encodeEntry(peer: PeerEntry): Uint8Array {
  return encodeEntries([peer])
}

export function entryLength(peer: PeerEntry): number {
  return peerEntryFieldLength(ENTRY_FIELD, peer)
}

export { decodeEntry }

/** Who answers, how many neighbours it has, and how many it could do without: two bytes. */
export function pongExtension({ peer, neighbours, spare }: PongExtension): Uint8Array {
  return encodeGgep([
    { id: EXTENSION.neighbours, data: Uint8Array.of(neighbours, spare) },
    { id: EXTENSION.peer, data: encodeEntry(peer) },
  ])
}

export function pongExtensionLength(peer: PeerEntry): number {
  return (
    MAGIC_BYTES +
    ggepExtensionLength(EXTENSION.neighbours, 2) +
    ggepExtensionLength(EXTENSION.peer, entryLength(peer))
  )
}

/** @throws {DecodeError} */
export function readPongExtension(bytes: Uint8Array): PongExtension {
  const extensions = blockOf(bytes)
  const [neighbours = 0, spare = 0] = extensionData(extensions, EXTENSION.neighbours) ?? []
  return { peer: decodeEntry(extensionData(extensions, EXTENSION.peer)), neighbours, spare }
}

export function peerExtension(peer: PeerEntry): Uint8Array {
  return encodeGgep([{ id: EXTENSION.peer, data: encodeEntry(peer) }])
}

export function peerExtensionLength(peer: PeerEntry): number {
  return MAGIC_BYTES + ggepExtensionLength(EXTENSION.peer, entryLength(peer))
}

/** @throws {DecodeError} */
export function readPeerExtension(bytes: Uint8Array): PeerEntry {
  return decodeEntry(extensionData(blockOf(bytes), EXTENSION.peer))
}

/** Nothing at all when there is nobody to name. */
export function toTryExtension(peers: readonly PeerEntry[]): Uint8Array {
  return peers.length === 0
    ? new Uint8Array(0)
    : encodeGgep([{ id: EXTENSION.toTry, data: encodeEntries(peers) }])
}

export function toTryExtensionLength(peers: readonly PeerEntry[]): number {
  return peers.length === 0 ? 0 : MAGIC_BYTES + ggepExtensionLength(EXTENSION.toTry, entriesLength(peers))
}

/** @throws {DecodeError} */
export function readToTryExtension(bytes: Uint8Array): PeerEntry[] {
  return decodeEntries(extensionData(blockOf(bytes), EXTENSION.toTry), MAX_PEERS_TO_TRY)
}

/** The signed pointer, where no byte may be zero. */
export function pointerExtension(pointer: Pointer): Uint8Array {
  return encodeGgep([{ id: EXTENSION.pointer, data: encodePointer(pointer) }], true)
}

/** How long the extension of a pointer is hangs on its zeros: counted once for each. */
const LENGTHS = new WeakMap<Pointer, number>()

export function pointerExtensionLength(pointer: Pointer): number {
  const known = LENGTHS.get(pointer)
  if (known !== undefined) return known
  const length = MAGIC_BYTES + ggepZeroFreeLength(EXTENSION.pointer, encodePointer(pointer))
  LENGTHS.set(pointer, length)
  return length
}

/** @throws {DecodeError} */
export function readPointerExtension(bytes: Uint8Array): Pointer {
  const data = extensionData(blockOf(bytes), EXTENSION.pointer)
  if (data === undefined || data.length > MAX_POINTER_BYTES) throw new DecodeError('gnutella: no pointer')
  return decodePointer(data)
}

function blockOf(bytes: Uint8Array): readonly GgepExtension[] {
  return bytes.length === 0 ? [] : readGgep(new ByteReader(bytes))
}
