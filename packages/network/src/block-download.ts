import {
  BoundedSet,
  bytesKey,
  describeRejection,
  type RandomSource,
  type Rejection,
} from '@onehop/primitives'
import { BlockWaiters } from './block-waiters.ts'
import type { ChainPort } from './chain-port.ts'
import { type CompactFetchResult, fetchCompactBlock } from './compact-fetch.ts'
import { DownloadPaths, type MissingBlock } from './download-paths.ts'
import {
  DOWNLOAD_WINDOW_BLOCKS,
  HEAD_STALL_MS,
  MAX_BLOCKS_IN_FLIGHT_PER_PEER,
  MAX_BLOCKS_PER_REQUEST,
  MAX_COMPACT_PATH_BLOCKS,
  MAX_OFFERED_BLOCKS,
  MAX_OFFERED_BYTES,
  MAX_REMEMBERED_COMPACT_BLOCKS,
  MAX_WAITING_BLOCK_BYTES,
  MISSING_RETRY_MS,
  REFUSED_BLOCK_RETRY_MS,
} from './limits.ts'
import { RequestFailure } from './pending-requests.ts'
import { COMPACT_BLOCKS_VERSION } from './sync-messages.ts'
import type { SyncSession } from './sync-session.ts'
import { INVALID_BY_ITS_BODY } from './verdict-codes.ts'

interface Flight {
  readonly sessions: Set<SyncSession>
  sinceMs: number
}

interface Arrival {
  readonly key: string
  readonly bytes: Uint8Array
  readonly from: SyncSession
}

/** What the download needs of its owner. */
export interface DownloadPort {
  readonly chain: ChainPort
  now(): number
  readonly random: RandomSource
  /** Sessions that may be asked. */
  sessions(): SyncSession[]
  /** The peer sent a block against consensus. */
  onInvalidBlock(session: SyncSession, reason: string): void
  /** A block was connected, or the state of the download changed. */
  onProgress(): void
  /** Something failed here, for which no peer is to blame. */
  onError(error: Error): void
}

/**
 * Fetches missing bodies from several peers at once within a window ahead of the chain, and feeds them to the chain
 * in order. Whoever stalls loses its requests to others. Near the tip, blocks come in their short form first.
 */
export class BlockDownload {
  private readonly port: DownloadPort
  private readonly paths: DownloadPaths
  private readonly flights = new Map<string, Flight>()
  private readonly arrivals = new Map<string, Arrival>()
  private readonly refusedUntilMs = new Map<string, number>()
  private readonly waiters = new BlockWaiters()
  /** Blocks whose short form was asked for once: next time they are asked for whole. */
  private readonly askedCompact = new BoundedSet<string>(MAX_REMEMBERED_COMPACT_BLOCKS)
  private waitingBytes = 0
  /** Blocks that the chain is about to connect. */
  private readonly offered = new Set<string>()
  private offeredBytes = 0
  private stopped = false

  constructor(port: DownloadPort) {
    this.port = port
    this.paths = new DownloadPaths(port)
  }

  get inFlight(): number {
    return this.flights.size
  }

  get isActive(): boolean {
    return this.flights.size > 0 || this.arrivals.size > 0
  }

  /** Looks again at what is missing, and asks for it. `preferred` is asked first: it announced the block. */
  pump(preferred?: SyncSession): void {
    if (this.stopped) return
    this.look(preferred)
    if (this.waitingBytes < MAX_WAITING_BLOCK_BYTES) this.requestMissing(preferred)
    this.feed()
  }

  /** Resolves when the block arrives, at once when it is not being downloaded, and after a short time in any case. */
  waitForBlock(hash: Uint8Array): Promise<void> {
    const key = bytesKey(hash)
    if (!this.flights.has(key) && !this.arrivals.has(key)) return Promise.resolve()
    return this.waiters.wait(hash)
  }

  stop(): void {
    this.stopped = true
    this.flights.clear()
    this.arrivals.clear()
    this.waiters.releaseAll()
  }

  private look(preferred?: SyncSession): void {
    this.paths.look(preferred)
    this.dropUnwanted()
  }

