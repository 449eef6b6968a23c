import { BLOCK_BYTES } from '../limits.ts'
import { pieceLengthAt, type TorrentInfo } from '../metainfo/torrent-info.ts'

/** Blocks that lie wholly in padding (BEP 47): zeros, so that nobody needs to send them. */
export class PaddingBlocks {
  private readonly info: TorrentInfo
  /** Padding in the stream of pieces, in order: where each begins and ends. */
  private readonly starts: number[] = []
  private readonly ends: number[] = []

  constructor(info: TorrentInfo) {
    this.info = info
    for (const { isPadding, offsetBytes, lengthBytes } of info.files) {
      if (!isPadding || lengthBytes === 0) continue
      this.starts.push(offsetBytes)
      this.ends.push(offsetBytes + lengthBytes)
    }
  }

  blocksOf(piece: number): number[] {
    const blocks: number[] = []
    const base = piece * this.info.pieceLengthBytes
    const length = pieceLengthAt(this.info, piece)
    for (let i = this.firstEndingAfter(base); i < this.starts.length; i++) {
      const from = Math.max(0, this.starts[i]! - base)
      if (from >= length) break
      const to = Math.min(length, this.ends[i]! - base)
      const end = to === length ? Math.ceil(to / BLOCK_BYTES) : Math.floor(to / BLOCK_BYTES)
      for (let block = Math.ceil(from / BLOCK_BYTES); block < end; block++) blocks.push(block)
    }
    return blocks
  }

  private firstEndingAfter(offset: number): number {
    let low = 0
    let high = this.ends.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.ends[middle]! > offset) high = middle
      else low = middle + 1
    }
    return low
  }
}
