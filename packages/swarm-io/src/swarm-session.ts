import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { RandomSource, Rejection } from '@onehop/primitives'
import {
  BANDWIDTH_INTERVAL_MS,
  BandwidthLimit,
  type Handshake,
  type InfoHash,
  infoHashToHex,
  PEER_ID_BYTES,
  type PeerSnapshot,
  toInfoHash,
  type WireConnection,
} from '@onehop/swarm'
import { EventListeners } from './event-listeners.ts'
import { Fetch } from './fetch.ts'
import { RESTORES_AT_ONCE } from './limits.ts'
import { fetchLocally } from './local-copy.ts'
import type { PeerLink } from './peer-link.ts'
import { ReadCache } from './read-cache.ts'
import type { ResumeRecord } from './resume/resume-record.ts'
import { ResumeStore } from './resume/resume-store.ts'
import { type ConnectionsOwner, SessionConnections } from './session-connections.ts'
import type {
  AddOptions,
  ChokingStrategy,
  FetchOptions,
  FetchResult,
  PeerFinder,
  SeedOptions,
  SwarmEvents,
  SwarmSessionOptions,
  TorrentSource,
  TorrentSummary,
} from './session-types.ts'
import { type HashedContent, hashContent } from './storage/hash-content.ts'
import { existsAtAll } from './storage/safe-path.ts'
import { openForSeed } from './storage/torrent-openers.ts'
import { SwarmError, swarmErrorOf } from './swarm-error.ts'
import { Torrent, type TorrentStart } from './torrent.ts'
import type { TorrentHost } from './torrent-host.ts'
import { LocalDiscovery } from './tracker/local-discovery.ts'
import { TrackerTransport } from './tracker/tracker-transport.ts'

/** What other clients see: Azureus style, client OH, version 0.1.0. */
const PEER_ID_PREFIX = '-OH0100-'

/** Publishes and fetches content: all torrents of one node, over TCP and over connections that somebody else opens. */
export class SwarmSession implements TorrentHost, ConnectionsOwner {
  readonly peerId: Uint8Array
  readonly cache = new ReadCache()
  readonly resumeStore: ResumeStore
  readonly random: RandomSource
  readonly strategy: ChokingStrategy
  readonly preallocate: boolean
  readonly uploadLimit: BandwidthLimit
  readonly downloadLimit: BandwidthLimit
  readonly findPeers: PeerFinder | undefined
  readonly connections: SessionConnections
  readonly trackerTransport: TrackerTransport
  localDiscovery: LocalDiscovery | undefined
  private readonly options: SwarmSessionOptions
  private readonly torrents = new Map<string, Torrent>()
  /** By infohash in hex: torrents whose files are being opened again. */
  private readonly restoring = new Map<string, Promise<void>>()
  private readonly listeners = new EventListeners()
  private readonly pacer: NodeJS.Timeout
  private isClosed = false

  constructor(options: SwarmSessionOptions) {
    this.options = options
    this.random = options.random ?? Math.random
    this.resumeStore = new ResumeStore(options.resumeDir)
    this.strategy = options.strategy ?? 'tit-for-tat'
    this.preallocate = options.preallocate === true
    this.findPeers = options.findPeers
    this.uploadLimit = new BandwidthLimit(this.nowMs(), options.limits?.uploadBytesPerSecond)
    this.downloadLimit = new BandwidthLimit(this.nowMs(), options.limits?.downloadBytesPerSecond)
    this.connections = new SessionConnections(this, options.tcp)
    this.trackerTransport = new TrackerTransport(this)
    this.pacer = setInterval(() => this.releaseBandwidth(), BANDWIDTH_INTERVAL_MS)
    this.pacer.unref()
    const random = randomBytes(PEER_ID_BYTES - PEER_ID_PREFIX.length)
    this.peerId = new Uint8Array(Buffer.concat([Buffer.from(PEER_ID_PREFIX, 'latin1'), random]))
  }

  /** Opens the TCP side, if it is wanted: before anything is published or fetched. @throws {SwarmError} */
  async start(): Promise<void> {
    this.assertOpen()
    await this.connections.listen()
    if (this.options.localDiscovery && this.btPort > 0) await this.discoverLocally()
  }

  private async discoverLocally(): Promise<void> {
    this.localDiscovery = new LocalDiscovery({
      port: this.btPort,
      onPeer: (infohashHex, address) => {
        this.torrents.get(infohashHex)?.pool.offerAddresses([address], 'local')
      },
      nowMs: () => this.nowMs(),
      log: (message, details) => this.log(message, details),
    })
    await this.localDiscovery.start()
  }

  /** What waits for a bandwidth limit goes on when it may. */
  private releaseBandwidth(): void {
    for (const { machine } of this.torrents.values()) if (machine.isHeldBack) machine.releaseBandwidth()
  }

  /** Where other clients connect to; 0 when they cannot. */
  get btPort(): number {
    return this.connections.port
  }

  nowMs(): number {
    return this.options.nowMs?.() ?? performance.now()
  }