  private requestMissing(preferred?: SyncSession): void {
    const missing = this.paths.blocks().filter(block => this.mayRequest(block))
    for (let i = 0; i < missing.length; ) {
      const batch = this.assignBatch(missing.slice(i, i + MAX_BLOCKS_PER_REQUEST), preferred)
      if (batch === 0) i++
      else i += batch
    }
  }

  private mayRequest({ key }: MissingBlock): boolean {
    if (this.arrivals.has(key)) return false
    if ((this.refusedUntilMs.get(key) ?? 0) > this.port.now()) return false
    const flight = this.flights.get(key)
    if (flight === undefined) return true
    return (
      this.paths.isHead(key) && flight.sessions.size === 1 && this.port.now() - flight.sinceMs > HEAD_STALL_MS
    )
  }

  /** Asks one peer for as many of these as it may serve, beginning with the first. @returns how many. */
  private assignBatch(blocks: readonly MissingBlock[], preferred?: SyncSession): number {
    const [first] = blocks
    const session = first === undefined ? undefined : this.choose(first, preferred)
    if (first === undefined || session === undefined) return 0
    if (this.mayAskCompact(first, session)) {
      void this.requestCompact(session, first.hash)
      return 1
    }
    const room = MAX_BLOCKS_IN_FLIGHT_PER_PEER - session.blocksInFlight.size
    const batch: Uint8Array[] = []
    for (const { hash } of blocks.slice(0, room)) {
      if (session.requests.lacks(hash, MISSING_RETRY_MS)) break
      batch.push(hash)
    }
    void this.request(session, batch)
    return batch.length
  }

  /** Near the tip, most of a block's transactions are here. A block that is late is asked for whole. */
  private mayAskCompact({ key }: MissingBlock, session: SyncSession): boolean {
    if (this.askedCompact.has(key) || this.flights.has(key)) return false
    if ((session.status?.version ?? 0) < COMPACT_BLOCKS_VERSION) return false
    if (this.paths.lengthOfPathWith(key) > MAX_COMPACT_PATH_BLOCKS) return false
    return session.compactBlocks.take(1, this.port.now())
  }

  private choose({ hash, key }: MissingBlock, preferred?: SyncSession): SyncSession | undefined {
    const busy = this.flights.get(key)?.sessions
    const able = this.port
      .sessions()
      .filter(
        session =>
          session.blocksInFlight.size < MAX_BLOCKS_IN_FLIGHT_PER_PEER &&
          !session.requests.lacks(hash, MISSING_RETRY_MS) &&
          busy?.has(session) !== true,
      )
    if (preferred !== undefined && able.includes(preferred)) return preferred
    const { chainWork } = this.port.chain.tip()
    const ahead = able.filter(session => (session.status?.chainWork ?? 0n) > chainWork)
    return (ahead.length > 0 ? ahead : able).sort(byLoad)[0]
  }

  private async request(session: SyncSession, hashes: readonly Uint8Array[]): Promise<void> {
    for (const hash of hashes) this.takeOff(hash, session)
    let answered = 0
    try {
      await session.requests.getBlocks(hashes, (hash, bytes) => {
        answered++
        this.land(hash, session, bytes)
      })
    } catch (error) {
      this.onFailure(error, session, hashes.slice(answered))
    }
    this.pump()
    this.port.onProgress()
  }

  private async requestCompact(session: SyncSession, hash: Uint8Array): Promise<void> {
    this.takeOff(hash, session)
    this.askedCompact.add(bytesKey(hash))
    try {
      this.onCompact(await fetchCompactBlock(session, hash, this.port.chain), session, hash)
    } catch (error) {
      this.onFailure(error, session, [hash])
    }
    this.pump(session)
    this.port.onProgress()
  }

  private onCompact(result: CompactFetchResult, session: SyncSession, hash: Uint8Array): void {
    if (result.outcome === 'block') {
      this.land(hash, session, result.bytes)
      return
    }
    if (result.outcome === 'missing') {
      this.askedCompact.delete(bytesKey(hash))
      session.requests.setMissing(hash)
    } else if (result.outcome === 'invalid') this.port.onInvalidBlock(session, result.reason)
    this.land(hash, session)
  }

  /** Not asked of this peer again at once: others come first. */
  private onFailure(error: unknown, session: SyncSession, hashes: readonly Uint8Array[]): void {
    for (const hash of hashes) {
      session.requests.setMissing(hash)
      this.leave(bytesKey(hash), session)
    }
    if (!(error instanceof RequestFailure)) this.port.onError(error as Error)
  }

