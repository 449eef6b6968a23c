import { equalBytes, type Sha1, type Sha256 } from '@onehop/primitives'
import { BLOCK_BYTES } from '../limits.ts'
import { hashBlocks, hashOf, merkleRoot, nextPowerOfTwo } from './merkle.ts'
import type { PieceLayers } from './piece-layers.ts'
import { type FileSlice, filesOfPiece, pieceHashAt, type TorrentInfo } from './torrent-info.ts'

/** What a piece must have: its SHA-1 (v1 and hybrids), or the root over its blocks' SHA-256 (v2). */
export type PieceCheck =
  | { readonly algorithm: 'sha1'; readonly hash: Uint8Array }
  /** `width`: leaves of the piece's tree, a power of two; those after the last block are zeros. */
  | { readonly algorithm: 'merkle'; readonly hash: Uint8Array; readonly width: number }

/**
 * What a piece must have. Of v2, undefined while the hashes of its file's pieces are not known: such a piece cannot
 * be verified yet, and so is not to be asked for.
 */
export function pieceCheckAt(info: TorrentInfo, piece: number, layers?: PieceLayers): PieceCheck | undefined {
  if (info.version !== 'v2') return { algorithm: 'sha1', hash: pieceHashAt(info, piece) }
  const slice = filesOfPiece(info, piece)[0]
  return slice && treeCheck(info, slice, layers)
}

function treeCheck(
  info: TorrentInfo,
  { file, offsetInFile }: FileSlice,
  layers: PieceLayers | undefined,
): PieceCheck | undefined {
  if (file.lengthBytes <= info.pieceLengthBytes) {
    const width = nextPowerOfTwo(Math.ceil(file.lengthBytes / BLOCK_BYTES))
    return { algorithm: 'merkle', hash: file.piecesRoot!, width }
  }
  const layer = layers?.get(file.piecesRoot!)
  const hash = layer && hashOf(layer, offsetInFile / info.pieceLengthBytes)
  return hash && { algorithm: 'merkle', hash, width: info.pieceLengthBytes / BLOCK_BYTES }
}

/** Whether the bytes are those of the piece. */
export function isPieceGood(
  bytes: Uint8Array,
  check: PieceCheck,
  { sha1, sha256 }: { readonly sha1: Sha1; readonly sha256: Sha256 },
): boolean {
  if (check.algorithm === 'sha1') return equalBytes(sha1(bytes), check.hash)
  return equalBytes(merkleRoot(hashBlocks(bytes, sha256), check.width, sha256), check.hash)
}
