import type { PeerId } from '@onehop/overlay'
import { sha256 } from '@onehop/primitives'
import { ID_BITS, ID_BYTES } from './limits.ts'

/** A place on the ring of 2^128 ids: four words of 32 bits, the highest first. */
export type NodeId = Uint32Array & { readonly __brand?: 'NodeId' }

/** An Ed25519 key as a peer id has it: identity multihash, 36 bytes, a protobuf of type and 32 bytes of key. */
const ED25519_PREFIX: readonly number[] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20]
const ED25519_ID_BYTES = 38

/** Nothing is decided by it: it saves hashing the same object again. */
const known = new WeakMap<PeerId, NodeId>()

/** The first 128 bits of SHA-256 of the public key (§2: "the cryptographic hash of the node's public key"). */
export function nodeIdOf(peer: PeerId): NodeId {
  const remembered = known.get(peer)
  if (remembered !== undefined) return remembered
  const id = idFromBytes(sha256(publicKeyOf(peer)))
  known.set(peer, id)
  return id
}

/** The key itself where the peer id contains it; otherwise the peer id, which is then a hash of the key. */
function publicKeyOf(peer: PeerId): Uint8Array {
  const isEd25519 = peer.length === ED25519_ID_BYTES && ED25519_PREFIX.every((byte, i) => peer[i] === byte)
  return peer.slice(isEd25519 ? ED25519_PREFIX.length : 0)
}

/** The first 128 bits: of an overlay key, its place on the ring. */
export function idFromBytes(bytes: Uint8Array): NodeId {
  const id = new Uint32Array(4)
  for (let word = 0; word < 4; word++) {
    const at = word * 4
    id[word] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }
  return id
}

/** 16 bytes, big endian. */
export function idToBytes(id: NodeId): Uint8Array {
  return Uint8Array.from({ length: ID_BYTES }, (_, i) => (id[i >> 2]! >>> (24 - 8 * (i & 3))) & 0xff)
}

/** A digit of the id, counted from the left; `bits` divides 32. */
export function digitAt(id: NodeId, index: number, bits: number): number {
  const at = index * bits
  return (id[at >>> 5]! >>> (32 - bits - (at & 31))) & ((1 << bits) - 1)
}

/** Digits that both begin with; as many as there are when they are equal. */
export function sharedDigits(a: NodeId, b: NodeId, bits: number): number {
  for (let word = 0; word < 4; word++) {
    const difference = (a[word]! ^ b[word]!) >>> 0
    if (difference !== 0) return Math.floor((word * 32 + Math.clz32(difference)) / bits)
  }
  return ID_BITS / bits
}

export function compareIds(a: NodeId, b: NodeId): number {
  for (let word = 0; word < 4; word++) {
    const difference = a[word]! - b[word]!
    if (difference !== 0) return difference
  }
  return 0
}

export function equalIds(a: NodeId, b: NodeId): boolean {
  return a[0] === b[0] && a[1] === b[1] && a[2] === b[2] && a[3] === b[3]
}

/** Whether who goes clockwise from `start` comes to `a` before `b`. The start itself comes first. */
export function isBefore(start: NodeId, a: NodeId, b: NodeId): boolean {
  const aWraps = compareIds(a, start) < 0
  const bWraps = compareIds(b, start) < 0
  if (aWraps !== bWraps) return bWraps
  return compareIds(a, b) < 0
}

const first = new Float64Array(4)
const second = new Float64Array(4)

/** Whether `a` is numerically closer to the target than `b`, round the ring; of equally close ones the lower id. */
export function isCloser(target: NodeId, a: NodeId, b: NodeId): boolean {
  writeDistance(target, a, first)
  writeDistance(target, b, second)
  for (let word = 0; word < 4; word++) if (first[word] !== second[word]) return first[word]! < second[word]!
  return compareIds(a, b) < 0
}

/** The shorter way round the ring between both, at most 2^127, as four words. */
function writeDistance(a: NodeId, b: NodeId, out: Float64Array): void {
  const [larger, smaller] = compareIds(a, b) >= 0 ? [a, b] : [b, a]
  subtract(larger, smaller, out)
  if (out[0]! >= 0x8000_0000) negate(out)
}

function subtract(a: NodeId, b: NodeId, out: Float64Array): void {
  let borrow = 0
  for (let word = 3; word >= 0; word--) {
    const difference = a[word]! - b[word]! - borrow
    borrow = difference < 0 ? 1 : 0
    out[word] = difference + borrow * 0x1_0000_0000
  }
}

/** 2^128 minus the number, which is not zero. */
function negate(out: Float64Array): void {
  let borrow = 0
  for (let word = 3; word >= 0; word--) {
    const difference = -out[word]! - borrow
    borrow = difference < 0 ? 1 : 0
    out[word] = difference + borrow * 0x1_0000_0000
  }
}
