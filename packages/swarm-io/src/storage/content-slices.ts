import { type ContentFile, filesOfPiece, type PieceLayout } from '@onehop/swarm'

/** A stretch of the stream of pieces that is stored in a file. */
export interface StoredSlice {
  readonly fileIndex: number
  readonly positionInFile: number
  /** From the start of the range or piece that was asked for. */
  readonly offset: number
  readonly lengthBytes: number
}

/** Where the bytes of a piece are stored; padding is not. */
export function slicesOfPiece(layout: PieceLayout, piece: number): StoredSlice[] {
  return filesOfPiece(layout, piece)
    .filter(({ file }) => !file.isPadding)
    .map(({ fileIndex, offsetInFile, offsetInPiece, lengthBytes }) => ({
      fileIndex,
      positionInFile: offsetInFile,
      offset: offsetInPiece,
      lengthBytes,
    }))
}

/** Where a range of the stream of pieces is stored; padding, and what is in no file, is not. */
export function slicesOfRange(layout: PieceLayout, start: number, end: number): StoredSlice[] {
  const slices: StoredSlice[] = []
  const { pieceLengthBytes } = layout
  for (let piece = Math.floor(start / pieceLengthBytes); piece * pieceLengthBytes < end; piece++) {
    const pieceStart = piece * pieceLengthBytes
    for (const slice of slicesOfPiece(layout, piece)) {
      const from = Math.max(start, pieceStart + slice.offset)
      const to = Math.min(end, pieceStart + slice.offset + slice.lengthBytes)
      if (to <= from) continue
      const skipped = from - pieceStart - slice.offset
      slices.push({
        fileIndex: slice.fileIndex,
        positionInFile: slice.positionInFile + skipped,
        offset: from - start,
        lengthBytes: to - from,
      })
    }
  }
  return slices
}

/** The files that are stored, with their numbers. */
export function storedFiles(layout: PieceLayout): [number, ContentFile][] {
  return [...layout.files.entries()].filter(([, file]) => !file.isPadding)
}
