import { BLOCK_BYTES, EXTRA_URGENT_PIECES, MAX_BUFFERED_BYTES } from '../limits.ts'
import { pieceLengthAt, type TorrentInfo } from '../metainfo/torrent-info.ts'
import { ActivePiece } from './active-piece.ts'
import { PaddingBlocks } from './padding-blocks.ts'

/** The pieces that are being put together, and their buffers. */
export class ActivePieces {
  /** Blocks of a piece of full length. */
  readonly blocksPerPiece: number
  private readonly info: TorrentInfo
  private readonly padding: PaddingBlocks
  private readonly pieces = new Map<number, ActivePiece>()
  private readonly spareBuffers: Uint8Array[] = []
  private readonly most: number

  constructor(info: TorrentInfo) {
    this.info = info
    this.padding = new PaddingBlocks(info)
    this.blocksPerPiece = Math.ceil(info.pieceLengthBytes / BLOCK_BYTES)
    this.most = Math.max(2, Math.floor(MAX_BUFFERED_BYTES / info.pieceLengthBytes))
  }

  get(index: number): ActivePiece | undefined {
    return this.pieces.get(index)
  }

  /** As they were begun. */
  values(): IterableIterator<ActivePiece> {
    return this.pieces.values()
  }

  /** Whether one more may be begun. What readers wait for has a little room of its own. */
  hasRoom(isUrgent: boolean): boolean {
    return this.pieces.size < this.most + (isUrgent ? EXTRA_URGENT_PIECES : 0)
  }

  /** @param trustsPadding whether to take padding for zeros; where that made a corrupt piece it is fetched. */
  open(index: number, trustsPadding: boolean): ActivePiece {
    const buffer = this.spareBuffers.pop() ?? this.newBuffer()
    const piece = new ActivePiece(index, pieceLengthAt(this.info, index), buffer)
    if (trustsPadding) for (const block of this.padding.blocksOf(index)) piece.fillWithZeros(block)
    this.pieces.set(index, piece)
    return piece
  }

  close(piece: ActivePiece): void {
    this.pieces.delete(piece.index)
    this.spareBuffers.push(piece.buffer)
  }

  /** Nothing will be fetched for a while. */
  releaseBuffers(): void {
    this.spareBuffers.length = 0
  }

  /** Shared memory, so that another thread can hash and write a piece without a copy. */
  private newBuffer(): Uint8Array {
    return new Uint8Array(new SharedArrayBuffer(this.info.pieceLengthBytes))
  }
}
