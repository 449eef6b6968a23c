import {
  Bitfield,
  type BlockRange,
  type PieceLayers,
  pieceCheckAt,
  pieceCount,
  pieceLengthAt,
  piecesOfFile,
  type TorrentInfo,
} from '@onehop/swarm'
import type { ReadCache } from '../read-cache.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import { ContentChunks } from './content-chunks.ts'
import type { ContentFiles } from './content-files.ts'
import { slicesOfPiece } from './content-slices.ts'
import { copyContent } from './copy-content.ts'
import type { FilePlaces, Placement } from './file-places.ts'
import { type FileStamps, sameStamp } from './file-stamps.ts'
import { finishContent } from './finish-files.ts'
import { Gate } from './gate.ts'
import type { StoreReply } from './piece-jobs.ts'
import { readRange } from './read-range.ts'
import { relocateContent } from './relocate-files.ts'
import { removeFinished, removeUnfinished } from './remove-files.ts'
import { renamedPlacement } from './renamed-files.ts'
import { joined } from './safe-path.ts'
import { mendLengths, selectFiles } from './select-files.ts'
import { storePiece } from './store-piece.ts'
import { type HashingOptions, verifyPieces } from './verify-pieces.ts'

/** Notes where content is, or is about to be; `former` is where it may still be. */
export type NotePlacement = (placement: Placement, former?: Placement) => Promise<void>

/**
 * The pieces of one torrent in its files. What is unfinished stands beside the target, and becomes the target in one
 * step; nothing is ever replaced.
 */
export class ContentStorage {
  readonly info: TorrentInfo
  private readonly files: ContentFiles
  private readonly chunks: ContentChunks
  private readonly layers: PieceLayers | undefined
  private readonly gate = new Gate()
  private readonly synced: Bitfield
  private readonly unsynced = new Set<number>()
  /** Pieces that a failed sync may have lost: the system does not say which, and does not try again. */
  private readonly doubtful = new Set<number>()
  private syncing: Promise<void> = Promise.resolve()
  private relocating: Promise<void> = Promise.resolve()
  private isClosed = false

  /** Use {@link openContent}. */
  constructor(files: ContentFiles, cache: ReadCache, layers: PieceLayers | undefined) {
    this.info = files.info
    this.files = files
    this.chunks = new ContentChunks(files.info, cache, (...range) => this.read(...range))
    this.layers = layers
    this.synced = new Bitfield(pieceCount(files.info))
  }

  private get places(): FilePlaces {
    return this.files.places
  }

  /** Where the content is, or will be. */
  get path(): string {
    return this.places.placement.path
  }

  /** Where files that are wanted are being fetched to; undefined when all are in their place. */
  get partPath(): string | undefined {
    return this.files.isFinished ? undefined : this.places.roots.part
  }

  /** Whether all these files are in their place. @param wanted of each file; what is not said of is wanted. */
  hasInPlace(wanted: readonly boolean[]): boolean {
    return this.files.hasInPlace(wanted)
  }

  /** Names that files were given here. */
  get placement(): Placement {
    return this.places.placement
  }

  /** Of every file as it was when it was last synced or verified. */
  get stamps(): FileStamps {
    return this.files.notedStamps
  }

  /** Whether what is in its place is as it was when it was last synced or verified, as far as size and time tell. */
  isAsNoted(): Promise<boolean> {
    return this.files.isAsNoted()
  }

  /** Pieces that are on the disk for sure. */
  get noted(): Bitfield {
    return this.synced.copy()
  }

  /** A piece is known to be good; it is noted only when it is known to be on the disk, too. */
  markGood(piece: number, isSynced: boolean): void {
    if (isSynced) {
      this.synced.set(piece)
      return
    }
    this.unsynced.add(piece)
    for (const { fileIndex } of slicesOfPiece(this.info, piece)) this.files.needsSync(fileIndex)
  }

  /** Verifies a piece and writes it. @throws {SwarmError} */
  async writePiece(piece: number, bytes: Uint8Array): Promise<'stored' | 'corrupt'> {
    return this.gate.together(async () => {
      this.assertOpen()
      const outcome = await this.store(piece, bytes).catch((error: unknown) => {
        throw swarmErrorOf(error, `write ${this.path}`)
      })
      if (outcome === 'corrupt') return outcome
      if (outcome === 'different') {
        throw new SwarmError('output-exists', `Cannot write ${this.path}: a different file is there already.`)
      }
      this.unsynced.add(piece)
      this.doubtful.delete(piece)
      this.chunks.invalidate(piece)
      return 'stored'
    })
  }

