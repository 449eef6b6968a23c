import { equalBytes, type Verdict } from '@onehop/primitives'
import {
  type Bitfield,
  type BlockRange,
  type InfoHash,
  infoHashToHex,
  infoKnownAs,
  type PieceLayers,
  type TorrentInfo,
  type TorrentMachine,
} from '@onehop/swarm'
import { PeerPool, type PoolOwner } from '../peers/peer-pool.ts'
import { PeerSearch } from '../peers/peer-search.ts'
import { type LinksOwner, TorrentLinks } from '../peers/torrent-links.ts'
import type { ResumeRecord } from '../resume/resume-record.ts'
import type {
  ByteRange,
  FileChoice,
  LimitChanges,
  SeedOptions,
  TorrentState,
  TorrentSummary,
} from '../session-types.ts'
import { SwarmError, swarmErrorOf } from '../swarm-error.ts'
import { ContentReaders } from './content-reader.ts'
import { problemOf } from './problem.ts'
import { TorrentActivity } from './torrent-activity.ts'
import type { TorrentContent } from './torrent-content.ts'
import { TorrentDisk } from './torrent-disk.ts'
import type { TorrentHost } from './torrent-host.ts'
import { TorrentLimits } from './torrent-limits.ts'
import { type KnownMetadata, newMachine } from './torrent-machines.ts'
import { TorrentRequests } from './torrent-requests.ts'
import { defaultSettings, type TorrentCounters, type TorrentSettings } from './torrent-settings.ts'
import { namesOf, type TorrentStart } from './torrent-start.ts'
import { summaryOf } from './torrent-summary.ts'

/** One torrent of a session: its machine, its peers, its files, and what users decided about it. */
export class Torrent implements LinksOwner, PoolOwner {
  readonly infohash: InfoHash
  readonly settings: TorrentSettings = defaultSettings()
  readonly counters: TorrentCounters = { uploadedBytes: 0, downloadedBytes: 0, seedingMs: 0 }
  readonly limits: TorrentLimits
  machine: TorrentMachine
  readonly links: TorrentLinks
  readonly pool: PeerPool
  readonly search: PeerSearch
  readonly disk: TorrentDisk
  readonly readers: ContentReaders
  readonly requests: TorrentRequests
  private readonly activity: TorrentActivity
  /** What went wrong, in one sentence; nothing is offered then. */
  problem: string | undefined
  /** Why it is paused although nothing is wrong. */
  reason: string | undefined
  /** Whether it goes on when nobody waits for it. */
  goesOn = false
  /** As it was last noted, or read. */
  record: ResumeRecord | undefined
  private readonly start: TorrentStart
  private readonly namesAtStart: readonly InfoHash[]
  private readonly host: TorrentHost
  private readonly closing = new AbortController()

  constructor(start: TorrentStart, host: TorrentHost) {
    this.start = start
    this.infohash = start.infohash
    this.namesAtStart = namesOf(start)
    this.host = host
    this.limits = new TorrentLimits(this.settings, this.counters, host.nowMs())
    this.machine = this.newMachine(start)
    this.links = new TorrentLinks(host, this)
    this.pool = new PeerPool(this, host.connections)
    this.search = new PeerSearch(this, host)
    this.readers = new ContentReaders(this)
    this.requests = new TorrentRequests(this)
    this.activity = new TorrentActivity(this, host)
    this.disk = new TorrentDisk(this, host, this.closing.signal)
  }

  /** The info dictionary is known without peers. */
  learn(info: TorrentInfo, pieceLayers: PieceLayers | undefined): void {
    if (this.info !== undefined) return
    // Peers who were asked for it are met again by the new machine.
    this.links.closeAll()
    this.machine = this.newMachine({ info: infoKnownAs(info, this.infohash), pieceLayers })
    this.machine.setFetching(this.isOpen)
    this.search.onMetadata()
  }

  private newMachine(known: Omit<KnownMetadata, 'infohashV2'>): TorrentMachine {
    return newMachine(
      this,
      this.host,
      { ...known, infohashV2: this.start.infohashV2 },
      {
        storePiece: (piece, bytes) => void this.disk.store(piece, bytes),
        metadataReady: () => this.onMetadata(),
        metadataRefused: verdict => this.onMetadataRefused(verdict),
        pieceVerified: piece => this.onPieceVerified(piece),
        completed: () => void this.finish(),
      },
    )
  }

  get info(): TorrentInfo | undefined {
    return this.machine.info
  }