  private takeOff(hash: Uint8Array, session: SyncSession): void {
    const key = bytesKey(hash)
    const flight = this.flights.get(key) ?? { sessions: new Set(), sinceMs: 0 }
    flight.sessions.add(session)
    flight.sinceMs = this.port.now()
    this.flights.set(key, flight)
    session.blocksInFlight.set(key, hash)
  }

  private leave(key: string, session: SyncSession): void {
    session.blocksInFlight.delete(key)
    const flight = this.flights.get(key)
    if (flight === undefined) return
    flight.sessions.delete(session)
    if (flight.sessions.size === 0) this.flights.delete(key)
  }

  private land(hash: Uint8Array, from: SyncSession, bytes?: Uint8Array): void {
    const key = bytesKey(hash)
    this.leave(key, from)
    if (bytes === undefined || this.stopped || this.arrivals.has(key)) return
    if (!this.paths.has(key)) return
    this.flights.delete(key)
    this.arrivals.set(key, { key, bytes, from })
    this.waitingBytes += bytes.length
    this.feed()
  }

  /** The next block to be handed over: it is here, and all before it are connected or handed over. */
  private next(): Arrival | undefined {
    for (const key of this.paths.firstWithout(this.offered)) {
      const arrival = this.arrivals.get(key)
      if (arrival !== undefined) return arrival
    }
    return undefined
  }

  /** Hands over what has arrived, in order, some at a time: the chain stores those together that wait for each other. */
  private feed(): void {
    for (let arrival = this.next(); arrival !== undefined && this.mayOffer(arrival); arrival = this.next())
      void this.offer(arrival)
  }

  private mayOffer({ bytes }: Arrival): boolean {
    if (this.stopped) return false
    if (this.offered.size === 0) return true
    return this.offered.size < MAX_OFFERED_BLOCKS && this.offeredBytes + bytes.length <= MAX_OFFERED_BYTES
  }

  private async offer({ key, bytes, from }: Arrival): Promise<void> {
    this.offered.add(key)
    this.offeredBytes += bytes.length
    const verdict = await this.port.chain.acceptBlock(bytes)
    this.offered.delete(key)
    this.offeredBytes -= bytes.length
    this.dropArrival(key)
    if (verdict.ok) {
      from.lastBlockAtMs = this.port.now()
      this.paths.pass(key)
    } else this.onRefused(key, from, verdict)
    if (!verdict.ok || this.paths.size < DOWNLOAD_WINDOW_BLOCKS / 2) this.refill()
    this.feed()
    if (this.offered.size === 0) this.pump()
    this.port.onProgress()
  }

  /** What builds on a refused block is refused for that, and whoever sent it is not to blame. */
  private onRefused(key: string, from: SyncSession, rejection: Rejection): void {
    if (rejection.blame === 'nobody') this.refusedUntilMs.set(key, this.port.now() + REFUSED_BLOCK_RETRY_MS)
    else if (!INVALID_BY_ITS_BODY.test(rejection.code))
      this.port.onInvalidBlock(from, describeRejection(rejection))
  }

  private refill(): void {
    if (this.stopped) return
    this.look()
    if (this.waitingBytes < MAX_WAITING_BLOCK_BYTES) this.requestMissing()
  }

  private dropArrival(key: string): void {
    const arrival = this.arrivals.get(key)
    if (arrival === undefined) return
    this.arrivals.delete(key)
    this.waitingBytes -= arrival.bytes.length
    this.waiters.release(key)
  }

  /** After a reorganisation of headers, what arrived for the old path is of no use. */
  private dropUnwanted(): void {
    for (const key of [...this.arrivals.keys()]) if (!this.paths.has(key)) this.dropArrival(key)
    for (const [key, untilMs] of this.refusedUntilMs) {
      if (untilMs <= this.port.now()) this.refusedUntilMs.delete(key)
    }
  }
}

function byLoad(a: SyncSession, b: SyncSession): number {
  return a.blocksInFlight.size - b.blocksInFlight.size || latencyOf(a) - latencyOf(b)
}

function latencyOf(session: SyncSession): number {
  return session.latencyMs ?? Number.MAX_SAFE_INTEGER
}