  log(message: string, details?: Readonly<Record<string, unknown>>): void {
    this.options.log?.(message, details)
  }

  onMisbehaviour(remotePeer: string, rejection: Rejection): void {
    this.log('a peer misbehaved', { remotePeer, code: rejection.code, detail: rejection.detail })
    this.options.onMisbehaviour?.(remotePeer, rejection)
  }

  /** Calls the listener whenever it happens. @returns what ends that. */
  on<Event extends keyof SwarmEvents>(event: Event, listener: SwarmEvents[Event]): () => void {
    return this.listeners.add(event, listener)
  }

  emit(event: keyof SwarmEvents, torrent: Torrent): void {
    this.listeners.tell(event, torrent.summary())
  }

  claimPath(path: string, owner: Torrent): void {
    for (const torrent of this.torrents.values()) {
      if (torrent !== owner && torrent.path === path && torrent.problem === undefined) {
        throw new SwarmError(
          'in-use',
          `Cannot use ${path}: another content is there or is being fetched to it.`,
        )
      }
    }
  }

  *openInfohashes(): Iterable<InfoHash> {
    for (const torrent of this.torrents.values()) if (torrent.isOpen) yield torrent.infohash
  }

  /** Takes a connection that a peer opened. Its handshake says which torrent it wants; unknown ones are closed. */
  accept(connection: WireConnection): void {
    this.connections.accept(connection)
  }

  onHandshake(link: PeerLink, handshake: Handshake): void {
    const torrent = this.torrents.get(infoHashToHex(handshake.infohash))
    if (torrent) torrent.links.attach(link, handshake)
    else link.close()
  }

  // Publishing

  /**
   * Hashes a file or a folder and offers it. The same content twice is one torrent, at the path that was first.
   * @throws {SwarmError}
   */
  async seed(path: string, options: SeedOptions = {}): Promise<TorrentSummary> {
    this.assertOpen()
    const absolute = resolve(path)
    const hashed = await hashContent(absolute, options)
    const known = await this.known(hashed.info.infohash)
    this.assertOpen()
    if (known?.isSeeding && (await existsAtAll(known.path))) {
      await known.publishAgain(options)
      return known.summary()
    }
    if (known?.isFetching) {
      throw new SwarmError(
        'in-use',
        `Cannot publish ${absolute}: its content is being fetched to ${known.path}.`,
      )
    }
    if (known) await this.forget(known)
    return this.register(hashed, absolute, options)
  }

  private async register(
    { info, stamps, layers }: HashedContent,
    path: string,
    options: SeedOptions,
  ): Promise<TorrentSummary> {
    const known = layers ? { layers } : {}
    const files = await openForSeed(info, path, stamps, { cache: this.cache, ...known })
    const torrent = this.addTorrent({
      infohash: info.infohash,
      info,
      ...(layers ? { pieceLayers: layers } : {}),
    })
    torrent.goesOn = true
    try {
      await torrent.disk.adopt(files)
      await torrent.publishAgain(options)
    } catch (error) {
      this.torrents.delete(infoHashToHex(info.infohash))
      await torrent.close()
      await files.storage.close()
      throw swarmErrorOf(error, `publish ${path}`)
    }
    this.emit('added', torrent)
    return torrent.summary()
  }

  private addTorrent(start: TorrentStart): Torrent {
    const torrent = new Torrent(start, this)
    this.torrents.set(infoHashToHex(start.infohash), torrent)
    return torrent
  }

  /** The torrent, once its files are open again. */
  private async known(infohash: Uint8Array): Promise<Torrent | undefined> {
    await this.restoring.get(infoHashToHex(infohash))
    return this.torrents.get(infoHashToHex(infohash))
  }

  // Fetching

  /**
   * Fetches content without anyone who waits for it, also after a restart, and offers it from then on. What is known
   * already goes on.
   * @throws {SwarmError}
   */
  async add(source: TorrentSource, options: AddOptions): Promise<TorrentSummary> {
    const torrent = await this.torrentFor(source)
    const isNew = torrent.record === undefined
    try {
      await torrent.begin(source, options)
      torrent.goesOn = true
      if (isNew) this.emit('added', torrent)
    } catch (error) {
      if (isNew) await this.forget(torrent)
      throw swarmErrorOf(error, 'add the content')
    }
    return torrent.summary()
  }

  /**
   * Fetches content from its providers, continuing where an earlier fetch stopped, and offers it from then on.
   * Several fetches of one infohash share the work. One that was begun by this call is paused when the call gives up.
   * @throws {SwarmError}
   */
  async fetch(source: TorrentSource, options: FetchOptions): Promise<FetchResult> {
    const found = await this.known(infohashOf(source))
    if (found?.isSeeding && (await existsAtAll(found.path))) {
      return fetchLocally(found, options, this.cache, () => this.nowMs())
    }
    if (found?.isSeeding) await this.forget(found)
    const torrent = await this.torrentFor(source)
    try {
      return await new Fetch(torrent, source, options, () => this.nowMs()).run()
    } catch (error) {
      if (torrent.record === undefined && !torrent.isFetching && !torrent.goesOn) await this.forget(torrent)
      throw swarmErrorOf(error, 'fetch the content')
    }
  }

