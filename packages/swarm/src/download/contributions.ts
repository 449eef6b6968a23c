import { MAX_CONTRIBUTORS } from '../limits.ts'
import { type ActivePiece, PADDING } from './active-piece.ts'

/** Bytes of blocks in verified pieces, by who sent them. */
export class Contributions {
  private readonly bytes = new Map<string, number>()

  get all(): ReadonlyMap<string, number> {
    return this.bytes
  }

  /** The piece is good. */
  credit(piece: ActivePiece): void {
    for (const [block, contributor] of piece.contributors.entries()) {
      if (contributor === undefined || contributor === PADDING) continue
      this.bytes.set(contributor, (this.bytes.get(contributor) ?? 0) + piece.blockLength(block))
    }
    for (const oldest of this.bytes.keys()) {
      if (this.bytes.size <= MAX_CONTRIBUTORS) return
      this.bytes.delete(oldest)
    }
  }
}
