import type { BigIntStats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename } from 'node:path'
import {
  checkFileName,
  choosePieceLength,
  createInfo,
  PIECE_HASH_BYTES,
  pieceCountOf,
  type TorrentInfo,
} from '@onehop/swarm'
import { hashPieces } from './file-pieces.ts'
import { sha1Now } from './piece-hash.ts'
import type { SeedOptions } from './session-types.ts'
import { SwarmError, swarmErrorOf } from './swarm-error.ts'

/** What tells a file that was changed: its size and the time of its last change. */
export interface FileStamp {
  readonly size: number
  readonly mtimeNs: bigint
}

/** The stamp in what the system tells of a file. */
export function stampOf(stats: BigIntStats): FileStamp {
  return { size: Number(stats.size), mtimeNs: stats.mtimeNs }
}

/** Whether the file is as it was, as far as size and time tell. */
export function sameStamp(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs
}

/**
 * Describes a file as a torrent.
 * @throws {SwarmError} when it cannot be read, its name cannot be published, or it changes meanwhile.
 */
export async function hashFile(
  path: string,
  options: SeedOptions,
): Promise<{ readonly info: TorrentInfo; readonly stamp: FileStamp }> {
  const name = options.name ?? basename(path)
  const verdict = checkFileName(name)
  if (!verdict.ok)
    throw new SwarmError('bad-name', `Cannot publish ${path}: ${verdict.detail ?? verdict.code}.`)
  let file: FileHandle | undefined
  try {
    file = await open(path, 'r')
    return await hashOpenFile(file, path, name, options)
  } catch (error) {
    throw swarmErrorOf(error, `publish ${path}`)
  } finally {
    await file?.close()
  }
}

async function hashOpenFile(file: FileHandle, path: string, name: string, options: SeedOptions) {
  const stats = await file.stat({ bigint: true })
  if (!stats.isFile()) throw new SwarmError('not-a-file', `Cannot publish ${path}: it is not a regular file.`)
  const stamp = stampOf(stats)
  const pieceLengthBytes = options.pieceLengthBytes ?? choosePieceLength(stamp.size)
  const layout = { lengthBytes: stamp.size, pieceLengthBytes }
  const pieceHashes = await hashAll(file, layout, options)
  if (!sameStamp(stamp, stampOf(await file.stat({ bigint: true })))) {
    throw new SwarmError('file-changed', `Cannot publish ${path}: it changed while it was read.`)
  }
  const info = createInfo({ name, ...layout, pieceHashes }, sha1Now)
  if (!info.ok) throw new SwarmError('bad-metainfo', `Cannot publish ${path}: ${info.detail ?? info.code}.`)
  return { info: info.value, stamp }
}

async function hashAll(
  file: FileHandle,
  layout: { lengthBytes: number; pieceLengthBytes: number },
  options: SeedOptions,
): Promise<Uint8Array> {
  const pieces = pieceCountOf(layout.lengthBytes, layout.pieceLengthBytes)
  const hashes = new Uint8Array(pieces * PIECE_HASH_BYTES)
  let done = 0
  const onHash = (piece: number, hash: Uint8Array | undefined) => {
    if (!hash) throw new SwarmError('file-changed', 'the file became shorter while it was read')
    hashes.set(hash, piece * PIECE_HASH_BYTES)
    done++
    options.onProgress?.(Math.min(done * layout.pieceLengthBytes, layout.lengthBytes), layout.lengthBytes)
  }
  await hashPieces(file, layout, Array(pieces).keys(), onHash, options.signal)
  return hashes
}
