import { BoundedMap, equalBytes, type Sha1 } from '@onehop/primitives'
import { MAX_SUSPICIONS } from '../limits.ts'
import type { ActivePiece } from './active-piece.ts'

/** Who sent which block of a corrupt copy, and the block's SHA-1. */
interface CorruptCopy {
  readonly contributors: readonly string[]
  readonly blockHashes: readonly Uint8Array[]
}

/**
 * Finds out who lied. When a piece made by several peers is corrupt, its blocks' hashes are kept; when a good copy
 * arrives, those whose blocks differ from it lied, and nobody else is blamed.
 */
export class Suspicions {
  private readonly sha1: Sha1
  private readonly copies = new BoundedMap<number, CorruptCopy[]>(MAX_SUSPICIONS)

  constructor(sha1: Sha1) {
    this.sha1 = sha1
  }

  /** Whether the piece was corrupt before: it is fetched from one peer at a time then. */
  has(piece: number): boolean {
    return this.copies.has(piece)
  }

  /** Whether a corrupt copy has blocks of this peer in it. */
  concerns(remotePeer: string): boolean {
    for (const copies of this.copies.values()) {
      if (copies.some(copy => copy.contributors.includes(remotePeer))) return true
    }
    return false
  }

  /** @returns the liar, when one peer alone made the piece; otherwise the copy is kept as evidence. */
  onCorrupt(piece: ActivePiece): string | undefined {
    const contributors = piece.contributors.map(contributor => contributor ?? '')
    if (new Set(contributors).size === 1) return contributors[0]
    const copies = this.copies.get(piece.index) ?? []
    copies.push({ contributors, blockHashes: this.hashBlocks(piece) })
    this.copies.set(piece.index, copies)
    return undefined
  }

  /** A good copy: @returns those whose blocks were not as they are in it. */
  onVerified(piece: ActivePiece): ReadonlySet<string> {
    const liars = new Set<string>()
    const copies = this.copies.get(piece.index)
    if (copies === undefined) return liars
    this.copies.delete(piece.index)
    const good = this.hashBlocks(piece)
    for (const { contributors, blockHashes } of copies) {
      for (const [block, hash] of blockHashes.entries()) {
        if (!equalBytes(hash, good[block]!)) liars.add(contributors[block]!)
      }
    }
    return liars
  }

  private hashBlocks(piece: ActivePiece): Uint8Array[] {
    return Array.from({ length: piece.blockCount }, (_, block) => this.sha1(piece.blockBytes(block)))
  }
}
