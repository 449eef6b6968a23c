import { formatPeerAddress, type InfoHash, type PeerAddress, type WireConnection } from '@onehop/swarm'
import {
  DIAL_TIMEOUT_MS,
  MAX_CANDIDATES,
  MAX_DIALS,
  MAX_EXCHANGED_CANDIDATES,
  MAX_OUTBOUND_PER_TORRENT,
} from '../limits.ts'
import type { PeerSource } from '../session-types.ts'
import { SwarmError } from '../swarm-error.ts'
import { Candidate, type CandidateOrigin, type Connect, ORIGINS } from './peer-candidate.ts'
import type { SessionConnections } from './session-connections.ts'
import type { LinkEnd, TorrentLinks } from './torrent-links.ts'

/** What a pool needs of its torrent. */
export interface PoolOwner {
  /** What the torrent goes by: a hybrid has two. */
  readonly infohashes: readonly InfoHash[]
  readonly links: TorrentLinks
  /** Whether everything that is wanted is here: others who have it too are not dialled then. */
  readonly isComplete: boolean
  isBanned(identity: string): boolean
  nowMs(): number
}

/** Who may have a torrent's content, from wherever we heard of it: dials them, and keeps to limits and good manners. */
export class PeerPool {
  private readonly owner: PoolOwner
  private readonly connections: SessionConnections
  private readonly candidates = new Map<string, Candidate>()
  private over = new AbortController()
  private isRunning = false
  private dialling = 0
  private outbound = 0
  private openFeeds = 0
  /** Whether anyone was ever connected, for the sentence of a failure. */
  hasConnected = false
  lastDialError = ''
  bannedPeers = 0

  constructor(owner: PoolOwner, connections: SessionConnections) {
    this.owner = owner
    this.connections = connections
  }

  /** Peers known and not connected. */
  get idleCount(): number {
    let idle = 0
    for (const { state } of this.candidates.values()) if (state === 'idle') idle++
    return idle
  }

  /** From now on peers are dialled, and feeds are read. */
  start(): void {
    if (this.isRunning) return
    this.isRunning = true
    this.over = new AbortController()
    for (const candidate of this.candidates.values()) candidate.forgive()
    this.step()
  }

  /** Ends dials and feeds; what is known of peers stays. */
  stop(): void {
    this.isRunning = false
    this.over.abort()
  }

  /**
   * Takes peers as the iterable names them, until it ends. They are dialled until the pool stops or the signal is
   * aborted: who named them is the one who gets through to them.
   */
  async follow(peers: AsyncIterable<PeerSource>, signal: AbortSignal): Promise<void> {
    this.openFeeds++
    const over = AbortSignal.any([this.over.signal, signal])
    const named = new Set<string>()
    over.addEventListener('abort', () => this.forget(named), { once: true })
    try {
      await readUntil(over, peers, source => {
        named.add(source.peerId)
        this.offer(source)
      })
    } catch (error) {
      this.lastDialError = messageOf(error)
    }
    this.openFeeds--
  }

  private forget(keys: ReadonlySet<string>): void {
    for (const key of keys) this.candidates.delete(key)
  }

  private offer(source: PeerSource): void {
    const connect = (signal: AbortSignal) => source.connect(signal)
    const known = this.candidates.get(source.peerId)
    if (known) known.nameAgain(connect)
    else this.add(new Candidate(source.peerId, 'search', connect))
    this.step()
  }

  /** Addresses for TCP, from a tracker, a peer, the local network, a link, or a user. */
  offerAddresses(addresses: readonly PeerAddress[], origin: CandidateOrigin): void {
    if (this.connections.dialTcp === undefined) return
    for (const address of addresses) this.offerAddress(address, origin)
    this.step()
  }

  private offerAddress(address: PeerAddress, origin: CandidateOrigin): void {
    const key = formatPeerAddress(address)
    const dial: Connect = (signal, infohash) => this.connections.dialTcp!(address, infohash, signal)
    const known = this.candidates.get(key)
    if (known) known.nameAgain(dial)
    else this.add(new Candidate(key, origin, dial, address))
  }

  /** Forgets those who were not named by one of these. */
  keepOnly(origins: readonly CandidateOrigin[]): void {
    for (const candidate of this.candidates.values()) {
      if (!origins.includes(candidate.origin)) this.candidates.delete(candidate.key)
    }
  }

  private add(candidate: Candidate): void {
    if (this.hasPlaceFor(candidate.origin) || this.makeRoom(candidate.origin)) {
      this.candidates.set(candidate.key, candidate)
    }
  }

  /** Peers may name as many as they like: not all places are theirs. */
  private hasPlaceFor(origin: CandidateOrigin): boolean {
    if (this.candidates.size >= MAX_CANDIDATES) return false
    return origin !== 'exchange' || this.countOf(origin) < MAX_EXCHANGED_CANDIDATES
  }

