import { lstat, rm, unlink } from 'node:fs/promises'
import { Bitfield, type PieceLayers, pieceCheckAt, pieceCount, type TorrentInfo } from '@onehop/swarm'
import type { ReadCache } from '../read-cache.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import { ContentFiles, type MakingOptions } from './content-files.ts'
import { slicesOfPiece, storedFiles } from './content-slices.ts'
import { ContentStorage } from './content-storage.ts'
import { FilePlaces, type Placement } from './file-places.ts'
import { continuesFrom, type FileStamp, type FileStamps, sameStamp } from './file-stamps.ts'
import { FILES_AT_ONCE } from './limits.ts'
import { existsAtAll, joined } from './safe-path.ts'
import { mendLengths, selectFiles } from './select-files.ts'
import type { HashingOptions } from './verify-pieces.ts'

/** How content is opened. */
export interface OpenOptions extends HashingOptions, MakingOptions {
  readonly placement: Placement
  readonly cache: ReadCache
  /** Of a v2 torrent: what its pieces are verified with. */
  readonly layers?: PieceLayers
  /** Of each file; default: all. */
  readonly wanted?: readonly boolean[]
  /** Pieces that were synced before, and the files as they were then. */
  readonly trusted?: Bitfield
  readonly stamps?: FileStamps
  /** What is trusted was hashed just now; whether it is on the disk is not known. */
  readonly isUnsynced?: boolean
  /** What is wanted was complete once: nothing is made. */
  readonly isFinished?: boolean
  /** Finished files that turn out to be damaged or missing are no error: they may be written again, in their place. */
  readonly mends?: boolean
}

/** Content that is open, and the pieces of it that are known to be good. */
export interface OpenContent {
  readonly storage: ContentStorage
  readonly have: Bitfield
}

/**
 * Opens content to fetch what is missing of it. What is there and was not synced before is hashed; what is missing is
 * made. A file that stands in its place already is used if it is that of the torrent.
 * @throws {SwarmError} `output-exists` when it is another, `file-changed` when it was the torrent's once, `not-found`
 *   when something is missing that was finished.
 */
export async function openContent(info: TorrentInfo, options: OpenOptions): Promise<OpenContent> {
  const places = new FilePlaces(info, options.placement)
  const files = new ContentFiles(places, options)
  const storage = new ContentStorage(files, options.cache, options.layers)
  try {
    await places.locate()
    const isLeftAlone = options.isFinished === true && options.mends !== true
    if (isLeftAlone) assertInPlace(places, options.wanted)
    await removeTwins(places)
    files.wanted = options.wanted ?? []
    const inventory = new Inventory(files, storage, options)
    const have = await inventory.take()
    if (options.mends) await allowMending(files)
    if (!isLeftAlone) await prepare(files, files.wanted, inventory.stamps)
    return { storage, have }
  } catch (error) {
    await storage.close()
    throw swarmErrorOf(error, `${options.isFinished ? 'read' : 'write'} ${options.placement.path}`)
  }
}

/** A file that was linked to its place, and the process ended before the link beside it was gone. */
async function removeTwins(places: FilePlaces): Promise<void> {
  if (!(await existsAtAll(places.roots.part))) return
  await forEachAtOnce(places.filesAt('target'), FILES_AT_ONCE, async file => {
    const part = joined(places.pathAt(file, 'part'))
    const [a, b] = await Promise.all(
      [part, joined(places.pathOf(file))].map(path => lstat(path).catch(() => undefined)),
    )
    if (a && b && a.ino === b.ino && a.dev === b.dev) await unlink(part)
  })
}

/** @throws {SwarmError} `not-found` */
function assertInPlace(places: FilePlaces, wanted: readonly boolean[] | undefined): void {
  for (const [file] of storedFiles(places.info)) {
    if (places.of(file) === 'target' || wanted?.[file] === false) continue
    throw new SwarmError('not-found', `${joined(places.pathAt(file, 'target'))} is missing.`)
  }
}

async function allowMending(files: ContentFiles): Promise<void> {
  files.isRepairing = true
  await files.keepingStamps(() => mendLengths(files))
}

