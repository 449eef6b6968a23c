import { type Bitfield, type BlockRange, filesOfPiece, pieceLengthAt, type TorrentInfo } from '@onehop/swarm'
import type { ContentRecord } from '../resume/resume-record.ts'
import type { ContentStorage } from '../storage/content-storage.ts'
import type { OpenContent } from '../storage/open-content.ts'

/** The files of one torrent, while they are open. */
export class TorrentContent {
  readonly storage: ContentStorage
  /** Pieces that were good when the files were opened. */
  readonly found: Bitfield
  /** Whether all that is wanted is in its place. */
  isFinished: boolean
  /** Pieces being verified or written. */
  storing = 0
  private readonly info: TorrentInfo
  private counted = { pieces: 0, bytes: 0 }

  /** @param isComplete whether all that is wanted was found. */
  constructor({ storage, have }: OpenContent, isComplete: boolean) {
    this.storage = storage
    this.info = storage.info
    this.found = have
    this.isFinished = isComplete && storage.partPath === undefined
  }

  /** Where the content is, or will be. */
  get path(): string {
    return this.storage.path
  }

  /** A block's bytes; asking is reading ahead. */
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array> {
    return this.storage.readBlock(range)
  }

  /** @returns what became of the piece. @throws {SwarmError} when it cannot be written. */
  async writePiece(piece: number, bytes: Uint8Array): Promise<'stored' | 'corrupt'> {
    this.storing++
    try {
      return await this.storage.writePiece(piece, bytes)
    } finally {
      this.storing--
    }
  }

  /**
   * All that is wanted is stored: it takes its place.
   * @param wanted of each file; asked at the end, for more may be wanted then.
   * @returns whether it has just done so. @throws {SwarmError}
   */
  async finish(wanted: () => readonly boolean[]): Promise<boolean> {
    await this.storage.finish()
    const wasFinished = this.isFinished
    this.isFinished = this.storage.hasInPlace(wanted())
    return this.isFinished && !wasFinished
  }

  /** What may be noted of it, once it is on the disk. @throws {SwarmError} */
  async record(): Promise<ContentRecord> {
    const have = await this.storage.sync()
    const { placement, stamps } = this.storage
    return { placement, isFinished: this.isFinished, have, stamps }
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  /** Bytes of files, without padding, in the pieces of the set; a torrent has only one, which only grows. */
  bytesIn(have: Bitfield): number {
    const { info, counted } = this
    if (have.count === counted.pieces) return counted.bytes
    const hasPadding = info.contentBytes < info.lengthBytes
    let bytes = 0
    for (let piece = 0; piece < have.length; piece++) {
      if (have.has(piece)) bytes += hasPadding ? storedBytesOf(info, piece) : pieceLengthAt(info, piece)
    }
    this.counted = { pieces: have.count, bytes }
    return bytes
  }

  /** Closes, and deletes what is unfinished, and with `everything` what is finished too. @throws {SwarmError} */
  async delete(everything: boolean): Promise<void> {
    if (everything) await this.storage.removeAll()
    else await this.storage.removeUnfinished()
  }
}

function storedBytesOf(info: TorrentInfo, piece: number): number {
  return filesOfPiece(info, piece).reduce(
    (sum, { file, lengthBytes }) => sum + (file.isPadding ? 0 : lengthBytes),
    0,
  )
}
