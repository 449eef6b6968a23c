import { type FileHandle, lstat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { TorrentInfo } from '@onehop/swarm'
import { syncFolder } from '../atomic-file.ts'
import { readFully, writeFully } from '../file-pieces.ts'
import { SwarmError, type SwarmErrorCode } from '../swarm-error.ts'
import { forEachAtOnce } from './at-once.ts'
import { storedFiles } from './content-slices.ts'
import { FilePlaces, type Place } from './file-places.ts'
import { type FileStamp, type FileStamps, sameStamp, stampOf } from './file-stamps.ts'
import { FILES_AT_ONCE, PREALLOCATE_BYTES } from './limits.ts'
import { type OpenFile, openFiles } from './open-files.ts'
import {
  checkFolders,
  hasCode,
  joined,
  makeFolders,
  openExisting,
  openNew,
  type RootedPath,
} from './safe-path.ts'

/** How files are made. */
export interface MakingOptions {
  /** Takes the room on the disk at once. */
  readonly preallocate?: boolean
  /** Stops that. */
  readonly signal?: AbortSignal
}

let contents = 0

/** The files of one torrent: opened when they are needed, made where they are missing, synced when they were written. */
export class ContentFiles {
  places: FilePlaces
  readonly info: TorrentInfo
  /** Whether files in their place may be written, because what is there is damaged. */
  isRepairing = false
  /** Of each file; what is not said of is wanted. */
  wanted: readonly boolean[] = []
  private readonly options: MakingOptions
  /** As they were when they were last known to be good. */
  private readonly stamps: (FileStamp | undefined)[]
  private readonly dirty = new Set<number>()
  /** How often writing into each file that is mended in its place was begun, and ended. */
  private readonly mending = new Map<number, { begun: number; ended: number }>()
  private readonly changedFolders = new Set<string>()
  /** That they are no links is checked again whenever a file is opened. */
  private readonly madeFolders = new Set<string>()
  private readonly taken = new Set<string>()
  /** Open files are not shared with other torrents: what stands at a path may not be what they have open. */
  private readonly owner = contents++

  constructor(places: FilePlaces, options: MakingOptions) {
    this.places = places
    this.info = places.info
    this.options = options
    this.stamps = places.info.files.map(() => undefined)
  }

  isWanted(file: number): boolean {
    return this.wanted[file] ?? true
  }

  /** Whether everything that is wanted is in its place. */
  get isFinished(): boolean {
    return this.hasInPlace(this.wanted)
  }

  /** @param wanted of each file; what is not said of is wanted. */
  hasInPlace(wanted: readonly boolean[]): boolean {
    return storedFiles(this.info).every(
      ([file]) => wanted[file] === false || this.places.of(file) === 'target',
    )
  }

  // Opening

  isWritable(file: number): boolean {
    return this.isRepairing || this.places.of(file) !== 'target'
  }

  /** For writing, what is nowhere is made. To be given back with {@link release}. */
  take(file: number, isForWriting: boolean): Promise<OpenFile> {
    const place = this.places.of(file)
    if (place === undefined) return this.takeNew(file, this.isWanted(file) ? 'part' : 'aside')
    const path = this.places.pathOf(file)
    const isWritable = isForWriting && this.isWritable(file)
    return this.takeAt(path, isWritable, () => openExisting(path, isWritable))
  }

  private takeNew(file: number, place: Place): Promise<OpenFile> {
    return this.takeAt(this.places.pathAt(file, place), true, () => this.make(file, place))
  }

  private takeAt(path: RootedPath, isWritable: boolean, open: () => Promise<FileHandle>): Promise<OpenFile> {
    const key = `${this.owner} ${isWritable ? 'write' : 'read'} ${joined(path)}`
    this.taken.add(key)
    return openFiles.take(key, open)
  }

  /** For writing. Each to be given back with {@link release}. */
  async takeAll(files: readonly number[]): Promise<OpenFile[]> {
    const taking = await Promise.allSettled(files.map(file => this.take(file, true)))
    const failed = taking.find(result => result.status === 'rejected')
    const taken = taking.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
    if (!failed) return taken
    for (const file of taken) this.release(file)
    throw failed.reason
  }

  release(file: OpenFile): void {
    openFiles.release(file)
  }

  private async using<T>(
    file: number,
    isForWriting: boolean,
    use: (handle: FileHandle) => Promise<T>,
  ): Promise<T> {
    const open = await this.take(file, isForWriting)
    try {
      return await use(open.handle)
    } finally {
      this.release(open)
    }
  }

  /** Closes what is open; what is needed afterwards is opened anew. */
  async close(): Promise<void> {
    const keys = [...this.taken]
    this.taken.clear()
    this.madeFolders.clear()
    await Promise.all(keys.map(key => openFiles.close(key)))
  }

  // Making

  /**
   * Makes what must be there before anything is fetched: the folder, so that it is known to be possible, and the files
   * themselves only where their room is to be taken. The others are made as their pieces arrive.
   */
  async prepare(): Promise<void> {
    if (this.isFinished) return
    const isEager = this.options.preallocate || this.info.isSingleFile
    if (isEager) return this.makeWanted(() => true)
    const root = { root: this.places.roots.part, below: [''] }
    for (const folder of await makeFolders(root)) this.changedFolders.add(folder)
  }

  /** Those that no piece brings. */
  makeEmpty(): Promise<void> {
    return this.makeWanted(lengthBytes => lengthBytes === 0)
  }

  private async makeWanted(isMeant: (lengthBytes: number) => boolean): Promise<void> {
    await forEachAtOnce(storedFiles(this.info), FILES_AT_ONCE, async ([file, { lengthBytes }]) => {
      const isMissing = this.places.of(file) === undefined && this.isWanted(file)
      if (isMissing && isMeant(lengthBytes)) this.release(await this.takeNew(file, 'part'))
    })
  }

  /** Makes a file that is nowhere: sparse, or with its room taken; one set aside has no length of its own. */
  private async make(file: number, place: Place): Promise<FileHandle> {
    const path = this.places.pathAt(file, place)
    const { lengthBytes, isExecutable } = this.info.files[file]!
    for (const folder of await makeFolders(path, this.madeFolders)) this.changedFolders.add(folder)
    const handle = await openNew(path, isExecutable ? 0o777 : 0o666)
    try {
      if (place === 'part') await this.extend(handle, lengthBytes)
    } catch (error) {
      await handle.close()
      // Half of the room is of no use to anybody.
      await unlink(joined(path)).catch(() => {})
      throw error
    }
    this.places.set(file, place)
    this.changedFolders.add(dirname(joined(path)))
    return handle
  }

  /** Finds out anew where files are, and how: somebody may have moved, removed or changed them. */
  async locateAgain(): Promise<void> {
    await this.close()
    const places = new FilePlaces(this.info, this.places.placement)
    await places.locate()
    this.places = places
    for (const [file, stamp] of (await this.stampsNow()).entries()) this.stamps[file] = stamp
  }

  /** Gives an unfinished file its full length. */
  async complete(file: number): Promise<void> {
    await this.using(file, true, handle => this.extend(handle, this.info.files[file]!.lengthBytes))
    // It has another time of change now, also where it had its length.
    this.needsSync(file)
  }

  private async extend(handle: FileHandle, lengthBytes: number): Promise<void> {
    if (this.options.preallocate) await takeRoom(handle, lengthBytes, this.options.signal)
    await handle.truncate(lengthBytes)
  }

  // Reading and writing

  /** Fills the buffer. What is stored nowhere is zeros. @throws {SwarmError} `file-changed` */
  async read(file: number, position: number, buffer: Uint8Array): Promise<void> {
    const place = this.places.of(file)
    if (place === undefined) return void buffer.fill(0)
    const read = await this.using(file, false, async handle => {
      const noted = place === 'target' ? this.stamps[file] : undefined
      const bytes = await readFully(handle, buffer, position)
      const now = noted && stampOf(await handle.stat({ bigint: true }))
      // What we write ourselves meanwhile is no change.
      if (noted && now && !sameStamp(noted, now) && this.stamps[file] === noted) {
        throw this.changed(file, 'has changed since it was verified')
      }
      return bytes
    })
    if (read === buffer.length) return
    if (place !== 'aside') throw this.changed(file, 'is shorter than it was')
    buffer.fill(0, read)
  }

  private changed(file: number, how: string, code: SwarmErrorCode = 'file-changed'): SwarmError {
    return new SwarmError(code, `${this.places.nameOf(file)} ${how}.`)
  }

  needsSync(file: number): void {
    this.dirty.add(file)
  }

  /** Somebody begins to write into the file: where that is in its place, how it is now says nothing any more. */
  beginWriting(file: number): void {
    if (this.places.of(file) !== 'target') return
    const { begun, ended } = this.mendingOf(file)
    this.mending.set(file, { begun: begun + 1, ended })
    this.stamps[file] = undefined
  }

  endWriting(file: number): void {
    if (this.places.of(file) !== 'target') return
    const { begun, ended } = this.mendingOf(file)
    this.mending.set(file, { begun, ended: ended + 1 })
  }

  private mendingOf(file: number): { readonly begun: number; readonly ended: number } {
    return this.mending.get(file) ?? { begun: 0, ended: 0 }
  }

  // Syncing

  /** What was written is on the disk when this resolves. @throws when it may not be; it is tried again then. */
  async sync(): Promise<void> {
    const files = [...this.dirty]
    const folders = [...this.changedFolders]
    this.dirty.clear()
    this.changedFolders.clear()
    try {
      await forEachAtOnce(files, FILES_AT_ONCE, file => this.syncFile(file))
      await forEachAtOnce(folders, FILES_AT_ONCE, syncFolder)
    } catch (error) {
      for (const file of files) this.dirty.add(file)
      for (const folder of folders) this.changedFolders.add(folder)
      throw error
    }
  }

  private async syncFile(file: number): Promise<void> {
    const isOurs = this.isWritable(file)
    const { begun, ended } = this.mendingOf(file)
    await this.using(file, true, async handle => {
      const stamp = stampOf(await handle.stat({ bigint: true }))
      await handle.datasync().catch(error => {
        // Where we may only read, some systems do not let us sync either.
        if (isOurs) throw error
      })
      // Of somebody else's, what counts is how it was when it was verified; of one that is being mended, how it is at rest.
      const isAtRest = begun === ended && begun === this.mendingOf(file).begun
      if (isOurs && isAtRest) this.stamps[file] = stamp
    })
  }

  // Stamps

  get notedStamps(): FileStamps {
    return [...this.stamps]
  }

  note(file: number, stamp: FileStamp | undefined): void {
    this.stamps[file] = stamp
  }

  /** Nobody took a file away, or put something in its place, while it was open. @throws {SwarmError} */
  async assertWhole(place: Place): Promise<void> {
    await forEachAtOnce(this.places.filesAt(place), FILES_AT_ONCE, async file => {
      await checkFolders(this.places.pathOf(file))
      const size = (await this.stampNow(file))?.size
      if (size === undefined) throw this.changed(file, 'is missing', 'not-found')
      if (size !== this.info.files[file]!.lengthBytes) throw this.changed(file, 'is not as it was written')
    })
  }

  /** Does something that may give files new stamps, though not new bytes. One that somebody changed stays found out. */
  async keepingStamps(action: () => Promise<void>): Promise<void> {
    const before = await this.stampsNow()
    await action()
    const after = await this.stampsNow()
    for (const file of this.places.filesAt('target')) {
      const noted = this.stamps[file]
      const was = before[file]
      if (!noted || (was && sameStamp(noted, was))) this.stamps[file] = after[file]
    }
  }

  /** Of all files that are somewhere, as they are now. */
  async stampsNow(): Promise<FileStamps> {
    const stamps: (FileStamp | undefined)[] = this.info.files.map(() => undefined)
    await forEachAtOnce(storedFiles(this.info), FILES_AT_ONCE, async ([file]) => {
      if (this.places.of(file) !== undefined) stamps[file] = await this.stampNow(file)
    })
    return stamps
  }

  /** Whether all that is in its place is as it was when it was last known to be good. */
  async isAsNoted(): Promise<boolean> {
    const now = await this.stampsNow()
    return this.places.filesAt('target').every(file => {
      const [noted, stamp] = [this.stamps[file], now[file]]
      return noted === undefined || (stamp !== undefined && sameStamp(noted, stamp))
    })
  }

  /** As the file is now; undefined when it is not there. */
  async stampNow(file: number): Promise<FileStamp | undefined> {
    try {
      return stampOf(await lstat(joined(this.places.pathOf(file)), { bigint: true }))
    } catch (error) {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined
      throw error
    }
  }
}

async function takeRoom(handle: FileHandle, lengthBytes: number, signal?: AbortSignal): Promise<void> {
  const zeros = new Uint8Array(Math.min(PREALLOCATE_BYTES, lengthBytes))
  let { size } = await handle.stat()
  while (size < lengthBytes) {
    if (signal?.aborted) throw new SwarmError('aborted', 'Taking the room on the disk was stopped.')
    const bytes = zeros.subarray(0, Math.min(zeros.length, lengthBytes - size))
    await writeFully(handle, bytes, size)
    size += bytes.length
  }
}
