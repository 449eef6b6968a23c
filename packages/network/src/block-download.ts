import { bytesToHex, describeRejection, hexToBytes, type RandomSource, shuffled } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import {
  BLOCK_ARRIVAL_WAIT_MS,
  DOWNLOAD_WINDOW_BLOCKS,
  HEAD_STALL_MS,
  MAX_BLOCKS_IN_FLIGHT_PER_PEER,
  MAX_BLOCKS_PER_REQUEST,
  MAX_DOWNLOAD_PATHS,
  MAX_WAITING_BLOCK_BYTES,
  MISSING_RETRY_MS,
  REFUSED_BLOCK_RETRY_MS,
} from './limits.ts'
import type { SyncSession } from './sync-session.ts'

interface Flight {
  readonly sessions: Set<SyncSession>
  sinceMs: number
}

interface Arrival {
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
}

/**
 * Fetches missing bodies from several peers at once within a window ahead of the chain, and feeds them to the chain
 * in order. Whoever stalls loses its requests to others.
 */
export class BlockDownload {
  private readonly port: DownloadPort
  private readonly flights = new Map<string, Flight>()
  private readonly arrivals = new Map<string, Arrival>()
  private readonly refusedUntilMs = new Map<string, number>()
  private readonly waiters = new Map<string, Set<() => void>>()
  /** Missing blocks (hashes as hex) in the order they connect, of each branch that is being fetched. */
  private paths: string[][] = []
  private waitingBytes = 0
  private feeding = false
  private stopped = false

  constructor(port: DownloadPort) {
    this.port = port
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
    this.look()
    if (this.waitingBytes < MAX_WAITING_BLOCK_BYTES) this.requestMissing(preferred)
    if (!this.feeding && this.next() !== undefined) void this.feed()
  }

  /** Resolves when the block arrives, at once when it is not being downloaded, and after a short time in any case. */
  waitForBlock(hash: Uint8Array): Promise<void> {
    const key = bytesToHex(hash)
    if (!this.flights.has(key) && !this.arrivals.has(key)) return Promise.resolve()
    return new Promise(resolve => {
      const waiters = this.waiters.get(key) ?? new Set()
      this.waiters.set(key, waiters)
      const release = () => {
        clearTimeout(timer)
        waiters.delete(release)
        if (waiters.size === 0) this.waiters.delete(key)
        resolve()
      }
      const timer = setTimeout(release, BLOCK_ARRIVAL_WAIT_MS)
      waiters.add(release)
    })
  }

  stop(): void {
    this.stopped = true
    this.flights.clear()
    this.arrivals.clear()
    for (const waiters of [...this.waiters.values()]) for (const release of [...waiters]) release()
  }

  /**
   * The ways to the header of most work, and to the tips that peers stand on: mostly one and the same. Headers are
   * cheap to announce without ever showing a block, so no branch may keep us from the others.
   */
  private look(): void {
    const { chain } = this.port
    const tips = new Map<string, Uint8Array>()
    for (const { announcedTip, status } of this.port.sessions()) {
      for (const tip of [announcedTip, status?.bestHash])
        if (tip !== undefined) tips.set(bytesToHex(tip), tip)
    }
    this.paths = []
    this.follow(chain.blocksToDownload(DOWNLOAD_WINDOW_BLOCKS))
    for (const tip of shuffled(this.port.random, [...tips.values()])) {
      if (this.paths.length >= MAX_DOWNLOAD_PATHS) break
      this.follow(chain.blocksToDownload(DOWNLOAD_WINDOW_BLOCKS, tip))
    }
    this.dropUnwanted()
  }

  /** Of two ways that begin alike the first is enough until they part. */
  private follow(path: readonly Uint8Array[]): void {
    const keys = path.map(bytesToHex)
    if (keys.length > 0 && !this.isHead(keys[0]!)) this.paths.push(keys)
  }

  private isHead(key: string): boolean {
    return this.paths.some(([head]) => head === key)
  }

  private get wanted(): Set<string> {
    return new Set(this.paths.flat())
  }

  private requestMissing(preferred?: SyncSession): void {
    const missing = [...this.wanted].filter(key => this.mayRequest(key))
    for (let i = 0; i < missing.length; ) {
      const batch = this.assignBatch(missing.slice(i, i + MAX_BLOCKS_PER_REQUEST), preferred)
      if (batch === 0) i++
      else i += batch
    }
  }

  private mayRequest(key: string): boolean {
    if (this.arrivals.has(key)) return false
    if ((this.refusedUntilMs.get(key) ?? 0) > this.port.now()) return false
    const flight = this.flights.get(key)
    if (flight === undefined) return true
    return this.isHead(key) && flight.sessions.size === 1 && this.port.now() - flight.sinceMs > HEAD_STALL_MS
  }

