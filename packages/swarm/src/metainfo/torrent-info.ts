import { DEFAULT_PIECE_LENGTH_BYTES, MAX_PIECES } from '../limits.ts'
import type { InfoHash } from './infohash.ts'

/** Bytes of a piece's SHA-1. */
export const PIECE_HASH_BYTES = 20

/** A file of a torrent, in the torrent's order. */
export interface ContentFile {
  /**
   * Where it lies below the target folder, every name a safe one: the name alone for the one file of a torrent, the
   * torrent's name and more where there are several.
   */
  readonly path: readonly string[]
  /** In the stream of pieces. */
  readonly offsetBytes: number
  readonly lengthBytes: number
  /** Zeros that make the next file begin with a piece (BEP 47). Never stored. */
  readonly isPadding: boolean
  readonly isExecutable: boolean
  /** Root of the file's SHA-256 tree, 32 bytes (BEP 52): v2 and hybrid; none of an empty file or of padding. */
  readonly piecesRoot?: Uint8Array
}

/** `v1` is BEP 3, `v2` is BEP 52, and a `hybrid` describes the same files both ways. */
export type TorrentVersion = 'v1' | 'v2' | 'hybrid'

/** How files lie in the stream of pieces. */
export interface PieceLayout {
  readonly version: TorrentVersion
  readonly files: readonly ContentFile[]
  /** Of the stream of pieces: padding, and the gaps of v2, which begins every file with a piece, included. */
  readonly lengthBytes: number
  readonly pieceLengthBytes: number
}

/** What an info dictionary says. */
export interface TorrentInfo extends PieceLayout {
  /** The bencoded info dictionary as it was hashed; what ut_metadata hands on. */
  readonly bytes: Uint8Array
  /** What handshakes and trackers call it: the SHA-1, and of v2 the first 20 bytes of {@link infohashV2}. */
  readonly infohash: InfoHash
  /** All that it goes by (BEP 52): {@link infohash} first, and of a hybrid the other one. */
  readonly infohashes: readonly InfoHash[]
  /** SHA-256 of the info dictionary, 32 bytes: v2 and hybrid. */
  readonly infohashV2?: Uint8Array
  /** A safe file name ({@link checkFileName}): of the file, or of the folder. */
  readonly name: string
  /** Whether it is one file, not a folder with one or more in it. */
  readonly isSingleFile: boolean
  /** Whether peers may come from its trackers only (BEP 27). */
  readonly isPrivate: boolean
  /** Of the files that are stored: what people take for the size. */
  readonly contentBytes: number
  /** SHA-1 of every piece, 20 bytes each, one after the other; empty for v2. */
  readonly pieceHashes: Uint8Array
}

/** A part of a file that lies in a piece. */
export interface FileSlice {
  readonly fileIndex: number
  readonly file: ContentFile
  readonly offsetInFile: number
  readonly offsetInPiece: number
  readonly lengthBytes: number
}

/** How many pieces there are; the last one may be shorter. */
export function pieceCountOf(lengthBytes: number, pieceLengthBytes: number): number {
  return Math.ceil(lengthBytes / pieceLengthBytes)
}

/** Number of pieces; 0 for an empty file. */
export function pieceCount(layout: PieceLayout): number {
  return pieceCountOf(layout.lengthBytes, layout.pieceLengthBytes)
}

/** Length of a piece in bytes: the last one may be shorter, and in v2 the last one of every file. */
export function pieceLengthAt(layout: PieceLayout, piece: number): number {
  const start = piece * layout.pieceLengthBytes
  if (layout.version !== 'v2') return Math.min(layout.pieceLengthBytes, layout.lengthBytes - start)
  const file = layout.files[firstFileEndingAfter(layout.files, start)]
  return file === undefined ? 0 : Math.min(layout.pieceLengthBytes, endOf(file) - start)
}

/**
 * Bytes up to which a peer may ask for a piece's blocks. libtorrent fills the gaps between the files of v2 with zeros,
 * and asks for the last block of a file together with those.
 */
export function requestableLengthAt(layout: PieceLayout, piece: number): number {
  return layout.version === 'v2' ? layout.pieceLengthBytes : pieceLengthAt(layout, piece)
}

/** SHA-1 that a piece of v1 or a hybrid must have, 20 bytes (a view). */
export function pieceHashAt(info: TorrentInfo, piece: number): Uint8Array {
  return info.pieceHashes.subarray(piece * PIECE_HASH_BYTES, (piece + 1) * PIECE_HASH_BYTES)
}

/** What a piece consists of, in order, padding included. Empty files are in no piece. */
export function filesOfPiece(layout: PieceLayout, piece: number): FileSlice[] {
  const start = piece * layout.pieceLengthBytes
  const end = start + pieceLengthAt(layout, piece)
  const slices: FileSlice[] = []
  for (let i = firstFileEndingAfter(layout.files, start); i < layout.files.length; i++) {
    const file = layout.files[i]!
    if (file.offsetBytes >= end) break
    if (file.lengthBytes > 0) slices.push(sliceOf(file, i, start, end))
  }
  return slices
}

function sliceOf(file: ContentFile, fileIndex: number, start: number, end: number): FileSlice {
  const from = Math.max(start, file.offsetBytes)
  return {
    fileIndex,
    file,
    offsetInFile: from - file.offsetBytes,
    offsetInPiece: from - start,
    lengthBytes: Math.min(end, endOf(file)) - from,
  }
}

/** The pieces that have bytes of a file in them: from `first` up to `end`, which is not one of them. */
export function piecesOfFile(
  layout: PieceLayout,
  fileIndex: number,
): { readonly first: number; readonly end: number } {
  const file = layout.files[fileIndex]!
  const first = Math.floor(file.offsetBytes / layout.pieceLengthBytes)
  if (file.lengthBytes === 0) return { first, end: first }
  return { first, end: pieceCountOf(endOf(file), layout.pieceLengthBytes) }
}

function endOf(file: ContentFile): number {
  return file.offsetBytes + file.lengthBytes
}

/** Index of the first file that has bytes at or after an offset, by bisection; the number of files where none has. */
function firstFileEndingAfter(files: readonly ContentFile[], offset: number): number {
  let low = 0
  let high = files.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (endOf(files[middle]!) > offset) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * The piece length for a file: 256 KiB, doubled until the pieces fit into {@link MAX_PIECES}. A function of the
 * length alone, so that all who publish the file arrive at one infohash.
 * @param alignedFiles files of v2 or of a hybrid, where each begins with a piece.
 */
export function choosePieceLength(lengthBytes: number, alignedFiles = 0): number {
  let pieceLengthBytes = DEFAULT_PIECE_LENGTH_BYTES
  while (pieceCountOf(lengthBytes, pieceLengthBytes) + alignedFiles > MAX_PIECES) pieceLengthBytes *= 2
  return pieceLengthBytes
}
