import { createHash } from 'node:crypto'

/** Bytes of a leaf of a file's hash tree (BEP 52). */
const BLOCK_BYTES = 16 * 1024

const NO_BLOCK = Buffer.alloc(32)

/**
 * The SHA-256 tree over the blocks of a piece (BEP 52), fed with bytes in order. On its own, because a thread that loads
 * `@onehop/swarm` for it takes 30 MB more.
 */
export class BlockTree {
  private readonly leaves: Buffer[] = []
  private block = createHash('sha256')
  private blockBytes = 0

  update(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const end = Math.min(bytes.length, from + BLOCK_BYTES - this.blockBytes)
      this.block.update(bytes.subarray(from, end))
      this.blockBytes += end - from
      if (this.blockBytes === BLOCK_BYTES) this.endBlock()
      from = end
    }
  }

  private endBlock(): void {
    this.leaves.push(this.block.digest())
    this.block = createHash('sha256')
    this.blockBytes = 0
  }

  /** The root of a tree so wide, a power of two; leaves without a block are zeros. Ends the tree. */
  root(width: number): Buffer {
    if (this.blockBytes > 0) this.endBlock()
    let layer = this.leaves
    let filler: Buffer = NO_BLOCK
    for (let nodes = width; nodes > 1; nodes /= 2) {
      const next: Buffer[] = []
      for (let i = 0; i < layer.length; i += 2) next.push(pair(layer[i]!, layer[i + 1] ?? filler))
      layer = next
      filler = pair(filler, filler)
    }
    return layer[0] ?? filler
  }
}

function pair(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(left).update(right).digest()
}