  private async store(piece: number, bytes: Uint8Array): Promise<Exclude<StoreReply, 'inconsistent'>> {
    const check = pieceCheckAt(this.info, piece, this.layers)
    if (!check) throw new SwarmError('bad-metainfo', `The hashes of ${this.path} are not known yet.`)
    const outcome = await storePiece(this.files, piece, bytes, check)
    if (outcome !== 'inconsistent') return outcome
    // libtorrent stops such a torrent, too. To fetch the piece again would bring the same, from whomever.
    throw new SwarmError(
      'bad-metainfo',
      `${this.info.name} contradicts itself: piece ${piece} cannot be right by its SHA-1 and by its SHA-256.`,
    )
  }

  // Reading

  /** A block's bytes: a view that holds until the next turn of the event loop. @throws {SwarmError} */
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array> {
    return this.chunks.block(range)
  }

  private read(position: number, length: number, memory?: Uint8Array): Promise<Uint8Array> {
    return this.gate.together(async () => {
      this.assertOpen()
      this.assertStored(position, position + length)
      try {
        return await readRange(this.files, position, length, memory)
      } catch (error) {
        throw swarmErrorOf(error, `read ${this.path}`)
      }
    })
  }

  /** Zeros stand for what is not here yet, never for what is good. @throws {SwarmError} `not-found` */
  private assertStored(start: number, end: number): void {
    const { pieceLengthBytes } = this.info
    for (let piece = Math.floor(start / pieceLengthBytes); piece * pieceLengthBytes < end; piece++) {
      if (!this.synced.has(piece) && !this.unsynced.has(piece)) continue
      const slices = slicesOfPiece(this.info, piece)
      const lost = slices.find(({ fileIndex }) => this.places.of(fileIndex) === undefined)
      if (lost) throw new SwarmError('not-found', `${this.places.nameOf(lost.fileIndex)} is missing.`)
    }
  }

  /** Hashes pieces where they are stored. @returns those of them that are as they should be. @throws {SwarmError} */
  async verify(pieces: Iterable<number> | 'all', options: HashingOptions = {}): Promise<Bitfield> {
    const count = pieceCount(this.info)
    const good = new Bitfield(count)
    const asked = pieces === 'all' ? Array.from(Array(count).keys()) : [...pieces]
    await this.gate.together(async () => {
      this.assertOpen()
      const before = await this.files.stampsNow()
      try {
        await verifyPieces(
          this.info,
          asked,
          piece => pieceCheckAt(this.info, piece, this.layers),
          file => (this.places.of(file) === undefined ? undefined : joined(this.places.pathOf(file))),
          piece => good.set(piece),
          options,
        )
      } catch (error) {
        throw swarmErrorOf(error, `read ${this.path}`)
      }
      await this.noteVerified(before, good)
    })
    return good
  }

  /** A finished file that was found to be whole may be read again, however it was touched. */
  private async noteVerified(before: FileStamps, good: Bitfield): Promise<void> {
    for (const file of this.places.filesAt('target')) {
      const stamp = before[file]
      if (!this.isWhole(file, good) || stamp === undefined) continue
      const now = await this.files.stampNow(file)
      if (now && sameStamp(now, stamp)) this.files.note(file, stamp)
    }
  }

  private isWhole(file: number, have: Bitfield): boolean {
    const { first, end } = piecesOfFile(this.info, file)
    for (let piece = first; piece < end; piece++) if (!have.has(piece)) return false
    return true
  }

  /**
   * Looks at everything anew, trusting nothing. What turns out to be damaged may be written again, in files that are in
   * their place, too; what is missing and wanted is made.
   * @param wanted of each file; asked at the end, for it may change meanwhile.
   * @returns the good pieces. @throws {SwarmError}
   */
  async recheck(wanted: () => readonly boolean[], options: HashingOptions = {}): Promise<Bitfield> {
    await this.gate.alone(() => this.files.locateAgain())
    const good = await this.verify('all', options)
    for (let piece = 0; piece < good.length; piece++) {
      // Also of good ones: they may have been read before somebody put them there.
      this.chunks.invalidate(piece)
      if (good.has(piece)) {
        if (!this.synced.has(piece)) this.markGood(piece, false)
        continue
      }
      this.synced.clear(piece)
      this.unsynced.delete(piece)
      this.doubtful.delete(piece)
    }
    await this.changing(async () => {
      this.files.isRepairing = true
      await mendLengths(this.files)
      await selectFiles(this.files, wanted())
    })
    return good
  }

  // Keeping