  /** Asks one peer for as many of these as it may serve, beginning with the first. @returns how many. */
  private assignBatch(keys: readonly string[], preferred?: SyncSession): number {
    const [first] = keys
    const session = first === undefined ? undefined : this.choose(first, preferred)
    if (session === undefined) return 0
    const room = MAX_BLOCKS_IN_FLIGHT_PER_PEER - session.blocksInFlight
    const batch: Uint8Array[] = []
    for (const key of keys.slice(0, room)) {
      if (session.lacks(key, MISSING_RETRY_MS)) break
      batch.push(hexToBytes(key))
    }
    void this.request(session, batch)
    return batch.length
  }

  private choose(key: string, preferred?: SyncSession): SyncSession | undefined {
    const busy = this.flights.get(key)?.sessions
    const able = this.port
      .sessions()
      .filter(
        session =>
          session.blocksInFlight < MAX_BLOCKS_IN_FLIGHT_PER_PEER &&
          !session.lacks(key, MISSING_RETRY_MS) &&
          busy?.has(session) !== true,
      )
    if (preferred !== undefined && able.includes(preferred)) return preferred
    const { chainWork } = this.port.chain.tip()
    const ahead = able.filter(session => (session.status?.chainWork ?? 0n) > chainWork)
    return (ahead.length > 0 ? ahead : able).sort(byLoad)[0]
  }

  private async request(session: SyncSession, hashes: readonly Uint8Array[]): Promise<void> {
    for (const hash of hashes) this.takeOff(bytesToHex(hash), session)
    session.blocksInFlight += hashes.length
    let answered = 0
    try {
      await session.getBlocks(hashes, (hash, bytes) => {
        answered++
        session.blocksInFlight--
        this.land(bytesToHex(hash), session, bytes)
      })
    } catch {
      session.blocksInFlight -= hashes.length - answered
      for (const hash of hashes.slice(answered)) {
        // Not asked of this peer again at once: others come first.
        session.setMissing(bytesToHex(hash))
        this.leave(bytesToHex(hash), session)
      }
    }
    this.pump()
    this.port.onProgress()
  }

  private takeOff(key: string, session: SyncSession): void {
    const flight = this.flights.get(key) ?? { sessions: new Set(), sinceMs: 0 }
    flight.sessions.add(session)
    flight.sinceMs = this.port.now()
    this.flights.set(key, flight)
  }

  private leave(key: string, session: SyncSession): void {
    const flight = this.flights.get(key)
    if (flight === undefined) return
    flight.sessions.delete(session)
    if (flight.sessions.size === 0) this.flights.delete(key)
  }

  private land(key: string, from: SyncSession, bytes?: Uint8Array): void {
    this.leave(key, from)
    if (bytes === undefined || this.stopped || this.arrivals.has(key)) return
    if (!this.wanted.has(key)) return
    this.flights.delete(key)
    this.arrivals.set(key, { bytes, from })
    this.waitingBytes += bytes.length
    if (!this.feeding && this.next() !== undefined) void this.feed()
  }

  /** A block that is here and connects to what is known. */
  private next(): string | undefined {
    return this.paths.find(([head]) => head !== undefined && this.arrivals.has(head))?.[0]
  }

  /** Hands over what has arrived, in order; one at a time. */
  private async feed(): Promise<void> {
    this.feeding = true
    for (let key = this.next(); key !== undefined && !this.stopped; key = this.next()) {
      const arrival = this.arrivals.get(key)!
      const verdict = await this.port.chain.acceptBlock(arrival.bytes)
      this.dropArrival(key)
      if (verdict.ok) this.pass(key)
      else if (verdict.blame === 'sender') this.port.onInvalidBlock(arrival.from, describeRejection(verdict))
      else this.refusedUntilMs.set(key, this.port.now() + REFUSED_BLOCK_RETRY_MS)
      if (!verdict.ok || this.wanted.size < DOWNLOAD_WINDOW_BLOCKS / 2) this.refill()
      this.port.onProgress()
    }
    this.feeding = false
    this.pump()
    this.port.onProgress()
  }

  /** The block is in the chain: every way that began with it goes on behind it. */
  private pass(key: string): void {
    this.paths = this.paths
      .map(path => (path[0] === key ? path.slice(1) : path))
      .filter(path => path.length > 0)
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
    for (const release of [...(this.waiters.get(key) ?? [])]) release()
  }

  /** After a reorganisation of headers, what arrived for the old path is of no use. */
  private dropUnwanted(): void {
    const { wanted } = this
    for (const key of [...this.arrivals.keys()]) if (!wanted.has(key)) this.dropArrival(key)
    for (const [key, untilMs] of this.refusedUntilMs) {
      if (untilMs <= this.port.now()) this.refusedUntilMs.delete(key)
    }
  }
}

function byLoad(a: SyncSession, b: SyncSession): number {
  return a.blocksInFlight - b.blocksInFlight || latencyOf(a) - latencyOf(b)
}

function latencyOf(session: SyncSession): number {
  return session.latencyMs ?? Number.MAX_SAFE_INTEGER
}
