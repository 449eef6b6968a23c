import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { FilePriority, WireConnection } from '@onehop/swarm'
import { RESTORES_AT_ONCE } from './limits.ts'
import type { ResumeRecord } from './resume/resume-record.ts'
import { SessionHost } from './session-host.ts'
import type {
  AddOptions,
  ByteRange,
  FetchOptions,
  FetchResult,
  FileChoice,
  LimitChanges,
  PeerDetails,
  RateLimits,
  SeedOptions,
  SwarmEvents,
  SwarmSessionOptions,
  TorrentDetails,
  TorrentSource,
  TorrentSummary,
} from './session-types.ts'
import { existsAtAll } from './storage/safe-path.ts'
import { swarmErrorOf } from './swarm-error.ts'
import { Fetch } from './torrent/fetch.ts'
import { fetchLocally } from './torrent/local-copy.ts'
import { Publisher } from './torrent/publisher.ts'
import type { Torrent } from './torrent/torrent.ts'
import { detailsOf, peersOf } from './torrent/torrent-details.ts'
import type { TorrentList } from './torrent/torrent-list.ts'
import { assertSame, namesOf, startOf } from './torrent/torrent-start.ts'
import { torrentFileOf } from './torrent/torrent-summary.ts'

/** Publishes and fetches content: all torrents of one node, over TCP and over connections that somebody else opens. */
export class SwarmSession {
  private readonly options: SwarmSessionOptions
  private readonly host: SessionHost
  private readonly publisher: Publisher

  constructor(options: SwarmSessionOptions) {
    this.options = options
    this.host = new SessionHost(options)
    this.publisher = new Publisher(this.host)
  }

  private get torrents(): TorrentList {
    return this.host.torrents
  }

  /** Opens the TCP side, if it is wanted: before anything is published or fetched. @throws {SwarmError} */
  async start(): Promise<void> {
    this.host.assertOpen()
    await this.host.start()
  }

  /** Where other clients connect to; 0 when they cannot. */
  get btPort(): number {
    return this.host.btPort
  }

  /** BitTorrent's peer id of this session, 20 bytes. */
  get peerId(): Uint8Array {
    return this.host.peerId
  }

  /** The session's clock, which times in details are on. */
  nowMs(): number {
    return this.host.nowMs()
  }

  /** Calls the listener whenever it happens. @returns what ends that. */
  on<Event extends keyof SwarmEvents>(event: Event, listener: SwarmEvents[Event]): () => void {
    return this.host.listeners.add(event, listener)
  }

  /** Takes a connection that a peer opened. Its handshake says which torrent it wants; unknown ones are closed. */
  accept(connection: WireConnection): void {
    this.host.connections.accept(connection)
  }

  // Publishing

  /**
   * Hashes a file or a folder and offers it. The same content twice is one torrent, at the path that was first. What
   * was offered from this path before it was changed is forgotten.
   * @throws {SwarmError}
   */
  async seed(path: string, options: SeedOptions = {}): Promise<TorrentSummary> {
    this.host.assertOpen()
    return this.publisher.publish(resolve(path), options)
  }

  // Fetching

  /**
   * Fetches content without anyone who waits for it, also after a restart, and offers it from then on. What is known
   * already goes on.
   * @throws {SwarmError}
   */
  async add(source: TorrentSource, options: AddOptions): Promise<TorrentSummary> {
    const torrent = await this.torrentFor(source)
    const isNew = !torrent.goesOn && torrent.record === undefined
    torrent.goesOn = true
    try {
      await torrent.requests.begin(source, options)
    } catch (error) {
      if (isNew && torrent.content === undefined) await this.host.forget(torrent)
      throw swarmErrorOf(error, 'add the content')
    }
    if (isNew) this.host.emit('added', torrent)
    return torrent.summary()
  }

  /**
   * Fetches content from its providers, continuing where an earlier fetch stopped, and offers it from then on.
   * Several fetches of one infohash share the work. One that was begun by this call is paused when the call gives up.
   * @throws {SwarmError}
   */
  async fetch(source: TorrentSource, options: FetchOptions): Promise<FetchResult> {
    const start = startOf(source)
    const found = await this.torrents.whenOpen(namesOf(start))
    if (found) assertSame(found, start)
    if (found?.isSeeding && found.machine.have?.isFull && (await existsAtAll(found.path))) {
      return fetchLocally(found, options, this.host.cache, () => this.nowMs())
    }
    if (found?.isSeeding && !(await existsAtAll(found.path))) await this.host.forget(found)
    const torrent = await this.torrentFor(source)
    try {
      return await new Fetch(torrent, source, options, () => this.nowMs()).run()
    } catch (error) {
      if (torrent.record === undefined && !torrent.isFetching && !torrent.goesOn)
        await this.host.forget(torrent)
      throw swarmErrorOf(error, 'fetch the content')
    }
  }

  private async torrentFor(source: TorrentSource): Promise<Torrent> {
    const start = startOf(source)
    const names = namesOf(start)
    await this.torrents.whenOpen(names)
    this.host.assertOpen()
    // No pause between the question and the answer: two calls at once must share one torrent.
    const known = this.torrents.find(names)
    if (known) assertSame(known, start)
    return known ?? this.host.add(start)
  }

  // What is here

  /** All torrents, in the order in which they came. */
  list(): TorrentSummary[] {
    return Array.from(this.torrents, torrent => torrent.summary())
  }

  /** One torrent; undefined when it is not known. */
  get(infohash: Uint8Array): TorrentSummary | undefined {
    return this.torrents.get(infohash)?.summary()
  }

