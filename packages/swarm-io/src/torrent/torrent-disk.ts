import { type FilePriority, pieceLengthAt, type StoreOutcome } from '@onehop/swarm'
import type { FileChoice } from '../session-types.ts'
import type { OpenContent } from '../storage/open-content.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import { isAllWantedIn, openTorrent, wantedFiles } from './content-opening.ts'
import type { Torrent } from './torrent.ts'
import { TorrentContent } from './torrent-content.ts'
import type { TorrentHost } from './torrent-host.ts'
import { TorrentNotes } from './torrent-notes.ts'

/** How far a check of the files is. */
export interface CheckProgress {
  readonly piecesDone: number
  readonly pieces: number
}

/** What a torrent does with its files: opens, checks, writes, finishes, moves, and notes what is there. */
export class TorrentDisk {
  readonly notes: TorrentNotes
  /** The files, while they are open. */
  content: TorrentContent | undefined
  /** What is on the disk is being verified. */
  check: CheckProgress | undefined
  /** Nothing may be written or read meanwhile. */
  isRechecking = false
  private readonly torrent: Torrent
  private readonly host: TorrentHost
  private readonly closing: AbortSignal
  private choice: FileChoice | undefined
  /** What the files are being used for by itself: opening, checking. */
  private busy: Promise<void> | undefined

  constructor(torrent: Torrent, host: TorrentHost, closing: AbortSignal) {
    this.torrent = torrent
    this.host = host
    this.closing = closing
    this.notes = new TorrentNotes(torrent, host)
  }

  /** Where the content is, or will be; empty as long as that is not known. */
  get path(): string {
    return this.content?.path ?? this.torrent.record?.content?.placement.path ?? ''
  }

  /** Whether the content is finished: nothing is written there. */
  get onlyReads(): boolean {
    return (this.content?.isFinished ?? this.torrent.record?.content?.isFinished) === true
  }

  /** Whether content that was finished is not any more what it was: changed on purpose, or damaged. */
  async isOutdated(): Promise<boolean> {
    const { content, torrent } = this
    if (!content) return this.onlyReads && torrent.problem !== undefined
    const isInPlace = content.storage.partPath === undefined
    return isInPlace && !(content.isFinished && (await content.storage.isAsNoted()))
  }

  /** What is there is about to change. @throws {SwarmError} `in-use` when another torrent offers it, too. */
  claimForChange(): void {
    if (this.content) this.host.claimPath(this.content.path, this.torrent, 'write')
  }

  /** Opens the files: where they are to go, or else those that were noted. @throws {SwarmError} */
  open(): Promise<void> {
    return this.alone(() => this.openNow())
  }

  /** Whoever comes while it goes on waits for the same. */
  private alone(work: () => Promise<void>): Promise<void> {
    this.busy ??= work().finally(() => {
      this.busy = undefined
      this.check = undefined
      this.isRechecking = false
    })
    return this.busy
  }

  /** @param mends whether damage is no error: what is good is used, and the rest may be written again. */
  private async openNow(mends = false): Promise<void> {
    const { torrent, host } = this
    const { info } = torrent
    if (this.content?.isFinished === false) this.claimForChange()
    if (this.content !== undefined || info === undefined) return
    host.claimNames(torrent)
    this.chooseFiles()
    this.check = { piecesDone: 0, pieces: 0 }
    const files = await openTorrent({
      info,
      mends,
      layers: torrent.machine.pieceLayers,
      settings: torrent.settings,
      record: torrent.record,
      cache: host.cache,
      preallocate: host.preallocate,
      signal: this.closing,
      onProgress: (piecesDone, pieces) => this.onChecked(piecesDone, pieces),
      claimPath: path => host.claimPath(path, torrent, 'write'),
    })
    if (this.closing.aborted) await files.storage.close()
    else await this.adopt(files)
  }

  private onChecked(piecesDone: number, pieces: number): void {
    this.check = { piecesDone, pieces }
  }

  /** Takes over files that are open. @throws {SwarmError} */
  async adopt(files: OpenContent): Promise<void> {
    const { torrent } = this
    const { settings } = torrent
    const content = new TorrentContent(files, isAllWantedIn(files.have, torrent.info!, settings))
    this.host.claimPath(content.path, torrent, content.isFinished ? 'read' : 'write')
    this.content = content
    torrent.problem = undefined
    settings.target = undefined
    await this.notes.save()
    torrent.startMachine(files.have)
  }

  /**
   * Hashes everything that is here. Finished content that is damaged may have been changed on purpose: it is fetched
   * again only when somebody resumes it.
   * @throws {SwarmError}
   */
  recheck(): Promise<void> {
    return this.alone(async () => {
      const { torrent } = this
      if (!torrent.info || !(this.content || torrent.record?.content)) throw nothingHere(torrent)
      const wasFinished = this.content?.isFinished ?? torrent.record?.content?.isFinished
      const settings = { ...torrent.settings }
      this.check = { piecesDone: 0, pieces: 0 }
      this.isRechecking = true
      torrent.update()
      torrent.renewMachine()
      if (this.content) await this.recheckOpen(this.content)
      else await this.openNow(true)
      const isDamaged = wasFinished && !isAllWantedIn(torrent.machine.have!, torrent.info, settings)
      if (isDamaged) torrent.onDamaged(damageIn(torrent))
      await this.notes.save()
    })
  }

