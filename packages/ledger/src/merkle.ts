import { concatBytes, equalBytes, sha256d } from '@onehop/primitives'

/** A merkle root, and whether it could be that of another list (CVE-2012-2459). */
export interface MerkleRoot {
  /** 32 bytes; zeros for an empty list. */
  readonly root: Uint8Array
  /** Two equal neighbours were hashed together: a shorter list has the same root. */
  readonly mutated: boolean
}

/** Bitcoin's merkle root of hashes: an odd one out is paired with itself. */
export function merkleRoot(hashes: readonly Uint8Array[]): MerkleRoot {
  let mutated = false
  let level = hashes
  while (level.length > 1) {
    const next: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i]!
      const right = level[i + 1]
      if (right !== undefined && equalBytes(left, right)) mutated = true
      next.push(sha256d(concatBytes(left, right ?? left)))
    }
    level = next
  }
  return { root: level[0] ?? new Uint8Array(32), mutated }
}
