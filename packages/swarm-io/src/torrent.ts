import { rm } from 'node:fs/promises'
import type { RandomSource, Rejection, Verdict } from '@onehop/primitives'
import {
  type BlockRange,
  formatMagnet,
  type InfoHash,
  type PeerSnapshot,
  pieceCount,
  pieceLengthAt,
  TICK_INTERVAL_MS,
  type TorrentEnvironment,
  type TorrentInfo,
  TorrentMachine,
} from '@onehop/swarm'
import { CHECKPOINT_INTERVAL_MS } from './limits.ts'
import { sha1Now } from './piece-hash.ts'
import type { PieceStorage } from './piece-storage.ts'
import type { ReadCache } from './read-cache.ts'
import type { ResumeRecord, ResumeStore } from './resume-store.ts'
import type { FetchTarget, TorrentState, TorrentSummary } from './session-types.ts'
import { SwarmError, swarmErrorOf } from './swarm-error.ts'
import { type OpenedFiles, openForFetch, resolveTarget } from './torrent-files.ts'
import { TorrentLinks } from './torrent-links.ts'

/** What a torrent needs of its session. */
export interface TorrentHost {
  /** This session's BitTorrent peer id, 20 bytes. */
  readonly peerId: Uint8Array
  readonly cache: ReadCache
  readonly resume: ResumeStore
  readonly random: RandomSource
  nowMs(): number
  log(message: string, details?: Readonly<Record<string, unknown>>): void
  onMisbehaviour(remotePeer: string, rejection: Rejection): void
  /** Whether one more connection may be opened; if so it is counted until {@link releaseConnection}. */
  admitConnection(): boolean
  releaseConnection(): void
  /** @throws {SwarmError} `in-use` when another torrent's content is at the path. */
  claimPath(path: string, owner: Torrent): void
}

/** A fetch that waits for the torrent to be complete. */
export interface FetchListener {
  onComplete(): void
  onFailed(error: SwarmError): void
}

/** One torrent of a session: its machine, its connections, its file. */
export class Torrent {
  readonly infohash: InfoHash
  /** Where the content is or will be; empty until that is known. */
  path = ''
  /** Why nothing is offered. */
  problem: string | undefined
  /** What its publisher wants it to be found by, where he said so. */
  words: readonly string[] | undefined
  machine: TorrentMachine
  readonly links: TorrentLinks
  private readonly host: TorrentHost
  private storage: PieceStorage | undefined
  private files: OpenedFiles | undefined
  private target: FetchTarget | undefined
  private readonly fetches = new Set<FetchListener>()
  private isDirty = false
  private checkpointMs = 0
  private saving: Promise<void> = Promise.resolve()
  private isFinished = false
  private isClosed = false
  private isPreparing = false
  private storing = 0
  private uploadedBytes = 0
  private downloadedBytes = 0
  private readonly ticker: NodeJS.Timeout

  constructor(infohash: InfoHash, host: TorrentHost, info?: TorrentInfo) {
    this.infohash = infohash
    this.host = host
    this.machine = this.newMachine(info)
    this.links = new TorrentLinks(infohash, host, this)
    this.ticker = setInterval(() => this.tick(), TICK_INTERVAL_MS)
    this.ticker.unref()
  }

  private newMachine(info: TorrentInfo | undefined): TorrentMachine {
    return new TorrentMachine({
      infohash: this.infohash,
      environment: this.environment(),
      ...(info ? { info } : {}),
    })
  }

  private environment(): TorrentEnvironment {
    return {
      now: () => this.host.nowMs(),
      random: this.host.random,
      sha1: sha1Now,
      send: (peer, message) => this.links.send(peer, message),
      drop: (peer, reason) => this.links.drop(peer, reason),
      uploadsReady: peer => this.links.uploadsReady(peer),
      storePiece: (piece, bytes) => void this.storePiece(piece, bytes),
      metadataReady: () => void this.prepare(),
      metadataRefused: verdict => this.onMetadataRefused(verdict),
      pieceVerified: piece => this.onPieceVerified(piece),
      completed: () => void this.finish(),
    }
  }

  get info(): TorrentInfo | undefined {
    return this.machine.info
  }

  /** Complete, verified and in its place. */
  get isSeeding(): boolean {
    return this.isFinished && this.problem === undefined
  }

  get isFetching(): boolean {
    return this.fetches.size > 0 && !this.isFinished
  }

  /** Pieces are being verified or written. */
  get isStoring(): boolean {
    return this.storing > 0
  }

  /** Whether connections are wanted. */
  get isOpen(): boolean {
    return !this.isClosed && this.problem === undefined
  }

