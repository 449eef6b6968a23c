import {
  type BlockRange,
  pieceCount,
  pieceLengthAt,
  requestableLengthAt,
  type TorrentInfo,
} from '@onehop/swarm'
import { READ_CHUNK_BYTES } from '../limits.ts'
import type { ReadCache } from '../read-cache.ts'

/** Reads a range of the stream of pieces, into the memory where some is given. */
type ReadRange = (position: number, length: number, memory?: Uint8Array) => Promise<Uint8Array>

let torrents = 0

/** The chunks in which a torrent's pieces are read: one is kept for the blocks beside each other. */
export class ContentChunks {
  private readonly info: TorrentInfo
  private readonly cache: ReadCache
  private readonly read: ReadRange
  private readonly name = `@${torrents++}`

  constructor(info: TorrentInfo, cache: ReadCache, read: ReadRange) {
    this.info = info
    this.cache = cache
    this.read = read
  }

  /** A view of a chunk: it holds until the next turn of the event loop. */
  block(range: BlockRange): Uint8Array | Promise<Uint8Array> {
    const position = range.piece * this.info.pieceLengthBytes + range.begin
    const chunk = Math.floor(position / READ_CHUNK_BYTES)
    const start = position - chunk * READ_CHUNK_BYTES
    if (start + range.length > READ_CHUNK_BYTES) return this.read(position, range.length)
    const bytes = this.cache.get(this.keyOf(chunk), memory => this.readChunk(chunk, memory))
    if (bytes instanceof Uint8Array) return bytes.subarray(start, start + range.length)
    return bytes.then(read => read.subarray(start, start + range.length))
  }

  private keyOf(chunk: number): string {
    return `${chunk}${this.name}`
  }

  private readChunk(chunk: number, memory: Uint8Array): Promise<Uint8Array> {
    const position = chunk * READ_CHUNK_BYTES
    const length = Math.min(READ_CHUNK_BYTES, this.readableBytes - position)
    return this.read(position, length, memory.subarray(0, length))
  }

  /** What is after the end of a file of v2, in its last piece, is zeros for whoever asks. */
  private get readableBytes(): number {
    const last = pieceCount(this.info) - 1
    return last < 0 ? 0 : last * this.info.pieceLengthBytes + requestableLengthAt(this.info, last)
  }

  /** The piece has changed. */
  invalidate(piece: number): void {
    const position = piece * this.info.pieceLengthBytes
    const last = Math.floor((position + pieceLengthAt(this.info, piece) - 1) / READ_CHUNK_BYTES)
    for (let chunk = Math.floor(position / READ_CHUNK_BYTES); chunk <= last; chunk++) {
      this.cache.invalidate(this.keyOf(chunk))
    }
  }
}
