import { assert, DecodeError, equalBytes, utf8Encode } from '@onehop/primitives'
import { type InfoHash, toInfoHash } from '../metainfo/infohash.ts'

/** Bytes of the handshake (BEP 3). */
export const HANDSHAKE_BYTES = 68

/** Bytes of a peer id as BitTorrent has it (unlike libp2p's). */
export const PEER_ID_BYTES = 20

const PROTOCOL = utf8Encode('\u0013BitTorrent protocol')
const RESERVED_AT = 20
const INFO_HASH_AT = 28
const PEER_ID_AT = 48
/** Where each of the abilities that we know has its reserved bit. */
const RESERVED_BITS = {
  /** BEP 10. */
  extensions: { at: RESERVED_AT + 5, bit: 0x10 },
  /** BEP 6. */
  fast: { at: RESERVED_AT + 7, bit: 0x04 },
  /** BEP 52. */
  v2: { at: RESERVED_AT + 7, bit: 0x10 },
} as const

/** The first message in each direction: which torrent, and who. */
export interface Handshake {
  readonly infohash: InfoHash
  /** 20 bytes, new for each session. */
  readonly peerId: Uint8Array
  /** Whether the sender understands the extension protocol (BEP 10). */
  readonly extensions: boolean
  /** Whether the sender understands the Fast extension (BEP 6). */
  readonly fast?: boolean
  /** Whether the sender can upgrade a hybrid torrent to version 2 (BEP 52). */
  readonly v2?: boolean
}

/** The 68 bytes that open a connection. */
export function encodeHandshake(handshake: Handshake): Uint8Array {
  assert(handshake.peerId.length === PEER_ID_BYTES, 'a peer id has 20 bytes')
  const bytes = new Uint8Array(HANDSHAKE_BYTES)
  bytes.set(PROTOCOL)
  if (handshake.extensions) setBit(bytes, 'extensions')
  if (handshake.fast) setBit(bytes, 'fast')
  if (handshake.v2) setBit(bytes, 'v2')
  bytes.set(handshake.infohash, INFO_HASH_AT)
  bytes.set(handshake.peerId, PEER_ID_AT)
  return bytes
}

/** @param bytes 68 bytes. @throws {DecodeError} when they are not BitTorrent's. */
export function parseHandshake(bytes: Uint8Array): Required<Handshake> {
  if (bytes.length !== HANDSHAKE_BYTES || !startsLikeHandshake(bytes)) {
    throw new DecodeError('not a BitTorrent handshake')
  }
  return {
    infohash: toInfoHash(bytes.slice(INFO_HASH_AT, PEER_ID_AT)),
    peerId: bytes.slice(PEER_ID_AT),
    extensions: hasBit(bytes, 'extensions'),
    fast: hasBit(bytes, 'fast'),
    v2: hasBit(bytes, 'v2'),
  }
}

function setBit(bytes: Uint8Array, ability: keyof typeof RESERVED_BITS): void {
  const { at, bit } = RESERVED_BITS[ability]
  bytes[at]! |= bit
}

function hasBit(bytes: Uint8Array, ability: keyof typeof RESERVED_BITS): boolean {
  const { at, bit } = RESERVED_BITS[ability]
  return (bytes[at]! & bit) !== 0
}

/** Whether the first bytes received can become a handshake, so that a stranger is closed at once. */
export function startsLikeHandshake(bytes: Uint8Array): boolean {
  const shared = Math.min(bytes.length, PROTOCOL.length)
  return equalBytes(bytes.subarray(0, shared), PROTOCOL.subarray(0, shared))
}
