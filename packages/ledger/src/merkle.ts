import { concatBytes, equalBytes, sha256d } from '@onehop/primitives'
import type { Transaction } from './transaction.ts'

/** A merkle root, and whether the same root has another list of leaves. */
export interface MerkleRoot {
  /** 32 bytes, internal order; zeros for no leaves. */
  readonly root: Uint8Array
  /** Two equal neighbours were hashed together, so that a list with repeats has this root too (CVE-2012-2459). */
  readonly mutated: boolean
}

/** The merkle root of 32-byte hashes; an odd one at the end of a level is hashed with itself. */
export function merkleRoot(leaves: readonly Uint8Array[]): MerkleRoot {
  let level = leaves
  let mutated = false
  while (level.length > 1) {
    mutated ||= hasEqualPair(level)
    level = parentLevel(level)
  }
  return { root: level[0] ?? new Uint8Array(32), mutated }
}

/** All levels of the tree from the leaves, at least one, up to the root, which is alone in the last. */
export function merkleLevels(leaves: readonly Uint8Array[]): readonly (readonly Uint8Array[])[] {
  const levels = [leaves]
  for (let level = leaves; level.length > 1; ) {
    level = parentLevel(level)
    levels.push(level)
  }
  return levels
}

/** The merkle root of the transactions' ids. */
export function transactionMerkleRoot(transactions: readonly Transaction[]): MerkleRoot {
  return merkleRoot(transactions.map(transaction => transaction.txid))
}

/** The merkle root of the witness transaction ids, the coinbase's counting as zeros (BIP 141). */
export function witnessMerkleRoot(transactions: readonly Transaction[]): Uint8Array {
  return merkleRoot(transactions.map((transaction, i) => (i === 0 ? new Uint8Array(32) : transaction.wtxid)))
    .root
}

/** The hash over two, 32 bytes. */
export function merkleParent(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256d(concatBytes(left, right))
}

function parentLevel(level: readonly Uint8Array[]): Uint8Array[] {
  const parents: Uint8Array[] = []
  for (let i = 0; i < level.length; i += 2) {
    parents.push(merkleParent(level[i]!, level[i + 1] ?? level[i]!))
  }
  return parents
}

function hasEqualPair(level: readonly Uint8Array[]): boolean {
  for (let i = 0; i + 1 < level.length; i += 2) if (equalBytes(level[i]!, level[i + 1]!)) return true
  return false
}
