import { mkdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Bitfield, infoHashToHex, pieceCount, type TorrentInfo } from '@onehop/swarm'
import { type FileStamp, sameStamp } from './hash-file.ts'
import { exists, PieceStorage } from './piece-storage.ts'
import type { ReadCache } from './read-cache.ts'
import type { ResumeRecord } from './resume-store.ts'
import type { FetchTarget } from './session-types.ts'
import { SwarmError, swarmErrorOf } from './swarm-error.ts'

/** A torrent's content, opened, and the pieces of it that are known to be good. */
export interface OpenedFiles {
  readonly storage: PieceStorage
  readonly have: Bitfield
  readonly path: string
  /** Absent when the file is complete and in its place. */
  readonly partPath?: string
  readonly stamp?: FileStamp
}

/** Bytes of a part file's name before its infohash: file systems take 255 in all. */
const MAX_PART_STEM_BYTES = 200

/** The absolute path of the content. Makes the folder of `outputDir`. @throws {SwarmError} */
export async function resolveTarget(target: FetchTarget, info: TorrentInfo): Promise<string> {
  if ('outputPath' in target) return resolve(target.outputPath)
  try {
    await mkdir(target.outputDir, { recursive: true })
  } catch (error) {
    throw swarmErrorOf(error, `write to ${target.outputDir}`)
  }
  return resolve(join(target.outputDir, info.name))
}

/** Beside the target, so that finishing is a rename; with the infohash in it, so that it is nobody else's. */
export function partPathOf(path: string, info: TorrentInfo): string {
  let stem = basename(path)
  while (Buffer.byteLength(stem) > MAX_PART_STEM_BYTES) stem = Array.from(stem).slice(0, -1).join('')
  return join(dirname(path), `${stem}.${infoHashToHex(info.infohash).slice(0, 16)}.part`)
}

/**
 * Opens what a fetch writes to. A file that stands in the place already is taken if it is the content.
 * @param trusted pieces that were synced to the part file before; the rest of an existing one is hashed.
 * @throws {SwarmError} `output-exists` for any other file.
 */
export async function openForFetch(
  info: TorrentInfo,
  path: string,
  trusted: Bitfield | undefined,
  cache: ReadCache,
): Promise<OpenedFiles> {
  if (await exists(path)) return openExisting(info, path, cache)
  const partPath = partPathOf(path, info)
  const isNew = !(await exists(partPath))
  const storage = await PieceStorage.openPart(partPath, info, cache)
  const have = isNew ? new Bitfield(pieceCount(info)) : await checkPart(storage, info, trusted)
  return { storage, have, path, partPath }
}

async function checkPart(storage: PieceStorage, info: TorrentInfo, trusted?: Bitfield): Promise<Bitfield> {
  const known = trusted ?? new Bitfield(pieceCount(info))
  const unknown = Array.from(Array(known.length).keys()).filter(piece => !known.has(piece))
  const have = await storage.verify(unknown)
  for (let piece = 0; piece < known.length; piece++) if (known.has(piece)) have.set(piece)
  return have
}

async function openExisting(info: TorrentInfo, path: string, cache: ReadCache): Promise<OpenedFiles> {
  const storage = await PieceStorage.openComplete(path, info, cache)
  const stamp = await storage.readStamp()
  const have = stamp.size === info.lengthBytes ? await storage.verifyAll() : undefined
  if (have?.isFull) return { storage, have, path, stamp }
  await storage.close()
  throw new SwarmError('output-exists', `Cannot write ${path}: a different file is there already.`)
}

/** Opens a complete file whose pieces are known to be good. */
export async function openForSeed(
  info: TorrentInfo,
  path: string,
  stamp: FileStamp,
  cache: ReadCache,
): Promise<OpenedFiles> {
  const storage = await PieceStorage.openComplete(path, info, cache)
  return { storage, have: Bitfield.full(pieceCount(info)), path, stamp }
}

/**
 * Opens what a restart left. A complete file is trusted when size and time are what they were, else hashed again.
 * @throws {SwarmError} saying why it cannot be offered.
 */
export async function openRestored(record: ResumeRecord, cache: ReadCache): Promise<OpenedFiles> {
  const { info, path, partPath, stamp } = record
  if (stamp) return openRestoredSeed(info, path, stamp, cache)
  if (partPath === undefined || !((await exists(partPath)) || (await exists(path)))) {
    throw new SwarmError('not-found', `${partPath ?? path} is missing.`)
  }
  return openForFetch(info, path, record.have, cache)
}

async function openRestoredSeed(info: TorrentInfo, path: string, stamp: FileStamp, cache: ReadCache) {
  if (!(await exists(path))) throw new SwarmError('not-found', `${path} is missing.`)
  const files = await openForSeed(info, path, stamp, cache)
  const now = await files.storage.readStamp()
  if (sameStamp(now, stamp)) return files
  const have = now.size === info.lengthBytes ? await files.storage.verifyAll() : undefined
  if (have?.isFull) return { ...files, stamp: now }
  await files.storage.close()
  throw new SwarmError('file-changed', `${path} has changed since it was verified.`)
}
