import { randomBytes } from 'node:crypto'
import { copyFile, mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { RandomSource, Rejection } from '@onehop/primitives'
import {
  type Handshake,
  type InfoHash,
  infoHashToHex,
  PEER_ID_BYTES,
  type PeerSnapshot,
  pieceCount,
  type TorrentInfo,
  toInfoHash,
  type WireConnection,
} from '@onehop/swarm'
import { Fetch } from './fetch.ts'
import { type FileStamp, hashFile } from './hash-file.ts'
import { MAX_CONNECTIONS, MAX_GREETINGS_PER_PEER, RESTORES_AT_ONCE } from './limits.ts'
import { PeerLink } from './peer-link.ts'
import { exists } from './piece-storage.ts'
import { ReadCache } from './read-cache.ts'
import { type ResumeRecord, ResumeStore } from './resume-store.ts'
import type {
  FetchOptions,
  FetchResult,
  FetchTarget,
  SeedOptions,
  SwarmSessionOptions,
  TorrentSummary,
} from './session-types.ts'
import { SwarmError, swarmErrorOf } from './swarm-error.ts'
import { Torrent, type TorrentHost } from './torrent.ts'
import { openForFetch, openForSeed, openRestored, partPathOf, resolveTarget } from './torrent-files.ts'

/** What other clients see: Azureus style, client OH, version 0.1.0. */
const PEER_ID_PREFIX = '-OH0100-'

/** Publishes and fetches files: all torrents of one node, over connections that somebody else opens. */
export class SwarmSession implements TorrentHost {
  readonly peerId: Uint8Array
  readonly cache = new ReadCache()
  readonly resume: ResumeStore
  readonly random: RandomSource
  private readonly options: SwarmSessionOptions
  private readonly torrents = new Map<string, Torrent>()
  /** By infohash in hex: torrents whose files are being opened again. */
  private readonly restoring = new Map<string, Promise<void>>()
  private readonly greeting = new Set<PeerLink>()
  private connections = 0
  private isClosed = false

  constructor(options: SwarmSessionOptions) {
    this.options = options
    this.random = options.random ?? Math.random
    this.resume = new ResumeStore(options.resumeDir)
    const random = randomBytes(PEER_ID_BYTES - PEER_ID_PREFIX.length)
    this.peerId = new Uint8Array(Buffer.concat([Buffer.from(PEER_ID_PREFIX, 'latin1'), random]))
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

  admitConnection(): boolean {
    if (this.isClosed || this.connections >= MAX_CONNECTIONS) return false
    this.connections++
    return true
  }

  releaseConnection(): void {
    this.connections--
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

  /**
   * Hashes a file and offers it. The same content twice is one torrent, at the path that was first.
   * @throws {SwarmError}
   */
  async seed(path: string, options: SeedOptions = {}): Promise<TorrentSummary> {
    this.assertOpen()
    const absolute = resolve(path)
    const { info, stamp } = await hashFile(absolute, options)
    this.assertOpen()
    const opening = this.restoring.get(infoHashToHex(info.infohash))
    if (opening) await opening
    const known = this.torrents.get(infoHashToHex(info.infohash))
    if (known?.isSeeding && (await exists(known.path))) {
      await known.setWords(options.words)
      return known.summary()
    }
    if (known?.isFetching) {
      throw new SwarmError(
        'in-use',
        `Cannot publish ${absolute}: its content is being fetched to ${known.path}.`,
      )
    }
    if (known) await this.forget(known)
    return this.register(info, absolute, stamp, options.words)
  }

  private async register(
    info: TorrentInfo,
    path: string,
    stamp: FileStamp,
    words: readonly string[] | undefined,
  ): Promise<TorrentSummary> {
    const files = await openForSeed(info, path, stamp, this.cache)
    const torrent = this.addTorrent(info.infohash, info)
    torrent.words = words
    try {
      await torrent.adopt(files)
    } catch (error) {
      this.torrents.delete(infoHashToHex(info.infohash))
      await files.storage.close()
      throw swarmErrorOf(error, `publish ${path}`)
    }
    return torrent.summary()
  }

  private addTorrent(infohash: InfoHash, info?: TorrentInfo): Torrent {
    const torrent = new Torrent(infohash, this, info)
    this.torrents.set(infoHashToHex(infohash), torrent)
    return torrent
  }

  /**
   * Fetches content from its providers, continuing where an earlier fetch stopped, and offers it from then on.
   * Several fetches of one infohash share the work.
   * @throws {SwarmError}
   */
  async fetch(infohash: Uint8Array, options: FetchOptions): Promise<FetchResult> {
    this.assertOpen()
    const id = toInfoHash(infohash)
    const opening = this.restoring.get(infoHashToHex(id))
    if (opening) await opening
    const known = this.torrents.get(infoHashToHex(id))
    if (known?.isSeeding && !(await exists(known.path))) await this.forget(known)
    else if (known?.isSeeding) return this.fetchLocally(known, options)
    const torrent = this.torrents.get(infoHashToHex(id)) ?? this.addTorrent(id)
    try {
      return await new Fetch(torrent, options, () => this.nowMs()).run()
    } catch (error) {
      if (!torrent.info && !torrent.isFetching) await this.forget(torrent)
      throw swarmErrorOf(error, 'fetch the content')
    }
  }

  /** The content is here: at the wanted place already, or a copy of it goes there. */
  private async fetchLocally(torrent: Torrent, target: FetchTarget): Promise<FetchResult> {
    const info = torrent.info!
    const startedMs = this.nowMs()
    const path = await resolveTarget(target, info)
    if (path !== torrent.path) await this.copyContent(info, torrent.path, path)
    return {
      infohash: torrent.infohash,
      name: info.name,
      path,
      bytes: info.lengthBytes,
      pieces: pieceCount(info),
      providers: [],
      elapsedMs: this.nowMs() - startedMs,
    }
  }

  private async copyContent(info: TorrentInfo, from: string, to: string): Promise<void> {
    try {
      if (!(await exists(to))) await copyFile(from, partPathOf(to, info))
      const { storage, have, partPath } = await openForFetch(info, to, undefined, this.cache)
      try {
        if (!have.isFull) throw new SwarmError('file-changed', `${from} has changed since it was verified.`)
        if (partPath !== undefined) await storage.finish(to)
      } finally {
        await storage.close()
      }
    } catch (error) {
      throw swarmErrorOf(error, `write ${to}`)
    }
  }

  /** Takes a connection that a peer opened. Its handshake says which torrent it wants; unknown ones are closed. */
  accept(connection: WireConnection): void {
    if (this.greetingsOf(connection.remotePeer) >= MAX_GREETINGS_PER_PEER || !this.admitConnection()) {
      connection.close()
      return
    }
    const link: PeerLink = new PeerLink(
      connection,
      false,
      handshake => this.onHandshake(link, handshake),
      rejection => this.onMisbehaviour(link.remotePeer, rejection),
      () => {
        this.greeting.delete(link)
        this.releaseConnection()
      },
    )
    this.greeting.add(link)
  }

  private greetingsOf(remotePeer: string): number {
    let count = 0
    for (const link of this.greeting) if (link.remotePeer === remotePeer) count++
    return count
  }

  private onHandshake(link: PeerLink, handshake: Handshake): void {
    this.greeting.delete(link)
    const torrent = this.torrents.get(infoHashToHex(handshake.infohash))
    if (torrent) torrent.links.attach(link, handshake)
    else link.close()
  }

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
    return this.torrents.get(infoHashToHex(infohash))?.peerSnapshots() ?? []
  }

  /** Stops offering and forgets. The file stays; an unfinished part file goes. @returns whether it was known. */
  async remove(infohash: Uint8Array): Promise<boolean> {
    await this.restoring.get(infoHashToHex(infohash))
    const torrent = this.torrents.get(infoHashToHex(infohash))
    if (torrent) await this.forget(torrent)
    return torrent !== undefined
  }

  private async forget(torrent: Torrent): Promise<void> {
    this.torrents.delete(infoHashToHex(torrent.infohash))
    await torrent.remove()
  }

  /**
   * Brings back what an earlier session of the same folder had: complete files are offered, unfinished fetches stand
   * as `stopped` (and offer what they have) until `fetch` is called for them. What is missing or was changed is
   * listed with its `problem`.
   */
  async restore(): Promise<TorrentSummary[]> {
    this.assertOpen()
    await mkdir(this.options.resumeDir, { recursive: true })
    const records = await this.resume.load((path, reason) =>
      this.log('a resume file is damaged', { path, reason }),
    )
    const restored: Torrent[] = []
    for (let i = 0; i < records.length; i += RESTORES_AT_ONCE) {
      const unknown = records
        .slice(i, i + RESTORES_AT_ONCE)
        .filter(({ info }) => !this.torrents.has(infoHashToHex(info.infohash)))
      restored.push(...(await Promise.all(unknown.map(record => this.restoreOne(record)))))
    }
    return restored.map(torrent => torrent.summary())
  }

  private async restoreOne(record: ResumeRecord): Promise<Torrent> {
    const torrent = this.addTorrent(record.info.infohash, record.info)
    const name = infoHashToHex(record.info.infohash)
    const opening = this.openAgain(torrent, record).finally(() => this.restoring.delete(name))
    this.restoring.set(name, opening)
    await opening
    return torrent
  }

  private async openAgain(torrent: Torrent, record: ResumeRecord): Promise<void> {
    torrent.words = record.words
    try {
      await torrent.adopt(await openRestored(record, this.cache), record)
    } catch (error) {
      const { message } = swarmErrorOf(error, `read ${record.path}`)
      torrent.setProblem(record.path, message)
      this.log('content cannot be offered', { path: record.path, reason: message })
    }
  }

  private assertOpen(): void {
    if (this.isClosed) throw new SwarmError('closed', 'The session is closed.')
  }

  /** Closes all connections and files; fetches reject with `closed`. What was fetched can be restored. */
  async close(): Promise<void> {
    if (this.isClosed) return
    this.isClosed = true
    for (const link of [...this.greeting]) link.close()
    await Promise.all([...this.torrents.values()].map(torrent => torrent.close()))
  }
}
