import { concatBytes, merkleParents, sha256d } from '@onehop/primitives'
import { Transaction } from './transaction.ts'

/** A merkle root, and whether the same root has another list of leaves. */
export interface MerkleRoot {
  /** 32 bytes, internal order; zeros for no leaves. */
  readonly root: Uint8Array
  /** Two equal neighbours were hashed together, so that a list with repeats has this root too (CVE-2012-2459). */
  readonly mutated: boolean
}

const HASH_LENGTH = 32
const PAIR_LENGTH = 2 * HASH_LENGTH

/** The merkle root of 32-byte hashes; an odd one at the end of a level is hashed with itself. */
export function merkleRoot(leaves: readonly Uint8Array[]): MerkleRoot {
  if (leaves.length === 0) return { root: new Uint8Array(HASH_LENGTH), mutated: false }
  let level = levelOf(leaves)
  let mutated = false
  while (level.length > HASH_LENGTH) {
    mutated ||= hasEqualPair(level)
    level = merkleParents(evenLevel(level))
  }
  return { root: level, mutated }
}

/** All levels of the tree from the leaves, at least one, up to the root, which is alone in the last. */
export function merkleLevels(leaves: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const levels = [leaves]
  for (let level = levelOf(leaves); level.length > HASH_LENGTH; ) {
    level = merkleParents(evenLevel(level))
    levels.push(hashesOf(level))
  }
  return levels
}

/** The merkle root of the transactions' ids. */
export function transactionMerkleRoot(transactions: readonly Transaction[]): MerkleRoot {
  Transaction.computeIds(transactions, 'txid')
  return merkleRoot(transactions.map(transaction => transaction.txid))
}

/** The merkle root of the witness transaction ids, the coinbase's counting as zeros (BIP 141). */
export function witnessMerkleRoot(transactions: readonly Transaction[]): Uint8Array {
  const [, ...others] = transactions
  Transaction.computeIds(others, 'wtxid')
  return merkleRoot([new Uint8Array(HASH_LENGTH), ...others.map(({ wtxid }) => wtxid)]).root
}

/** The hash over two, 32 bytes. */
export function merkleParent(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256d(concatBytes(left, right))
}

function levelOf(hashes: readonly Uint8Array[]): Uint8Array {
  const level = new Uint8Array(hashes.length * HASH_LENGTH)
  let at = 0
  // Byte by byte: faster than `set` for so few.
  for (const hash of hashes) for (let i = 0; i < HASH_LENGTH; i++) level[at++] = hash[i]!
  return level
}

/** An odd hash at the end twice. */
function evenLevel(level: Uint8Array): Uint8Array {
  return level.length % PAIR_LENGTH === 0 ? level : concatBytes(level, level.subarray(-HASH_LENGTH))
}

function hashesOf(level: Uint8Array): Uint8Array[] {
  return Array.from({ length: level.length / HASH_LENGTH }, (_, i) =>
    level.slice(i * HASH_LENGTH, (i + 1) * HASH_LENGTH),
  )
}

function hasEqualPair(level: Uint8Array): boolean {
  for (let at = 0; at + PAIR_LENGTH <= level.length; at += PAIR_LENGTH)
    if (isEqualPair(level, at)) return true
  return false
}

function isEqualPair(level: Uint8Array, at: number): boolean {
  for (let i = at; i < at + HASH_LENGTH; i++) if (level[i] !== level[i + HASH_LENGTH]) return false
  return true
}
