import { randomBytes } from 'node:crypto'
import type { RandomSource, Rejection } from '@onehop/primitives'
import {
  BANDWIDTH_INTERVAL_MS,
  BandwidthLimit,
  type Handshake,
  type InfoHash,
  PEER_ID_BYTES,
} from '@onehop/swarm'
import { EventListeners } from './event-listeners.ts'
import type { PeerLink } from './peer-link.ts'
import { type ConnectionsOwner, SessionConnections } from './peers/session-connections.ts'
import { ReadCache } from './read-cache.ts'
import { ResumeStore } from './resume/resume-store.ts'
import type {
  ChokingStrategy,
  LimitChanges,
  PeerFinder,
  RateLimits,
  SwarmEvents,
  SwarmSessionOptions,
} from './session-types.ts'
import { SwarmError } from './swarm-error.ts'
import { Torrent } from './torrent/torrent.ts'
import type { PathUse, TorrentHost } from './torrent/torrent-host.ts'
import { TorrentList } from './torrent/torrent-list.ts'
import type { TorrentStart } from './torrent/torrent-start.ts'
import { LocalDiscovery } from './tracker/local-discovery.ts'
import { TrackerTransport } from './tracker/tracker-transport.ts'

/** What other clients see: Azureus style, client OH, version 0.1.0. */
const PEER_ID_PREFIX = '-OH0100-'

/** What all torrents of a session share: identity, connections, limits, memory, clocks. */
export class SessionHost implements TorrentHost, ConnectionsOwner {
  readonly torrents = new TorrentList()
  readonly peerId: Uint8Array
  readonly cache = new ReadCache()
  readonly resumeStore: ResumeStore
  readonly random: RandomSource = Math.random
  readonly strategy: ChokingStrategy
  readonly preallocate: boolean
  readonly uploadLimit: BandwidthLimit
  readonly downloadLimit: BandwidthLimit
  readonly findPeers: PeerFinder | undefined
  readonly connections: SessionConnections
  readonly trackerTransport: TrackerTransport
  localDiscovery: LocalDiscovery | undefined
  readonly listeners = new EventListeners()
  isClosed = false
  private readonly options: SwarmSessionOptions
  private readonly pacer: NodeJS.Timeout

  constructor(options: SwarmSessionOptions) {
    this.options = options
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

  /** Opens the TCP side, and the local network, as far as they are wanted. @throws {SwarmError} */
  async start(): Promise<void> {
    await this.connections.listen()
    if (!this.options.localDiscovery || this.btPort === 0) return
    this.localDiscovery = new LocalDiscovery({
      port: this.btPort,
      hosts: this.connections.hosts,
      onPeer: (infohash, address) => this.torrents.get(infohash)?.pool.offerAddresses([address], 'local'),
      nowMs: () => this.nowMs(),
      log: (message, details) => this.log(message, details),
    })
    await this.localDiscovery.start()
  }

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

  emit(event: keyof SwarmEvents, torrent: Torrent): void {
    this.listeners.tell(event, torrent.summary())
  }

  add(start: TorrentStart): Torrent {
    const torrent = new Torrent(start, this)
    this.torrents.add(torrent)
    return torrent
  }

  /** The torrent is no more: what is unfinished of it goes, and the rest where that is wanted. @throws {SwarmError} */
  async forget(torrent: Torrent, deleteFiles = false): Promise<void> {
    this.torrents.delete(torrent)
    await torrent.remove(deleteFiles)
    this.emit('removed', torrent)
  }

  claimPath(path: string, owner: Torrent, use: PathUse): void {
    this.torrents.claimPath(path, owner, use)
  }

  claimNames(owner: Torrent): void {
    this.torrents.claimNames(owner)
  }

  *openInfohashes(): Iterable<InfoHash> {
    for (const torrent of this.torrents) if (torrent.isOpen) yield* torrent.infohashes
  }

  onHandshake(link: PeerLink, handshake: Handshake): void {
    const torrent = this.torrents.get(handshake.infohash)
    if (torrent) torrent.links.attach(link, handshake)
    else link.close()
  }

  /** What waits for a bandwidth limit goes on when it may. */
  private releaseBandwidth(): void {
    for (const { machine } of this.torrents) if (machine.isHeldBack) machine.releaseBandwidth()
  }

  setLimits({ uploadBytesPerSecond, downloadBytesPerSecond }: LimitChanges): void {
    const nowMs = this.nowMs()
    if (uploadBytesPerSecond !== undefined) this.uploadLimit.setRate(uploadBytesPerSecond ?? undefined, nowMs)
    if (downloadBytesPerSecond !== undefined) {
      this.downloadLimit.setRate(downloadBytesPerSecond ?? undefined, nowMs)
    }
  }

  get limits(): RateLimits {
    const [upload, download] = [this.uploadLimit.bytesPerSecond, this.downloadLimit.bytesPerSecond]
    return {
      ...(upload === undefined ? {} : { uploadBytesPerSecond: upload }),
      ...(download === undefined ? {} : { downloadBytesPerSecond: download }),
    }
  }

  /** @throws {SwarmError} `closed` */
  assertOpen(): void {
    if (this.isClosed) throw new SwarmError('closed', 'The session is closed.')
  }

  /** Closes torrents, connections and sockets. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    clearInterval(this.pacer)
    const closing = [this.connections.close(), this.localDiscovery?.close()]
    await Promise.all(Array.from(this.torrents, torrent => torrent.close()))
    await Promise.all(closing)
  }
}