/** What an interruption left shorter than it is gets its length. */
async function prepare(files: ContentFiles, wanted: readonly boolean[], stamps: FileStamps): Promise<void> {
  await selectFiles(files, wanted)
  await forEachAtOnce(files.places.filesAt('part'), FILES_AT_ONCE, async file => {
    const stamp = stamps[file]
    if (stamp && stamp.size !== files.info.files[file]!.lengthBytes) await files.complete(file)
  })
  if (files.isFinished) await rm(files.places.roots.part, { recursive: true, force: true })
}

/** Finds out which pieces are there. */
class Inventory {
  private readonly files: ContentFiles
  private readonly storage: ContentStorage
  private readonly options: OpenOptions
  /** The files as they are now. */
  readonly stamps: (FileStamp | undefined)[]

  constructor(files: ContentFiles, storage: ContentStorage, options: OpenOptions) {
    this.files = files
    this.storage = storage
    this.options = options
    this.stamps = files.info.files.map(() => undefined)
  }

  async take(): Promise<Bitfield> {
    await forEachAtOnce(storedFiles(this.files.info), FILES_AT_ONCE, ([file]) => this.look(file))
    const have = new Bitfield(pieceCount(this.files.info))
    const unknown: number[] = []
    for (let piece = 0; piece < have.length; piece++) {
      if (this.isTrusted(piece)) have.set(piece)
      else if (this.isStored(piece)) unknown.push(piece)
    }
    for (let piece = 0; piece < have.length; piece++)
      if (have.has(piece)) this.storage.markGood(piece, !this.options.isUnsynced)
    const good = await this.storage.verify(unknown, this.options)
    for (const piece of unknown) {
      if (good.has(piece)) have.set(piece)
      else this.checkNotInPlace(piece)
    }
    for (const piece of unknown) if (good.has(piece)) this.storage.markGood(piece, false)
    return have
  }

  private async look(file: number): Promise<void> {
    const { places, info } = this.files
    const place = places.of(file)
    if (place === undefined) return
    const stamp = await this.files.stampNow(file)
    this.stamps[file] = stamp
    if (place !== 'target') return
    const isOfSize = stamp?.size === info.files[file]!.lengthBytes
    if (!isOfSize && !this.options.mends) throw this.otherFile(file)
    this.files.note(file, stamp)
  }

  private otherFile(file: number): SwarmError {
    const path = this.files.places.nameOf(file)
    return this.options.stamps?.[file] === undefined
      ? new SwarmError('output-exists', `Cannot write ${path}: a different file is there already.`)
      : new SwarmError('file-changed', `${path} has changed since it was verified.`)
  }

  private isTrusted(piece: number): boolean {
    if (!this.options.trusted?.has(piece) || !this.canBeChecked(piece)) return false
    return slicesOfPiece(this.files.info, piece).every(({ fileIndex }) => this.isAsNoted(fileIndex))
  }

  private canBeChecked(piece: number): boolean {
    return pieceCheckAt(this.files.info, piece, this.options.layers) !== undefined
  }

  private isAsNoted(file: number): boolean {
    const now = this.stamps[file]
    const noted = this.options.stamps?.[file]
    const isInPlace = this.files.places.of(file) === 'target'
    if (!now) return false
    if (noted) return isInPlace ? sameStamp(now, noted) : continuesFrom(now, noted)
    // Format 1 of the resume file had no stamp of an unfinished file.
    return (
      !isInPlace && this.options.stamps === undefined && now.size === this.files.info.files[file]!.lengthBytes
    )
  }

  private isStored(piece: number): boolean {
    return slicesOfPiece(this.files.info, piece).every(
      ({ fileIndex }) => this.stamps[fileIndex] !== undefined,
    )
  }

  /** What is damaged in a finished file is not ours to overwrite, unless that was asked for. */
  private checkNotInPlace(piece: number): void {
    if (this.options.mends) return
    const inPlace = slicesOfPiece(this.files.info, piece)
      .map(({ fileIndex }) => fileIndex)
      .filter(file => this.files.places.of(file) === 'target')
    const file = inPlace.find(candidate => !this.isAsNoted(candidate)) ?? inPlace[0]
    if (file !== undefined) throw this.otherFile(file)
  }
}
