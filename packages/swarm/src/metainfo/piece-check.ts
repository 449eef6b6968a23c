import { equalBytes, type Sha1, type Sha256 } from '@onehop/primitives'
import { BLOCK_BYTES } from '../limits.ts'
import { hashBlocks, hashOf, merkleRoot, nextPowerOfTwo } from './merkle.ts'
import type { PieceLayers } from './piece-layers.ts'
import { type FileSlice, filesOfPiece, pieceHashAt, type TorrentInfo } from './torrent-info.ts'

/** What a piece must have: one of these, and of a hybrid both, as far as its v2 hashes are known. */
export interface PieceCheck {
  /** Of v1 and hybrids, 20 bytes. */
  readonly sha1?: Uint8Array
  /** Of v2 and hybrids. */
  readonly tree?: TreeCheck
}

/** The SHA-256 tree over the blocks of a piece (BEP 52). */
export interface TreeCheck {
  /** 32 bytes. */
  readonly root: Uint8Array
  /** Leaves, a power of two; those after the last block are zeros. */
  readonly width: number
  /** Of the piece, from its beginning: what follows is a hybrid's padding, which is in no tree. */
  readonly lengthBytes: number
}

/**
 * What a piece must have. Of v2, undefined while the hashes of its file's pieces are not known: such a piece cannot
 * be verified yet, and so is not to be asked for.
 */
export function pieceCheckAt(info: TorrentInfo, piece: number, layers?: PieceLayers): PieceCheck | undefined {
  if (info.version === 'v1') return { sha1: pieceHashAt(info, piece) }
  // A piece of v2 or of a hybrid has bytes of one file in it.
  const slice = filesOfPiece(info, piece).find(({ file }) => !file.isPadding)
  const tree = slice && treeCheck(info, slice, layers)
  if (info.version === 'v2') return tree && { tree }
  const sha1 = pieceHashAt(info, piece)
  return tree ? { sha1, tree } : { sha1 }
}

function treeCheck(
  info: TorrentInfo,
  { file, offsetInFile, lengthBytes }: FileSlice,
  layers: PieceLayers | undefined,
): TreeCheck | undefined {
  if (file.lengthBytes <= info.pieceLengthBytes) {
    const width = nextPowerOfTwo(Math.ceil(file.lengthBytes / BLOCK_BYTES))
    return { root: file.piecesRoot!, width, lengthBytes }
  }
  const layer = layers?.get(file.piecesRoot!)
  const root = layer && hashOf(layer, offsetInFile / info.pieceLengthBytes)
  return root && { root, width: info.pieceLengthBytes / BLOCK_BYTES, lengthBytes }
}

/** Whether the bytes are those of the piece. */
export function isPieceGood(
  bytes: Uint8Array,
  check: PieceCheck,
  { sha1, sha256 }: { readonly sha1: Sha1; readonly sha256: Sha256 },
): boolean {
  if (check.sha1 && !equalBytes(sha1(bytes), check.sha1)) return false
  return check.tree === undefined || equalBytes(rootOf(bytes, check.tree, sha256), check.tree.root)
}

function rootOf(bytes: Uint8Array, { width, lengthBytes }: TreeCheck, sha256: Sha256): Uint8Array {
  return merkleRoot(hashBlocks(bytes.subarray(0, lengthBytes), sha256), width, sha256)
}