  private countOf(origin: CandidateOrigin): number {
    let count = 0
    for (const candidate of this.candidates.values()) if (candidate.origin === origin) count++
    return count
  }

  /** Those who could not be reached make room for new ones of no lower standing. */
  private makeRoom(origin: CandidateOrigin): boolean {
    const rank = rankOf(origin)
    for (const candidate of this.candidates.values()) {
      if (candidate.isExhausted && rankOf(candidate.origin) >= rank)
        return this.candidates.delete(candidate.key)
    }
    return false
  }

  /** Dials who is due: those first whom a user named, then those of searches, those last whom other peers named. */
  step(): void {
    if (!this.isRunning || !this.mayDialMore) return
    const due = [...this.candidates.values()].filter(candidate => this.mayDial(candidate))
    due.sort((a, b) => rankOf(a.origin) - rankOf(b.origin) || a.failures - b.failures)
    for (const candidate of due) {
      if (!this.mayDialMore || !this.connections.admitDial()) return
      void this.dial(candidate)
    }
  }

  private get mayDialMore(): boolean {
    return this.dialling < MAX_DIALS && this.outbound < MAX_OUTBOUND_PER_TORRENT && this.owner.links.hasRoom
  }

  private mayDial(candidate: Candidate): boolean {
    const { owner } = this
    return (
      candidate.isDue(owner.nowMs(), owner.isComplete) &&
      !this.isBanned(candidate) &&
      !this.isConnected(candidate)
    )
  }

  private isBanned(candidate: Candidate): boolean {
    return candidate.identities.some(identity => this.owner.isBanned(identity))
  }

  private isConnected(candidate: Candidate): boolean {
    return this.owner.links.isConnectedTo(candidate.key, candidate.peerId)
  }

  private async dial(candidate: Candidate): Promise<void> {
    const infohash = this.nameFor(candidate)
    candidate.state = 'dialling'
    this.dialling++
    this.outbound++
    try {
      const connect = (signal: AbortSignal) => candidate.connect(signal, infohash)
      const connection = await connectWithin(connect, this.over.signal)
      candidate.state = 'linked'
      this.hasConnected = true
      this.owner.links.connect(connection, infohash, end => this.onGone(candidate, end))
    } catch (error) {
      this.lastDialError = messageOf(error)
      this.onGone(candidate, undefined)
    } finally {
      this.dialling--
      this.connections.releaseDial()
    }
    this.step()
  }

  /** A peer may know a hybrid by one of its infohashes only: by turns. */
  private nameFor({ failures }: Candidate): InfoHash {
    const { infohashes } = this.owner
    return infohashes[failures % infohashes.length]!
  }

  /** The connection is closed, or there was none. */
  private onGone(candidate: Candidate, end: LinkEnd | undefined): void {
    this.outbound--
    candidate.onGone(end, this.owner.nowMs())
    if (!this.isBanned(candidate)) return
    this.candidates.delete(candidate.key)
    this.bannedPeers++
  }

  /** Whether somebody may still come: a feed goes on, a dial is under way, or one of those known is left to be tried. */
  get hasHope(): boolean {
    if (this.openFeeds > 0) return true
    for (const candidate of this.candidates.values()) {
      if (candidate.state !== 'idle') return true
      if (!candidate.isExhausted && !this.isBanned(candidate)) return true
    }
    return false
  }
}

/** Whom to believe more: the lower, the more. */
function rankOf(origin: CandidateOrigin): number {
  return ORIGINS.indexOf(origin)
}

/** Hands over what the iterable brings, until it ends or the signal is aborted. @throws what the iterable throws. */
async function readUntil<T>(
  over: AbortSignal,
  values: AsyncIterable<T>,
  onValue: (value: T) => void,
): Promise<void> {
  const iterator = values[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await unlessAborted(iterator.next(), over)
      if (next === undefined || next.done) return
      onValue(next.value)
    }
  } finally {
    // A generator that is waiting for its next value may never return; how it ends is its own affair.
    void Promise.resolve(iterator.return?.()).catch(() => {})
  }
}

/** Dials. A connection that comes when nobody waits for it any more is closed. */
async function connectWithin(
  connect: (signal: AbortSignal) => Promise<WireConnection>,
  over: AbortSignal,
): Promise<WireConnection> {
  const signal = AbortSignal.any([over, AbortSignal.timeout(DIAL_TIMEOUT_MS)])
  const dialled = connect(signal)
  const connection = await unlessAborted(dialled, signal)
  if (connection) return connection
  dialled.then(late => late.close()).catch(() => {})
  throw new SwarmError('timed-out', 'the dial took too long')
}

/** What the promise brings; undefined as soon as the signal is aborted. Leaves nothing behind at either. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let onAbort = () => {}
  const aborted = new Promise<undefined>(resolve => {
    onAbort = () => resolve(undefined)
  })
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