  private async torrentFor(source: TorrentSource): Promise<Torrent> {
    const infohash = infohashOf(source)
    await this.restoring.get(infoHashToHex(infohash))
    this.assertOpen()
    // No pause between the question and the answer: two calls at once must share one torrent.
    const known = this.torrents.get(infoHashToHex(infohash))
    return known ?? this.addTorrent(startOf(source))
  }

  // What is here

  /** All torrents, in the order in which they came. */
  list(): TorrentSummary[] {
    return [...this.torrents.values()].map(torrent => torrent.summary())
  }

  /** One torrent; undefined when it is not known. */
  get(infohash: Uint8Array): TorrentSummary | undefined {
    return this.torrents.get(infoHashToHex(infohash))?.summary()
  }

  /** The connected peers of a torrent. */
  peersOf(infohash: Uint8Array): PeerSnapshot[] {
    return this.torrents.get(infoHashToHex(infohash))?.machine.peerSnapshots() ?? []
  }

  /** Nothing of it goes in or out any more, until it is resumed. @throws {SwarmError} */
  async pause(infohash: Uint8Array): Promise<TorrentSummary> {
    const torrent = await this.existing(infohash)
    await torrent.pause()
    return torrent.summary()
  }

  /** Goes on with it, and tries again what went wrong. @throws {SwarmError} */
  async resume(infohash: Uint8Array): Promise<TorrentSummary> {
    const torrent = await this.existing(infohash)
    await torrent.resume()
    return torrent.summary()
  }

  private async existing(infohash: Uint8Array): Promise<Torrent> {
    this.assertOpen()
    const torrent = await this.known(infohash)
    if (torrent) return torrent
    throw new SwarmError('not-found', `There is no content ${infoHashToHex(toInfoHash(infohash))} here.`)
  }

  /**
   * Stops offering and forgets. An unfinished part file goes; the content stays unless it is to go too.
   * @returns whether it was known.
   */
  async remove(infohash: Uint8Array, { deleteFiles = false } = {}): Promise<boolean> {
    const torrent = await this.known(infohash)
    if (torrent) await this.forget(torrent, deleteFiles)
    return torrent !== undefined
  }

  private async forget(torrent: Torrent, deleteFiles = false): Promise<void> {
    this.torrents.delete(infoHashToHex(torrent.infohash))
    await torrent.remove(deleteFiles)
    this.emit('removed', torrent)
  }

  // From one session to the next

  /**
   * Brings back what an earlier session of the same folder had: it goes on as it was. What is missing or was changed
   * is listed with its `problem`.
   */
  async restore(): Promise<TorrentSummary[]> {
    this.assertOpen()
    await mkdir(this.options.resumeDir, { recursive: true })
    const records = await this.resumeStore.load((path, reason) =>
      this.log('a resume file is damaged', { path, reason }),
    )
    const restored: Torrent[] = []
    for (let i = 0; i < records.length; i += RESTORES_AT_ONCE) {
      const unknown = records
        .slice(i, i + RESTORES_AT_ONCE)
        .filter(({ infohash }) => !this.torrents.has(infoHashToHex(infohash)))
      restored.push(...(await Promise.all(unknown.map(record => this.restoreOne(record)))))
    }
    return restored.map(torrent => torrent.summary())
  }

  private async restoreOne(record: ResumeRecord): Promise<Torrent> {
    const { infohash, infohashV2, info, layers } = record
    const torrent = this.addTorrent({
      infohash,
      ...(infohashV2 ? { infohashV2 } : {}),
      ...(info ? { info } : {}),
      ...(layers ? { pieceLayers: layers } : {}),
    })
    const name = infoHashToHex(record.infohash)
    const opening = torrent.restore(record).finally(() => this.restoring.delete(name))
    this.restoring.set(name, opening)
    await opening
    this.emit('added', torrent)
    return torrent
  }

  private assertOpen(): void {
    if (this.isClosed) throw new SwarmError('closed', 'The session is closed.')
  }

  /** Closes all connections and files; fetches reject with `closed`. What was fetched can be restored. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    clearInterval(this.pacer)
    const closing = [this.connections.close(), this.localDiscovery?.close()]
    await Promise.all([...this.torrents.values()].map(torrent => torrent.close()))
    await Promise.all(closing)
  }
}

function infohashOf(source: TorrentSource): InfoHash {
  return 'torrent' in source ? source.torrent.info.infohash : toInfoHash(source.infohash)
}

function startOf(source: TorrentSource): TorrentStart {
  const infohash = infohashOf(source)
  if ('torrent' in source) {
    const { info, pieceLayers } = source.torrent
    return { infohash, info, ...(pieceLayers ? { pieceLayers } : {}) }
  }
  return { infohash, ...(source.infohashV2 ? { infohashV2: source.infohashV2 } : {}) }
}
