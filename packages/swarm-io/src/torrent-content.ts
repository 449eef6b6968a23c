import { rm } from 'node:fs/promises'
import { type Bitfield, type BlockRange, pieceLengthAt, type TorrentInfo } from '@onehop/swarm'
import type { PieceStorage } from './piece-storage.ts'
import { swarmErrorOf } from './swarm-error.ts'
import type { OpenedFiles } from './torrent-files.ts'

/** The files of one torrent, while they are open: what is written, synced, finished, and let go of. */
export class TorrentContent {
  private readonly info: TorrentInfo
  private files: OpenedFiles
  /** Pieces being verified or written. */
  storing = 0

  constructor(info: TorrentInfo, files: OpenedFiles) {
    this.info = info
    this.files = files
  }

  private get storage(): PieceStorage {
    return this.files.storage
  }

  /** Where the content is, or will be. */
  get path(): string {
    return this.files.path
  }

  /** Absent when everything that is wanted is in its place. */
  get partPath(): string | undefined {
    return this.files.partPath
  }

  get stamp() {
    return this.files.stamp
  }

  /** Pieces that were good when the files were opened. */
  get have(): Bitfield {
    return this.files.have
  }

  get isFinished(): boolean {
    return this.files.partPath === undefined
  }

  /** A block's bytes; asking is reading ahead. */
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array> {
    return this.storage.readBlock(range)
  }

  /** @returns what became of the piece. @throws {SwarmError} when it cannot be written. */
  async writePiece(piece: number, bytes: Uint8Array): Promise<'stored' | 'corrupt'> {
    this.storing++
    try {
      return (await this.storage.writePiece(piece, bytes)) ? 'stored' : 'corrupt'
    } finally {
      this.storing--
    }
  }

  /** What was written is on the disk when this resolves. @throws {SwarmError} */
  async sync(): Promise<void> {
    if (!this.isFinished) await this.storage.sync()
  }

  /** All that is wanted is stored: it takes its place. @throws {SwarmError} */
  async finish(): Promise<void> {
    if (this.isFinished) return
    const stamp = await this.storage.finish(this.path)
    const { partPath: _, ...files } = this.files
    this.files = { ...files, stamp }
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  /** Deletes what is unfinished, and with `everything` what is finished too. Close it first. @throws {SwarmError} */
  async delete(everything: boolean): Promise<void> {
    const doomed = this.partPath ?? (everything ? this.path : undefined)
    if (doomed === undefined) return
    try {
      await rm(doomed, { force: true, recursive: true })
    } catch (error) {
      throw swarmErrorOf(error, `remove ${doomed}`)
    }
  }

  /** Bytes of the pieces in the set. */
  bytesOf(have: Bitfield): number {
    const last = have.length - 1
    const missing =
      last >= 0 && have.has(last) ? this.info.pieceLengthBytes - pieceLengthAt(this.info, last) : 0
    return have.count * this.info.pieceLengthBytes - missing
  }
}
