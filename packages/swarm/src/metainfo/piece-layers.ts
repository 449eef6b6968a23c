import { bytesKey, equalBytes, invalid, OK, type Sha256, type Verdict } from '@onehop/primitives'
import { MERKLE_HASH_BYTES, rootOfPieceLayer } from './merkle.ts'
import { type ContentFile, pieceCountOf, type TorrentInfo } from './torrent-info.ts'

/**
 * The hashes of the pieces of v2's files (BEP 52). They stand beside the info dictionary in a .torrent, or come from
 * peers, and are taken only where they lead to the file's root. A file of one piece needs none.
 */
export class PieceLayers {
  private readonly info: TorrentInfo
  private readonly sha256: Sha256
  /** Number of hashes by root, of the files that need them. Files of the same content share a root. */
  private readonly sizes = new Map<string, number>()
  private readonly layers = new Map<string, Uint8Array>()

  constructor(info: TorrentInfo, sha256: Sha256) {
    this.info = info
    this.sha256 = sha256
    for (const file of info.files) {
      const { piecesRoot } = file
      if (piecesRoot && needsLayer(file, info)) this.sizes.set(bytesKey(piecesRoot), layerSize(file, info))
    }
  }

  /** Of how many files the hashes are known, those with the same content counted once. */
  get size(): number {
    return this.layers.size
  }

  /** Whether every file's pieces can be verified. */
  get isComplete(): boolean {
    return this.layers.size === this.sizes.size
  }

  /** Takes the hashes of a file's pieces, 32 bytes each, if they are right. */
  add(piecesRoot: Uint8Array, layer: Uint8Array): Verdict {
    const key = bytesKey(piecesRoot)
    const size = this.sizes.get(key)
    if (size === undefined) return invalid('unknown-pieces-root')
    if (layer.length !== size * MERKLE_HASH_BYTES) return invalid('bad-piece-layer', 'it has another length')
    if (!equalBytes(rootOfPieceLayer(layer, this.info.pieceLengthBytes, this.sha256), piecesRoot)) {
      return invalid('bad-piece-layer', 'it does not lead to the root')
    }
    this.layers.set(key, layer)
    return OK
  }

  /** The hashes of the pieces of the file with this root. */
  get(piecesRoot: Uint8Array): Uint8Array | undefined {
    return this.layers.get(bytesKey(piecesRoot))
  }

  /** Whether the file's pieces can be verified: its layer is known, or it needs none. */
  isKnown(file: ContentFile): boolean {
    return !needsLayer(file, this.info) || this.get(file.piecesRoot!) !== undefined
  }

  /** Root and layer of every file whose layer is known, in the order of the files. */
  *entries(): Generator<readonly [piecesRoot: Uint8Array, layer: Uint8Array]> {
    const told = new Set<string>()
    for (const { piecesRoot } of this.info.files) {
      const key = piecesRoot && bytesKey(piecesRoot)
      const layer = key === undefined || told.has(key) ? undefined : this.layers.get(key)
      if (!layer) continue
      told.add(key!)
      yield [piecesRoot!, layer]
    }
  }
}

/** Whether a file of v2 has hashes of pieces between its root and its blocks. */
export function needsLayer(file: ContentFile, info: TorrentInfo): boolean {
  return file.piecesRoot !== undefined && file.lengthBytes > info.pieceLengthBytes
}

/** Number of pieces of a file that begins with one. */
export function layerSize(file: ContentFile, info: TorrentInfo): number {
  return pieceCountOf(file.lengthBytes, info.pieceLengthBytes)
}
