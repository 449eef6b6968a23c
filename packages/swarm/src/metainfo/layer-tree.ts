import type { Sha256 } from '@onehop/primitives'
import { BLOCK_BYTES } from '../limits.ts'
import { hashOf, hashPair, MERKLE_HASH_BYTES, nextPowerOfTwo, paddingHash, parentsOf } from './merkle.ts'

/** The upper part of a file's tree, from the hashes of its pieces to the root: what proofs are taken from. */
export class LayerTree {
  /** Nodes of the lowest layer, a power of two. */
  readonly width: number
  /** The lowest first; without the nodes that lie wholly after the end of the file. */
  private readonly layers: Uint8Array[]
  /** What stands for those, layer by layer. */
  private readonly paddings: Uint8Array[]

  constructor(pieceLayer: Uint8Array, pieceLengthBytes: number, sha256: Sha256) {
    this.width = nextPowerOfTwo(pieceLayer.length / MERKLE_HASH_BYTES)
    this.layers = [pieceLayer]
    this.paddings = [paddingHash(pieceLengthBytes / BLOCK_BYTES, sha256)]
    for (let width = this.width; width > 1; width /= 2) {
      const padding = this.paddings.at(-1)!
      this.layers.push(parentsOf(this.layers.at(-1)!, padding, sha256))
      this.paddings.push(hashPair(padding, padding, sha256))
    }
  }

  /**
   * Nodes of the lowest layer, and the uncles that prove them, the lowest first.
   * @param length a power of two that divides `index`.
   * @param uncles how many.
   */
  prove(index: number, length: number, uncles: number): Uint8Array {
    const proof = new Uint8Array((length + uncles) * MERKLE_HASH_BYTES)
    for (let i = 0; i < length; i++) proof.set(this.nodeAt(0, index + i), i * MERKLE_HASH_BYTES)
    const level = Math.log2(length)
    for (let i = 0; i < uncles; i++) {
      const at = Math.floor(index / 2 ** (level + i))
      const uncle = at % 2 === 0 ? at + 1 : at - 1
      proof.set(this.nodeAt(level + i, uncle), (length + i) * MERKLE_HASH_BYTES)
    }
    return proof
  }

  private nodeAt(level: number, index: number): Uint8Array {
    const layer = this.layers[level]!
    return index * MERKLE_HASH_BYTES < layer.length ? hashOf(layer, index) : this.paddings[level]!
  }
}