  /** Everything about a torrent: its files, peers, trackers, pieces; undefined when it is not known. */
  details(infohash: Uint8Array): TorrentDetails | undefined {
    const torrent = this.torrents.get(infohash)
    return torrent && detailsOf(torrent)
  }

  /** The connected peers of a torrent. */
  peersOf(infohash: Uint8Array): PeerDetails[] {
    const torrent = this.torrents.get(infohash)
    return torrent ? peersOf(torrent) : []
  }

  /** Its .torrent file. @throws {SwarmError} as long as only the infohash is known. */
  async torrentFile(infohash: Uint8Array): Promise<Uint8Array> {
    return torrentFileOf(await this.torrents.existing(infohash))
  }

  /**
   * Bytes of a file of a torrent, in order, as they arrive: what is missing is fetched first, also of a file that was
   * not wanted.
   * @param file its number, as {@link details} gives it.
   * @throws {SwarmError} when they are missing and nothing is being fetched.
   */
  async *openContent(
    infohash: Uint8Array,
    file: number,
    range?: ByteRange,
    signal: AbortSignal = new AbortController().signal,
  ): AsyncGenerator<Uint8Array> {
    const torrent = await this.torrents.existing(infohash)
    yield* torrent.read(file, range, signal)
  }

  // What users do with it

  /** Nothing of it goes in or out any more, until it is resumed. @throws {SwarmError} */
  pause(infohash: Uint8Array): Promise<TorrentSummary> {
    return this.with(infohash, torrent => torrent.pause())
  }

  /** Goes on with it, and tries again what went wrong. @throws {SwarmError} */
  resume(infohash: Uint8Array): Promise<TorrentSummary> {
    return this.with(infohash, torrent => torrent.resume())
  }

  /** Hashes everything that is here of it. @throws {SwarmError} */
  recheck(infohash: Uint8Array): Promise<TorrentSummary> {
    return this.with(infohash, torrent => torrent.recheck())
  }

  /**
   * Moves the content to a path of its own, where nothing is yet.
   * @param signal stops it as long as it is being copied to another disk: everything is where it was then.
   * @throws {SwarmError}
   */
  move(infohash: Uint8Array, path: string, signal?: AbortSignal): Promise<TorrentSummary> {
    return this.with(infohash, torrent => torrent.disk.moveTo(resolve(path), signal))
  }

  /** @param path of the file, below the content's folder. @throws {SwarmError} */
  renameFile(infohash: Uint8Array, file: number, path: readonly string[]): Promise<TorrentSummary> {
    return this.with(infohash, torrent => torrent.disk.renameFile(file, path))
  }

  /** Which of its files are wanted, and how much. @throws {SwarmError} */
  setFiles(infohash: Uint8Array, choice: FileChoice | readonly FilePriority[]): Promise<TorrentSummary> {
    const choose = typeof choice === 'function' ? choice : () => choice
    return this.with(infohash, torrent => torrent.setFiles(choose))
  }

  /** Limits and goals of one torrent, or the limits of all together. @throws {SwarmError} */
  async setLimits(infohash: Uint8Array | 'all', changes: LimitChanges): Promise<void> {
    if (infohash !== 'all') await this.with(infohash, torrent => torrent.setLimits(changes))
    else this.host.setLimits(changes)
  }

  /** What all torrents together may send and take. */
  get limits(): RateLimits {
    return this.host.limits
  }

  private async with(
    infohash: Uint8Array,
    act: (torrent: Torrent) => Promise<void>,
  ): Promise<TorrentSummary> {
    this.host.assertOpen()
    const torrent = await this.torrents.existing(infohash)
    await act(torrent)
    return torrent.summary()
  }

  /**
   * Stops offering and forgets. An unfinished part file goes; the content stays unless it is to go too.
   * @returns whether it was known. @throws {SwarmError} `in-use` when what is to go is offered otherwise, too.
   */
  async remove(infohash: Uint8Array, { deleteFiles = false } = {}): Promise<boolean> {
    const torrent = await this.torrents.whenOpen([infohash])
    if (deleteFiles) torrent?.disk.claimForChange()
    if (torrent) await this.host.forget(torrent, deleteFiles)
    return torrent !== undefined
  }

  // From one session to the next

  /**
   * Brings back what an earlier session of the same folder had: it goes on as it was. What is missing or was changed
   * is listed with its `problem`.
   */
  async restore(): Promise<TorrentSummary[]> {
    this.host.assertOpen()
    await mkdir(this.options.resumeDir, { recursive: true })
    const records = await this.host.resumeStore.load((path, reason) =>
      this.host.log('a resume file is damaged', { path, reason }),
    )
    const restored: Torrent[] = []
    for (let i = 0; i < records.length && !this.host.isClosed; i += RESTORES_AT_ONCE) {
      const unknown = records
        .slice(i, i + RESTORES_AT_ONCE)
        .filter(({ infohash }) => !this.torrents.hasAddedBy(infohash))
      restored.push(...(await Promise.all(unknown.map(record => this.restoreOne(record)))))
    }
    return restored.map(torrent => torrent.summary())
  }

  private async restoreOne(record: ResumeRecord): Promise<Torrent> {
    const { infohash, infohashV2, info, layers } = record
    const torrent = this.host.add({
      infohash,
      ...(infohashV2 ? { infohashV2 } : {}),
      ...(info ? { info } : {}),
      ...(layers ? { pieceLayers: layers } : {}),
    })
    await this.torrents.restore(torrent, torrent.restore(record))
    this.host.emit('added', torrent)
    return torrent
  }

  /** Closes all connections and files; fetches reject with `closed`. What was fetched can be restored. */
  async close(): Promise<void> {
    await this.host.close()
  }
}