  private async recheckOpen(content: TorrentContent): Promise<void> {
    const { torrent } = this
    const { settings } = torrent
    const have = await content.storage.recheck(() => wantedFiles(settings) ?? [], {
      signal: this.closing,
      onProgress: (piecesDone, pieces) => this.onChecked(piecesDone, pieces),
    })
    const isComplete = isAllWantedIn(have, torrent.info!, settings)
    content.isFinished = isComplete && content.storage.partPath === undefined
    torrent.startMachine(have)
  }

  // What comes

  /** Which files are wanted; asked when they are known. @throws whatever the choice throws. */
  async choose(choice: FileChoice): Promise<void> {
    this.choice = choice
    this.chooseFiles()
    const { content, torrent } = this
    if (!content) return
    const wanted = wantedFiles(torrent.settings) ?? []
    // At once: whoever notes it meanwhile must not say that what is wanted now is in its place.
    if (!content.storage.hasInPlace(wanted)) content.isFinished = false
    await content.storage.setSelection(wanted)
    if (content.storage.partPath !== undefined) content.isFinished = false
    torrent.machine.setFilePriorities(torrent.settings.priorities ?? [])
    await this.notes.save()
  }

  private chooseFiles(): void {
    const { choice, torrent } = this
    if (!choice || !torrent.info) return
    this.choice = undefined
    const { files } = torrent.info
    const chosen = choice(files)
    torrent.settings.priorities = files.map((_, i): FilePriority => chosen[i] ?? 'normal')
  }

  async store(piece: number, bytes: Uint8Array): Promise<void> {
    const { torrent, content } = this
    const { machine } = torrent
    let outcome: StoreOutcome = 'failed'
    let failure: unknown
    try {
      outcome = await content!.writePiece(piece, bytes)
    } catch (error) {
      failure = error
    }
    if (torrent.machine !== machine || (outcome === 'failed' && this.closing.aborted)) return
    if (outcome === 'corrupt') this.host.log('a piece is corrupt', { piece })
    try {
      machine.onPieceStored(piece, outcome)
    } catch (bug) {
      // Told once: a machine that contradicts itself would do so again.
      failure ??= bug
    }
    if (failure !== undefined) torrent.fail(swarmErrorOf(failure, `write ${this.path}`))
  }

  onVerified(piece: number): void {
    const { torrent } = this
    this.notes.isDirty = true
    torrent.counters.downloadedBytes += pieceLengthAt(torrent.info!, piece)
  }

  /** All that is wanted is stored: it takes its place. @returns whether it has just done so. @throws {SwarmError} */
  async finish(): Promise<boolean> {
    const { content } = this
    if (!content || content.isFinished) return false
    const isNew = await content.finish(() => wantedFiles(this.torrent.settings) ?? [])
    await this.notes.save()
    return isNew
  }

  // What users do with it

  /**
   * Moves the content, finished or not. Nothing is replaced.
   * @param signal stops a move to another disk: all is where it was then; so does the end of the session or of the torrent.
   * @throws {SwarmError}
   */
  async moveTo(path: string, signal?: AbortSignal): Promise<void> {
    const content = this.opened()
    if (path === content.path) return
    this.claimForChange()
    this.host.claimPath(path, this.torrent, 'write')
    const over = signal ? AbortSignal.any([signal, this.closing]) : this.closing
    await content.storage.moveTo(path, (placement, former) => this.notes.save(placement, former), over)
    await this.notes.save()
  }

  /** @param path below the content's folder. @throws {SwarmError} */
  async renameFile(index: number, path: readonly string[]): Promise<void> {
    const content = this.opened()
    if (this.torrent.info?.files[index] === undefined) {
      throw new SwarmError('not-found', `${this.torrent.shownName} has no file ${index}.`)
    }
    this.claimForChange()
    await content.storage.renameFile(index, path, (placement, former) => this.notes.save(placement, former))
    await this.notes.save()
  }

  private opened(): TorrentContent {
    if (this.content) return this.content
    throw nothingHere(this.torrent)
  }

  // The end

  /** Lets go of files that cannot be read any more. */
  abandon(): void {
    const { content } = this
    this.content = undefined
    // That closing fails as well tells nothing new.
    content?.close().catch(() => {})
  }

  /** Notes what is there, and closes the files. */
  async close(): Promise<void> {
    await this.busy?.catch(() => {})
    await this.notes
      .save()
      .catch((error: unknown) => this.host.log('cannot note what was fetched', { error }))
    await this.content?.close()
  }
}

function damageIn({ shownName, machine }: Torrent): string {
  const have = machine.have!
  const damaged = have.length - have.count
  return `${damaged} of ${have.length} pieces of ${shownName} are damaged or missing; resume it to fetch them again.`
}

function nothingHere({ shownName, problem }: Torrent): SwarmError {
  return new SwarmError('not-found', problem ?? `There are no files of ${shownName} here yet.`)
}