  get infohashV2(): Uint8Array | undefined {
    return this.info ? this.info.infohashV2 : this.start.infohashV2
  }

  /** What it goes by in handshakes, as far as that is known, its own first: a hybrid has two (BEP 52). */
  get infohashes(): readonly InfoHash[] {
    return this.info?.infohashes ?? this.namesAtStart
  }

  goesBy(infohash: Uint8Array): boolean {
    return this.infohashes.some(own => equalBytes(own, infohash))
  }

  /** Where the content is, or will be; empty as long as that is not known. */
  get path(): string {
    return this.disk.path
  }

  get content(): TorrentContent | undefined {
    return this.disk.content
  }

  get isChecking(): boolean {
    return this.disk.check !== undefined
  }

  /** All that is wanted is verified and in its place. */
  get isSeeding(): boolean {
    return this.content?.isFinished === true && this.problem === undefined
  }

  /** Whether connections are wanted. */
  get isOpen(): boolean {
    return this.activity.isRunning
  }

  get isComplete(): boolean {
    return this.machine.isComplete
  }

  get isFetching(): boolean {
    return this.requests.isAwaited && !this.isSeeding
  }

  get isPrivate(): boolean {
    return this.info?.isPrivate === true
  }

  get isClosed(): boolean {
    return this.closing.signal.aborted
  }

  /** Whether it is to be there again after a restart. */
  get isWorthNoting(): boolean {
    return this.content !== undefined || this.goesOn
  }

  /** Pieces are being verified or written. */
  get isStoring(): boolean {
    return this.content !== undefined && this.content.storing > 0
  }

  nowMs(): number {
    return this.host.nowMs()
  }

  isBanned(identity: string): boolean {
    return this.machine.isBanned(identity)
  }

  /** A block's bytes; asking is reading ahead. */
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array> {
    return this.content!.readBlock(range)
  }

  onUpload(bytes: number): void {
    this.counters.uploadedBytes += bytes
  }

  /** Peers whose blocks are in the verified pieces, as they are shown. */
  providers(): string[] {
    return [...this.machine.contributions.keys()].map(identity => this.links.shown(identity))
  }

  /** What it is called, for sentences. */
  get shownName(): string {
    return this.info?.name ?? this.settings.displayName ?? infoHashToHex(this.infohash)
  }

  summary(): TorrentSummary {
    return summaryOf(this)
  }

  state(): TorrentState {
    if (this.isChecking) return 'checking'
    if (this.settings.isPaused || this.problem !== undefined) return 'paused'
    return this.isSeeding ? 'seeding' : 'fetching'
  }

  // Activity

  /** Brings what goes on in line with what is wanted. */
  update(): void {
    this.activity.update()
  }

  /** Nothing goes in or out any more, until {@link resume}. @param reason a sentence, if it was not by hand. */
  async pause(reason?: string): Promise<void> {
    this.settings.isPaused = true
    this.reason = reason
    this.update()
    this.requests.fail(new SwarmError('aborted', `The fetch of ${this.shownName} was paused.`))
    await this.disk.notes.save()
  }

  /** Pauses by itself. @param reason a sentence. */
  rest(reason: string): void {
    this.pause(reason).catch(error => this.onNotNoted(error))
  }

  /** Goes on, and tries again what went wrong. @throws {SwarmError} */
  async resume(): Promise<void> {
    this.settings.isPaused = false
    this.problem = undefined
    this.reason = undefined
    this.limits.onResumed(this.info?.contentBytes ?? 0)
    await this.opened(this.disk.open())
    await this.disk.notes.save()
  }

  /** Hashes everything that is here, and fetches again what is damaged. @throws {SwarmError} */
  async recheck(): Promise<void> {
    await this.opened(this.disk.recheck())
  }

  /** Goes on when the files are open; when they cannot be, that is the torrent's problem. @throws {SwarmError} */
  private async opened(opening: Promise<void>): Promise<void> {
    try {
      await opening
      this.update()
    } catch (error) {
      const failure = swarmErrorOf(error, `open ${this.path}`)
      this.update()
      this.fail(failure)
      throw failure
    }
  }

  /** Stops at an error until somebody resumes it. */
  fail(error: SwarmError): void {
    if (this.isClosed || this.problem !== undefined) return
    this.host.log('a torrent is paused', { code: error.code, message: error.message })
    this.problem = problemOf(error)
    this.update()
    this.requests.fail(error)
    this.noteLater()
  }