  /** A block's bytes; asking is reading ahead. */
  readBlock(range: BlockRange): Uint8Array | Promise<Uint8Array> {
    return this.storage!.readBlock(range)
  }

  onUpload(bytes: number): void {
    this.uploadedBytes += bytes
  }

  summary(): TorrentSummary {
    const info = this.info
    return {
      infohash: this.infohash,
      name: info?.name ?? '',
      path: this.path,
      bytes: info?.lengthBytes ?? 0,
      pieces: info ? pieceCount(info) : 0,
      piecesDone: this.machine.have?.count ?? 0,
      state: this.state(),
      peers: this.links.count,
      uploadedBytes: this.uploadedBytes,
      downloadedBytes: this.downloadedBytes,
      magnet: formatMagnet({
        infohash: this.infohash,
        ...(info ? { displayName: info.name, lengthBytes: info.lengthBytes } : {}),
      }),
      ...(this.words === undefined ? {} : { words: this.words }),
      ...(this.problem === undefined ? {} : { problem: this.problem }),
    }
  }

  /** Notes what its publisher wants it to be found by. @throws {SwarmError} */
  async setWords(words: readonly string[] | undefined): Promise<void> {
    if (words?.join() === this.words?.join()) return
    this.words = words
    await this.save()
  }

  private state(): TorrentState {
    if (this.isSeeding) return 'seeding'
    return this.isFetching ? 'fetching' : 'stopped'
  }

  peerSnapshots(): PeerSnapshot[] {
    return this.machine.peerSnapshots()
  }

  /** Bytes of verified pieces. */
  get bytesDone(): number {
    const { have } = this.machine
    const info = this.info
    if (!have || !info) return 0
    const last = have.length - 1
    const lastIsShort = last >= 0 && have.has(last) ? info.pieceLengthBytes - pieceLengthAt(info, last) : 0
    return have.count * info.pieceLengthBytes - lastIsShort
  }

  // Files

  /** Takes over files that are open, and begins to serve. */
  async adopt(files: OpenedFiles, counters?: Pick<ResumeRecord, 'uploadedBytes' | 'downloadedBytes'>) {
    this.host.claimPath(files.path, this)
    this.files = files
    this.storage = files.storage
    this.path = files.path
    this.problem = undefined
    this.uploadedBytes += counters?.uploadedBytes ?? 0
    this.downloadedBytes += counters?.downloadedBytes ?? 0
    this.isFinished = files.partPath === undefined
    await this.save()
    this.machine.start(files.have)
  }

  /** A torrent that is known, and whose content cannot be offered. */
  setProblem(path: string, problem: string): void {
    this.path = path
    this.problem = problem
  }

  /** The info dictionary is here: opens the target, and begins to fetch pieces. */
  private async prepare(): Promise<void> {
    const { info, target } = this
    if (!info || !target || this.isPreparing || this.storage) return
    this.isPreparing = true
    try {
      const path = await resolveTarget(target, info)
      this.host.claimPath(path, this)
      this.path = path
      const files = await openForFetch(info, path, undefined, this.host.cache)
      if (this.isClosed) await files.storage.close()
      else await this.adopt(files)
    } catch (error) {
      this.failFetches(swarmErrorOf(error, 'store the content'))
    } finally {
      this.isPreparing = false
    }
  }

  private async storePiece(piece: number, bytes: Uint8Array): Promise<void> {
    const { machine, storage } = this
    this.storing++
    try {
      const isGood = await storage!.writePiece(piece, bytes)
      if (this.machine !== machine) return
      if (!isGood) this.host.log('a piece is corrupt', { piece })
      machine.onPieceStored(piece, isGood ? 'stored' : 'corrupt')
    } catch (error) {
      if (this.machine !== machine || this.isClosed) return
      machine.onPieceStored(piece, 'failed')
      this.failFetches(swarmErrorOf(error, `write ${this.path}`))
    } finally {
      this.storing--
    }
  }

  private onPieceVerified(piece: number): void {
    this.isDirty = true
    this.downloadedBytes += pieceLengthAt(this.info!, piece)
  }

  /** All pieces are stored: the part file becomes the file. */
  private async finish(): Promise<void> {
    try {
      if (!this.isFinished) {
        const stamp = await this.storage!.finish(this.path)
        const { partPath: _, ...files } = this.files!
        this.files = { ...files, stamp }
        this.isFinished = true
        await this.save()
      }
      for (const fetch of [...this.fetches]) fetch.onComplete()
    } catch (error) {
      this.failFetches(swarmErrorOf(error, `write ${this.path}`))
    }
  }