  /** Brings what was written onto the disk. @returns the pieces that may be noted. @throws {SwarmError} */
  async sync(): Promise<Bitfield> {
    // One after the other: a second one would find nothing to do, while the first is not done yet.
    this.syncing = this.syncing.catch(() => {}).then(() => this.gate.together(() => this.syncNow()))
    await this.syncing
    return this.noted
  }

  private async syncNow(): Promise<void> {
    this.assertOpen()
    const pieces = [...this.unsynced]
    try {
      for (const piece of this.doubtful) await this.writeAgain(piece)
      await this.files.sync()
    } catch (error) {
      for (const piece of pieces) this.doubtful.add(piece)
      throw swarmErrorOf(error, `write ${this.path}`)
    }
    for (const piece of pieces) {
      this.unsynced.delete(piece)
      this.synced.set(piece)
    }
  }

  /** After a failed sync what is read may be only in memory: it is written once more. */
  private async writeAgain(piece: number): Promise<void> {
    const position = piece * this.info.pieceLengthBytes
    const bytes = await readRange(this.files, position, pieceLengthAt(this.info, piece))
    if ((await this.store(piece, bytes)) !== 'stored') {
      throw new SwarmError('io', `A part of ${this.path} was lost by the disk; it must be checked again.`)
    }
    this.doubtful.delete(piece)
  }

  /** What is wanted is complete: it takes its place. Never replaces anything. @throws {SwarmError} `output-exists` */
  async finish(): Promise<void> {
    await this.changing(() => finishContent(this.files, file => this.isWhole(file, this.synced)))
  }

  /** Nobody reads or writes meanwhile, what was written is synced, and no file is open. */
  private changing(action: () => Promise<void>): Promise<void> {
    return this.gate.alone(async () => {
      await this.syncNow()
      await this.files.close()
      await this.files.keepingStamps(action)
    })
  }

  /**
   * Moves the content, finished or not. Nothing is replaced, and when it fails all is as it was.
   * @param note is called before and after, so that an interrupted move can be ended when it is opened again.
   * @param signal stops it as long as files are being copied to another disk.
   */
  async moveTo(path: string, note: NotePlacement, signal?: AbortSignal): Promise<void> {
    await this.relocate(() => ({ path, renamed: this.placement.renamed }), note, signal)
  }

  /** Gives a file another name, or another folder below the content's own. @throws {SwarmError} `bad-name` */
  async renameFile(file: number, path: readonly string[], note: NotePlacement): Promise<void> {
    await this.relocate(() => renamedPlacement(this.places, file, path), note)
  }

  /** One after the other: each begins where the one before has ended. */
  private relocate(placementNow: () => Placement, note: NotePlacement, signal?: AbortSignal): Promise<void> {
    const relocated = this.relocating.then(() => this.relocateTo(placementNow(), note, signal))
    this.relocating = relocated.catch(() => {})
    return relocated
  }

  private async relocateTo(placement: Placement, note: NotePlacement, signal?: AbortSignal): Promise<void> {
    const former = this.placement
    // Not inside the gate: whoever notes it may sync first.
    await note(placement, former)
    try {
      await this.changing(async () => {
        // Not before: files may have been made, finished or set aside while it was noted.
        const places = this.places.at(placement)
        await relocateContent(this.places, places, signal)
        this.files.places = places
      })
    } catch (error) {
      // Where that cannot be noted, as at the end of a session, the next one ends the move.
      await note(former).catch(() => {})
      throw error
    }
    await note(placement)
  }

  /** Copies the finished files to where a fetch to that path finds, verifies and finishes them. @throws {SwarmError} */
  async copyTo(path: string): Promise<void> {
    await this.gate.together(() => copyContent(this.places, path))
  }

  /** Says of each file whether it is wanted. What is there of one that is not is set aside. @throws {SwarmError} */
  async setSelection(wanted: readonly boolean[]): Promise<void> {
    await this.changing(() => selectFiles(this.files, wanted))
  }

  /** Closes, and deletes what is unfinished. @throws {SwarmError} */
  async removeUnfinished(): Promise<void> {
    await this.close()
    await removeUnfinished(this.places)
  }

  /** Closes, and deletes everything, but nothing that is not a file of the torrent. @throws {SwarmError} */
  async removeAll(): Promise<void> {
    await this.close()
    await removeUnfinished(this.places)
    await removeFinished(this.places)
  }

  private assertOpen(): void {
    if (this.isClosed) throw new SwarmError('closed', `${this.path} was closed.`)
  }

  /** When what is under way is done. */
  async close(): Promise<void> {
    await this.gate.alone(async () => {
      this.isClosed = true
      await this.files.close()
    })
  }
}
