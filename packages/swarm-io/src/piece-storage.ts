import { constants } from 'node:fs'
import { type FileHandle, link, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { equalBytes } from '@onehop/primitives'
import { Bitfield, type BlockRange, pieceCount, pieceHashAt, type TorrentInfo } from '@onehop/swarm'
import { syncFolder } from './atomic-file.ts'
import { hashPieces, readFully, unfilledBytes, writeFully } from './file-pieces.ts'
import { type FileStamp, sameStamp, stampOf } from './hash-file.ts'
import { READ_CHUNK_BYTES } from './limits.ts'
import { sha1OnThread } from './piece-hash.ts'
import type { ReadCache } from './read-cache.ts'
import { SwarmError, swarmErrorOf } from './swarm-error.ts'

/** The pieces of one torrent in one file. */
export class PieceStorage {
  /** Where the file is now: the part file until {@link finish}. */
  path: string
  private readonly info: TorrentInfo
  private readonly file: FileHandle
  private readonly cache: ReadCache
  /** Set once the file is complete: from then on, a change of it is somebody else's. */
  private stamp: FileStamp | undefined

  private constructor(path: string, info: TorrentInfo, file: FileHandle, cache: ReadCache) {
    this.path = path
    this.info = info
    this.file = file
    this.cache = cache
  }

  /** Opens a complete file for reading only. @throws {SwarmError} when it is missing or has another size. */
  static async openComplete(path: string, info: TorrentInfo, cache: ReadCache): Promise<PieceStorage> {
    try {
      const storage = new PieceStorage(path, info, await open(path, 'r'), cache)
      storage.stamp = await storage.readStamp()
      return storage
    } catch (error) {
      throw swarmErrorOf(error, `read ${path}`)
    }
  }

  /** Opens the part file, or makes it: sparse, at its full length. */
  static async openPart(path: string, info: TorrentInfo, cache: ReadCache): Promise<PieceStorage> {
    try {
      const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o644)
      const storage = new PieceStorage(path, info, file, cache)
      await file.truncate(info.lengthBytes)
      return storage
    } catch (error) {
      throw swarmErrorOf(error, `write ${path}`)
    }
  }

  async readStamp(): Promise<FileStamp> {
    return stampOf(await this.file.stat({ bigint: true }))
  }

  /** Hashes pieces. @returns those that are as they should be. */
  async verify(pieces: Iterable<number>): Promise<Bitfield> {
    const good = new Bitfield(pieceCount(this.info))
    await hashPieces(this.file, this.info, pieces, (piece, hash) => {
      if (hash && equalBytes(hash, pieceHashAt(this.info, piece))) good.set(piece)
    })
    return good
  }

  /** Hashes everything. */
  verifyAll(): Promise<Bitfield> {
    return this.verify(Array(pieceCount(this.info)).keys())
  }

  /** Verifies a piece and writes it. @returns false when it is corrupt. @throws {SwarmError} */
  async writePiece(piece: number, bytes: Uint8Array): Promise<boolean> {
    if (!equalBytes(await sha1OnThread(bytes), pieceHashAt(this.info, piece))) return false
    const position = piece * this.info.pieceLengthBytes
    try {
      await writeFully(this.file, bytes, position)
    } catch (error) {
      throw swarmErrorOf(error, `write ${this.path}`)
    }
    this.invalidate(position, bytes.length)
    return true
  }

  private invalidate(position: number, length: number): void {
    const last = Math.floor((position + length - 1) / READ_CHUNK_BYTES)
    for (let chunk = Math.floor(position / READ_CHUNK_BYTES); chunk <= last; chunk++) {
      this.cache.invalidate(this.chunkKey(chunk))
    }
  }

  private chunkKey(chunk: number): string {
    return `${chunk}@${this.path}`
  }

  /** A block's bytes: a view of a chunk that is kept for the blocks beside it. @throws {SwarmError} */
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array> {
    const position = range.piece * this.info.pieceLengthBytes + range.begin
    const chunk = Math.floor(position / READ_CHUNK_BYTES)
    const start = position - chunk * READ_CHUNK_BYTES
    if (start + range.length > READ_CHUNK_BYTES) return this.read(position, range.length)
    const bytes = this.cache.get(this.chunkKey(chunk), () => this.readChunk(chunk))
    if (bytes instanceof Uint8Array) return bytes.subarray(start, start + range.length)
    return bytes.then(read => read.subarray(start, start + range.length))
  }

  private readChunk(chunk: number): Promise<Uint8Array> {
    const position = chunk * READ_CHUNK_BYTES
    return this.read(position, Math.min(READ_CHUNK_BYTES, this.info.lengthBytes - position))
  }

  private async read(position: number, length: number): Promise<Uint8Array> {
    try {
      await this.checkUnchanged()
      const bytes = unfilledBytes(length)
      if ((await readFully(this.file, bytes, position)) === length) return bytes
    } catch (error) {
      throw swarmErrorOf(error, `read ${this.path}`)
    }
    throw new SwarmError('file-changed', `${this.path} is shorter than it was.`)
  }

  /** What was changed would be corrupt for those who fetch it, and they would ban us. */
  private async checkUnchanged(): Promise<void> {
    if (this.stamp === undefined || sameStamp(this.stamp, await this.readStamp())) return
    throw new SwarmError('file-changed', `${this.path} has changed since it was verified.`)
  }

  /** Everything written so far is on the disk when this resolves. */
  async sync(): Promise<void> {
    try {
      await this.file.datasync()
    } catch (error) {
      throw swarmErrorOf(error, `write ${this.path}`)
    }
  }

  /** The part file becomes the file. Never replaces another. @throws {SwarmError} `output-exists` */
  async finish(path: string): Promise<FileStamp> {
    await this.sync()
    try {
      await moveWithoutReplacing(this.path, path)
    } catch (error) {
      throw swarmErrorOf(error, `write ${path}`)
    }
    this.path = path
    this.stamp = await this.readStamp()
    return this.stamp
  }

  async close(): Promise<void> {
    await this.file.close()
  }
}

/** A hard link fails where a rename would replace; not all file systems have links. */
async function moveWithoutReplacing(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
    await unlink(from)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') throw error
    if (await exists(to)) throw Object.assign(new Error('exists'), { code: 'EEXIST' })
    await rename(from, to)
  }
  await syncFolder(dirname(to))
}

/** Whether there is something at the path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