  /** What was complete is not any more; it may have been changed on purpose. @param problem a sentence. */
  onDamaged(problem: string): void {
    this.problem = problem
    // Said after a restart, too: it is not fetched again before somebody says so.
    this.settings.isPaused = true
    this.reason = problem
    this.update()
  }

  private noteLater(): void {
    this.disk.notes.save().catch(error => this.onNotNoted(error))
  }

  private onNotNoted(error: unknown): void {
    this.host.log('cannot note the torrent', { error })
  }

  /** Its content was published, perhaps not for the first time: what was said then counts. @throws {SwarmError} */
  async publishAgain({ words, trackers, comment }: SeedOptions): Promise<void> {
    this.settings.words = words
    if (comment !== undefined) this.settings.comment = comment
    this.search.addTrackers(trackers ?? [])
    await this.resume()
  }

  // Files

  /** Serves what is here, and fetches what is missing, as far as that is wanted. */
  startMachine(have: Bitfield): void {
    const { machine, settings } = this
    if (settings.priorities) machine.setFilePriorities(settings.priorities)
    machine.setSequential(settings.isSequential)
    this.readers.tell()
    machine.start(have)
    this.readers.wake()
  }

  /** Forgets who has what, and what is here: that is about to be seen. */
  renewMachine(): void {
    this.links.closeAll()
    this.machine = this.newMachine({ info: this.info, pieceLayers: this.machine.pieceLayers })
  }

  /** Brings back what was noted. Failures are the torrent's `problem`. */
  async restore(record: ResumeRecord): Promise<void> {
    this.record = record
    this.goesOn = true
    this.reason = record.reason
    Object.assign(this.settings, record.settings)
    Object.assign(this.counters, record.counters)
    this.limits.apply(this.host.nowMs())
    await this.opened(this.disk.open()).catch(() => {})
  }

  private onMetadata(): void {
    this.search.onMetadata()
    this.opened(this.disk.open()).catch(() => {})
  }

  private onMetadataRefused(verdict: Verdict): void {
    const reason = verdict.ok ? '' : (verdict.detail ?? verdict.code)
    this.fail(new SwarmError('bad-metainfo', `The content cannot be fetched: ${reason}.`))
  }

  private onPieceVerified(piece: number): void {
    this.disk.onVerified(piece)
    this.readers.wake()
    if (this.machine.have?.count === 1) this.host.emit('firstPiece', this)
  }

  /** All that is wanted is stored: it takes its place. */
  private async finish(): Promise<void> {
    try {
      if (await this.disk.finish()) {
        this.search.onComplete()
        this.host.emit('completed', this)
      }
      this.goesOn = true
      this.requests.complete()
    } catch (error) {
      this.fail(swarmErrorOf(error, `write ${this.path}`))
    }
  }

  /** What cannot be read, or has changed, is not offered any more. */
  onReadFailed(error: unknown): void {
    // A check that has begun meanwhile finds out how much of it is good.
    if (this.isClosed || this.problem !== undefined || this.disk.isRechecking) return
    const failure = swarmErrorOf(error, `read ${this.path}`)
    this.renewMachine()
    this.disk.abandon()
    this.fail(failure)
  }

  // What users decide

  /** @throws {SwarmError} when files cannot be set aside or brought back; whatever the choice throws. */
  async setFiles(choice: FileChoice): Promise<void> {
    await this.disk.choose(choice)
    if (this.isOpen) this.machine.setFetching(!this.isComplete)
    // What was set aside may have been whole.
    if (this.isComplete && !this.content?.isFinished) await this.finish()
  }

  /** @throws {SwarmError} when they cannot be noted. */
  async setLimits(changes: LimitChanges): Promise<void> {
    this.limits.change(changes, this.host.nowMs())
    await this.disk.notes.save()
  }

  /** Bytes of a file as they arrive; one that was not wanted is from now on. @throws {SwarmError} */
  async *read(index: number, range: ByteRange | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { priorities } = this.settings
    if (priorities?.[index] === 'skip') await this.setFiles(() => priorities.with(index, 'high'))
    yield* this.readers.read(index, range, signal)
  }

  // The end

  /** Notes what is there, and lets go of everything. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.closing.abort()
    this.requests.fail(new SwarmError('closed', 'The session was closed.'))
    this.update()
    await this.disk.close()
    await this.search.stop()
  }

  /** Forgets the torrent: the content stays if it is complete, what is unfinished goes. @throws {SwarmError} */
  async remove(deleteFiles: boolean): Promise<void> {
    await this.close()
    await this.host.resumeStore.remove(this.infohash)
    await this.content?.delete(deleteFiles)
  }
}
