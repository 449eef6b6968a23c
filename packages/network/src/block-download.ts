import { BoundedMap, bytesToHex, describeRejection } from '@onehop/primitives'
import type { ChainPort } from './chain-port.ts'
import {
  BLOCK_ARRIVAL_WAIT_MS,
  DOWNLOAD_WINDOW_BLOCKS,
  HEAD_STALL_MS,
  MAX_BLOCKS_IN_FLIGHT_PER_PEER,
  MAX_BLOCKS_PER_REQUEST,
  MAX_WAITING_BLOCK_BYTES,
  MISSING_RETRY_MS,
  REFUSED_BLOCK_RETRY_MS,
  WITHHELD_BLOCK_MS,
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
  /** When the next block of a path was wanted first. */
  private readonly wantedSinceMs = new BoundedMap<string, number>(DOWNLOAD_WINDOW_BLOCKS)
  private wanted: Uint8Array[] = []
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
    this.wanted = this.choosePath()
    this.dropUnwanted()
    if (this.waitingBytes < MAX_WAITING_BLOCK_BYTES) this.requestMissing(preferred)
    if (!this.feeding && this.hasNext()) void this.feed()
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
   * The way to the header of most work; or, where nobody sends what is next on it, to a tip that a peer stands on.
   * Headers are cheap to announce without ever showing a block.
   */
  private choosePath(): Uint8Array[] {
    const best = this.port.chain.blocksToDownload(DOWNLOAD_WINDOW_BLOCKS)
    if (!this.isWithheld(best)) return best
    for (const { status } of this.port.sessions().sort(byWork)) {
      if (status === undefined) continue
      const other = this.port.chain.blocksToDownload(DOWNLOAD_WINDOW_BLOCKS, status.bestHash)
      if (other.length > 0 && !this.isWithheld(other)) return other
    }
    return best
  }

  private isWithheld([next]: readonly Uint8Array[]): boolean {
    if (next === undefined) return false
    const key = bytesToHex(next)
    if (this.arrivals.has(key)) return false
    const nowMs = this.port.now()
    const sinceMs = this.wantedSinceMs.touch(key)
    if (sinceMs === undefined) this.wantedSinceMs.set(key, nowMs)
    return nowMs - (sinceMs ?? nowMs) >= WITHHELD_BLOCK_MS
  }

  private requestMissing(preferred?: SyncSession): void {
    const missing = this.wanted.filter(hash => this.mayRequest(bytesToHex(hash)))
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
    const isHead = this.wanted[0] !== undefined && bytesToHex(this.wanted[0]) === key
    return isHead && flight.sessions.size === 1 && this.port.now() - flight.sinceMs > HEAD_STALL_MS
  }

  /** Asks one peer for as many of these as it may serve, beginning with the first. @returns how many. */
  private assignBatch(hashes: readonly Uint8Array[], preferred?: SyncSession): number {
    const first = hashes[0]
    const session = first === undefined ? undefined : this.choose(bytesToHex(first), preferred)
    if (session === undefined) return 0
    const room = MAX_BLOCKS_IN_FLIGHT_PER_PEER - session.blocksInFlight
    const batch: Uint8Array[] = []
    for (const hash of hashes.slice(0, room)) {
      if (session.lacks(bytesToHex(hash), MISSING_RETRY_MS)) break
      batch.push(hash)
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
    if (!this.wanted.some(hash => bytesToHex(hash) === key)) return
    this.flights.delete(key)
    this.arrivals.set(key, { bytes, from })
    this.waitingBytes += bytes.length
    if (!this.feeding && this.hasNext()) void this.feed()
  }

  private hasNext(): boolean {
    const next = this.wanted[0]
    return next !== undefined && this.arrivals.has(bytesToHex(next))
  }

  /** Hands over what has arrived, in order; one at a time. */
  private async feed(): Promise<void> {
    this.feeding = true
    while (!this.stopped && this.hasNext()) {
      const key = bytesToHex(this.wanted[0]!)
      const arrival = this.arrivals.get(key)!
      const verdict = await this.port.chain.acceptBlock(arrival.bytes)
      this.dropArrival(key)
      if (verdict.ok) this.wanted = this.wanted.filter(hash => bytesToHex(hash) !== key)
      else if (verdict.blame === 'sender') this.port.onInvalidBlock(arrival.from, describeRejection(verdict))
      else this.refusedUntilMs.set(key, this.port.now() + REFUSED_BLOCK_RETRY_MS)
      if (!verdict.ok || this.wanted.length < DOWNLOAD_WINDOW_BLOCKS / 2) this.refill()
      this.port.onProgress()
    }
    this.feeding = false
    this.pump()
    this.port.onProgress()
  }

  private refill(): void {
    if (this.stopped) return
    this.wanted = this.choosePath()
    this.dropUnwanted()
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
    const wanted = new Set(this.wanted.map(bytesToHex))
    for (const key of [...this.arrivals.keys()]) if (!wanted.has(key)) this.dropArrival(key)
    for (const [key, untilMs] of this.refusedUntilMs) {
      if (untilMs <= this.port.now()) this.refusedUntilMs.delete(key)
    }
  }
}

function byWork(a: SyncSession, b: SyncSession): number {
  const [ofA, ofB] = [a.status?.chainWork ?? 0n, b.status?.chainWork ?? 0n]
  return ofA === ofB ? 0 : ofA > ofB ? -1 : 1
}

function byLoad(a: SyncSession, b: SyncSession): number {
  return a.blocksInFlight - b.blocksInFlight || latencyOf(a) - latencyOf(b)
}

function latencyOf(session: SyncSession): number {
  return session.latencyMs ?? Number.MAX_SAFE_INTEGER
}
