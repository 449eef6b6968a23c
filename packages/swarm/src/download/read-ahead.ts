/** Pieces that a reader will want next, the first of them first. */
export interface ReadAhead {
  readonly piece: number
  readonly count: number
}

/**
 * What several readers want, in the order in which to fetch it: the first piece of each, then the second of each.
 * @param limit pieces at most, of all readers together.
 */
export function urgentPieces(readers: readonly ReadAhead[], pieceCount: number, limit: number): number[] {
  const pieces = new Set<number>()
  const longest = Math.min(limit, Math.max(0, ...readers.map(({ count }) => count)))
  for (let step = 0; step < longest; step++) {
    for (const { piece, count } of readers) {
      const isOne = step < count && piece + step < pieceCount
      if (isOne && pieces.size < limit) pieces.add(piece + step)
    }
  }
  return [...pieces]
}
