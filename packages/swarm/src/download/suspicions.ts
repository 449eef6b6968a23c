import { BoundedMap, equalBytes, type Sha1 } from '@onehop/primitives'
import { MAX_SUSPICIONS } from '../limits.ts'
import { type ActivePiece, PADDING } from './active-piece.ts'

const SHA1_BYTES = 20

/** Who sent which block of a corrupt copy, and the block's SHA-1. */
interface CorruptCopy {
  readonly contributors: readonly string[]
  /** 20 bytes a block. */
  readonly blockHashes: Uint8Array
}

/**
 * Finds out who lied. When a piece made by several peers is corrupt, its blocks' hashes are kept; when a good copy
 * arrives, those whose blocks differ from it lied, and nobody else is blamed.
 */
export class Suspicions {
  private readonly sha1: Sha1
  /** The first corrupt copy of each piece: later ones are made by one peer alone. */
  private readonly copies = new BoundedMap<number, CorruptCopy>(MAX_SUSPICIONS)
  /** In how many of the copies each peer has blocks. */
  private readonly suspects = new Map<string, number>()

  constructor(sha1: Sha1) {
    this.sha1 = sha1
  }

  /** Whether the piece was corrupt before: it is fetched from one peer at a time then. */
  has(piece: number): boolean {
    return this.copies.has(piece)
  }

  /** Whether a corrupt copy has blocks of this peer in it. */
  concerns(remotePeer: string): boolean {
    return this.suspects.size > 0 && this.suspects.has(remotePeer)
  }

  /**
   * @returns the liar, when one peer alone made the piece; otherwise the copy is kept as evidence. That padding was
   * taken for zeros may be wrong as well, so that nobody is convicted by such a copy.
   */
  onCorrupt(piece: ActivePiece): string | undefined {
    const contributors = piece.contributors.map(contributor => contributor ?? PADDING)
    const authors = new Set(contributors)
    if (authors.size === 1 && !authors.has(PADDING)) return contributors[0]
    this.forget(piece.index)
    this.makeRoom()
    this.copies.set(piece.index, { contributors, blockHashes: this.hashBlocks(piece) })
    for (const author of authors) this.suspects.set(author, (this.suspects.get(author) ?? 0) + 1)
    return undefined
  }

  /** A good copy: @returns those whose blocks were not as they are in it. */
  onVerified(piece: ActivePiece): ReadonlySet<string> {
    const liars = new Set<string>()
    const copy = this.copies.get(piece.index)
    if (copy === undefined) return liars
    this.forget(piece.index)
    const good = this.hashBlocks(piece)
    for (const [block, contributor] of copy.contributors.entries()) {
      if (!equalBytes(hashAt(copy.blockHashes, block), hashAt(good, block))) liars.add(contributor)
    }
    liars.delete(PADDING)
    return liars
  }

  private makeRoom(): void {
    if (this.copies.size < this.copies.limit) return
    const [oldest] = this.copies.keys()
    if (oldest !== undefined) this.forget(oldest)
  }

  private forget(piece: number): void {
    const copy = this.copies.get(piece)
    if (copy === undefined) return
    this.copies.delete(piece)
    for (const author of new Set(copy.contributors)) {
      const left = this.suspects.get(author)! - 1
      if (left > 0) this.suspects.set(author, left)
      else this.suspects.delete(author)
    }
  }

  private hashBlocks(piece: ActivePiece): Uint8Array {
    const hashes = new Uint8Array(piece.blockCount * SHA1_BYTES)
    for (let block = 0; block < piece.blockCount; block++) {
      hashes.set(this.sha1(piece.blockBytes(block)), block * SHA1_BYTES)
    }
    return hashes
  }
}

function hashAt(hashes: Uint8Array, block: number): Uint8Array {
  return hashes.subarray(block * SHA1_BYTES, (block + 1) * SHA1_BYTES)
}
