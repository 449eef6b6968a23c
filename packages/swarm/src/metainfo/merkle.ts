import { assert, equalBytes, type Sha256 } from '@onehop/primitives'
import { BLOCK_BYTES } from '../limits.ts'

/** Bytes of a hash in a file's tree (SHA-256). */
export const MERKLE_HASH_BYTES = 32

/** What stands for a block after the end of a file: zeros, not the hash of zeros (BEP 52). */
const NO_BLOCK = new Uint8Array(MERKLE_HASH_BYTES)

/** The smallest power of two that is not smaller. */
export function nextPowerOfTwo(count: number): number {
  let power = 1
  while (power < count) power *= 2
  return power
}

/** SHA-256 of every block of 16 KiB, one after the other; the last block may be shorter. */
export function hashBlocks(bytes: Uint8Array, sha256: Sha256): Uint8Array {
  const hashes = new Uint8Array(Math.ceil(bytes.length / BLOCK_BYTES) * MERKLE_HASH_BYTES)
  for (let block = 0; block * BLOCK_BYTES < bytes.length; block++) {
    const start = block * BLOCK_BYTES
    hashes.set(sha256(bytes.subarray(start, start + BLOCK_BYTES)), block * MERKLE_HASH_BYTES)
  }
  return hashes
}

/**
 * The root over hashes of one layer.
 * @param width nodes of the layer, a power of two; those that `hashes` has not are `padding`.
 */
export function merkleRoot(
  hashes: Uint8Array,
  width: number,
  sha256: Sha256,
  padding: Uint8Array = NO_BLOCK,
): Uint8Array {
  assert(hashes.length <= width * MERKLE_HASH_BYTES, 'the layer is too narrow')
  let layer = hashes
  let filler = padding
  for (let nodes = width; nodes > 1; nodes /= 2) {
    layer = parentsOf(layer, filler, sha256)
    filler = hashPair(filler, filler, sha256)
  }
  return layer.length === 0 ? filler : layer
}

/** The layer above; a last node without a sibling has the padding for one. */
export function parentsOf(layer: Uint8Array, padding: Uint8Array, sha256: Sha256): Uint8Array {
  const count = layer.length / MERKLE_HASH_BYTES
  const parents = new Uint8Array(Math.ceil(count / 2) * MERKLE_HASH_BYTES)
  for (let i = 0; i < count; i += 2) {
    const right = i + 1 < count ? hashOf(layer, i + 1) : padding
    parents.set(hashPair(hashOf(layer, i), right, sha256), (i / 2) * MERKLE_HASH_BYTES)
  }
  return parents
}

/** A node of a layer (a view). */
export function hashOf(layer: Uint8Array, index: number): Uint8Array {
  return layer.subarray(index * MERKLE_HASH_BYTES, (index + 1) * MERKLE_HASH_BYTES)
}

/** The node over two. */
export function hashPair(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  const pair = new Uint8Array(2 * MERKLE_HASH_BYTES)
  pair.set(left)
  pair.set(right, MERKLE_HASH_BYTES)
  return sha256(pair)
}

/** The node over `width` blocks (a power of two) that all lie after the end of a file. */
export function paddingHash(width: number, sha256: Sha256): Uint8Array {
  return merkleRoot(new Uint8Array(0), width, sha256)
}

/** The root of a file from the hashes of its pieces, 32 bytes each. */
export function rootOfPieceLayer(layer: Uint8Array, pieceLengthBytes: number, sha256: Sha256): Uint8Array {
  const width = nextPowerOfTwo(layer.length / MERKLE_HASH_BYTES)
  return merkleRoot(layer, width, sha256, paddingHash(pieceLengthBytes / BLOCK_BYTES, sha256))
}

/**
 * Whether a node is where a proof says it is: `uncles` are the siblings on the way up, the lowest first.
 * @param index of the node in its layer.
 */
export function isProven(
  node: Uint8Array,
  index: number,
  uncles: readonly Uint8Array[],
  root: Uint8Array,
  sha256: Sha256,
): boolean {
  let hash = node
  let at = index
  for (const uncle of uncles) {
    hash = at % 2 === 0 ? hashPair(hash, uncle, sha256) : hashPair(uncle, hash, sha256)
    at = Math.floor(at / 2)
  }
  return at === 0 && equalBytes(hash, root)
}
