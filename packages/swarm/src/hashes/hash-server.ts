import { bytesKey, type Sha256 } from '@onehop/primitives'
import { LayerTree } from '../metainfo/layer-tree.ts'
import { MAX_HASHES_PER_MESSAGE } from '../metainfo/limits.ts'
import { nextPowerOfTwo } from '../metainfo/merkle.ts'
import type { PieceLayers } from '../metainfo/piece-layers.ts'
import type { TorrentInfo } from '../metainfo/torrent-info.ts'
import type { HashRange } from '../wire/wire-messages.ts'
import { type HashAnswer, pieceLayerOf, uncleCount } from './hash-ranges.ts'

/** Answers requests for the hashes of pieces (BEP 52). Hashes of blocks are not kept, and requests for them rejected. */
export class HashServer {
  private readonly info: TorrentInfo
  private readonly layers: PieceLayers
  private readonly sha256: Sha256
  /** By root. As large as the layers, and made when it is asked for. */
  private readonly trees = new Map<string, LayerTree>()

  constructor(info: TorrentInfo, layers: PieceLayers, sha256: Sha256) {
    this.info = info
    this.layers = layers
    this.sha256 = sha256
  }

  /** What is asked for, or that we do not have it. */
  answer(range: HashRange): HashAnswer {
    const { piecesRoot, baseLayer, index, length, proofLayers } = range
    const asked = { piecesRoot, baseLayer, index, length, proofLayers }
    const tree = isUsual(range) && baseLayer === pieceLayerOf(this.info) ? this.treeOf(piecesRoot) : undefined
    const isInside = tree !== undefined && index + length <= tree.width && proofLayers < Math.log2(tree.width)
    if (!isInside) return { type: 'hashReject', ...asked }
    return { type: 'hashes', ...asked, hashes: tree.prove(index, length, uncleCount(range)) }
  }

  private treeOf(piecesRoot: Uint8Array): LayerTree | undefined {
    const key = bytesKey(piecesRoot)
    const known = this.trees.get(key)
    const layer = known === undefined ? this.layers.get(piecesRoot) : undefined
    if (layer === undefined) return known
    const tree = new LayerTree(layer, this.info.pieceLengthBytes, this.sha256)
    this.trees.set(key, tree)
    return tree
  }
}

/** BEP 52: a power of two that divides the index; hosts may refuse more than 512. */
function isUsual({ index, length }: HashRange): boolean {
  const isPower = length >= 1 && length <= MAX_HASHES_PER_MESSAGE && nextPowerOfTwo(length) === length
  return isPower && index % length === 0
}