  /** Syncs what was stored, then notes it. One at a time; who asked for it hears of a failure, the next one does not. */
  private save(): Promise<void> {
    this.saving = this.saving.catch(() => {}).then(() => this.saveNow())
    return this.saving
  }

  private async saveNow(): Promise<void> {
    const { info, files } = this
    if (!info || !files) return
    this.isDirty = false
    this.checkpointMs = this.host.nowMs()
    const have = this.machine.have?.copy() ?? files.have.copy()
    if (files.partPath !== undefined && have.count > 0) await files.storage.sync()
    await this.host.resume.save({
      info,
      path: files.path,
      have,
      ...(files.partPath === undefined ? {} : { partPath: files.partPath }),
      ...(files.stamp === undefined ? {} : { stamp: files.stamp }),
      uploadedBytes: this.uploadedBytes,
      downloadedBytes: this.downloadedBytes,
      ...(this.words === undefined ? {} : { words: this.words }),
    })
  }

  private tick(): void {
    this.machine.tick()
    if (!this.isDirty || this.host.nowMs() - this.checkpointMs < CHECKPOINT_INTERVAL_MS) return
    this.save().catch((error: unknown) => this.failFetches(swarmErrorOf(error, `write ${this.path}`)))
  }

  // Fetches

  /** @throws {SwarmError} `in-use` when the content is, or is being fetched, somewhere else. */
  async beginFetch(fetch: FetchListener, target: FetchTarget): Promise<void> {
    // Counted at once, so that another one sees it while this one looks at the disk.
    const isFirst = this.fetches.size === 0
    this.fetches.add(fetch)
    await this.checkTarget(target, isFirst)
    this.machine.setFetching(true)
    if (this.isFinished) fetch.onComplete()
    else if (this.info && !this.storage) await this.prepare()
  }

  private async checkTarget(target: FetchTarget, isFirst: boolean): Promise<void> {
    if (isFirst && !this.storage) {
      this.target = target
      this.path = ''
    } else if (this.info && this.path !== '') {
      const path = await resolveTarget(target, this.info)
      if (path !== this.path) throw this.inUse(path, this.path)
    } else if (JSON.stringify(target) !== JSON.stringify(this.target)) {
      throw this.inUse('another place', 'where an earlier fetch wants it')
    }
  }

  private inUse(wanted: string, path: string): SwarmError {
    return new SwarmError(
      'in-use',
      `Cannot fetch to ${wanted}: what there is of the content goes to ${path}.`,
    )
  }

  endFetch(fetch: FetchListener): void {
    this.fetches.delete(fetch)
    if (this.fetches.size > 0 || this.isFinished) return
    this.machine.setFetching(false)
    this.links.close('outbound')
    this.save().catch((error: unknown) => this.host.log('cannot note what was fetched', { error }))
  }

  private failFetches(error: SwarmError): void {
    if (this.fetches.size > 0) this.host.log('a fetch failed', { code: error.code, message: error.message })
    for (const fetch of [...this.fetches]) fetch.onFailed(error)
  }

  private onMetadataRefused(verdict: Verdict): void {
    const reason = verdict.ok ? '' : (verdict.detail ?? verdict.code)
    this.failFetches(new SwarmError('bad-metainfo', `The content cannot be fetched: ${reason}.`))
  }

  /** What cannot be read, or has changed, is not offered any more. */
  onReadFailed(error: unknown): void {
    if (this.isClosed || this.problem !== undefined) return
    const failure = swarmErrorOf(error, `read ${this.path}`)
    this.problem = failure.message
    this.host.log('content is not offered any more', { path: this.path, reason: failure.message })
    const { storage } = this
    this.storage = undefined
    this.files = undefined
    this.isFinished = false
    this.machine = this.newMachine(this.info)
    this.links.close('all')
    this.failFetches(failure)
    // It cannot be read any more: that closing fails as well tells nothing new.
    storage?.close().catch(() => {})
  }

  /** Notes what is there, and lets go of everything. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    clearInterval(this.ticker)
    this.failFetches(new SwarmError('closed', 'The session was closed.'))
    this.machine.setFetching(false)
    this.links.close('all')
    await this.save().catch((error: unknown) => this.host.log('cannot note what was fetched', { error }))
    await this.storage?.close()
  }

  /** Forgets the torrent: the content stays if it is complete, what is unfinished goes. @throws {SwarmError} */
  async remove(): Promise<void> {
    const partPath = this.files?.partPath
    await this.close()
    await this.host.resume.remove(this.infohash)
    if (partPath === undefined) return
    try {
      await rm(partPath, { force: true })
    } catch (error) {
      throw swarmErrorOf(error, `remove ${partPath}`)
    }
  }
}
