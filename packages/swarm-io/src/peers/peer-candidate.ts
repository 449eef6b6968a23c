import type { PeerAddress, WireConnection } from '@onehop/swarm'
import { MAX_DIAL_ATTEMPTS, REDIAL_DELAY_MS, SEED_REDIAL_DELAY_MS } from '../limits.ts'
import type { LinkEnd } from './torrent-links.ts'

/** Who named a peer: for people, and so that a private torrent takes it only from its trackers. */
export type CandidateOrigin = (typeof ORIGINS)[number]

/** Those first whose word counts most. */
export const ORIGINS = ['hand', 'search', 'tracker', 'local', 'exchange'] as const

/** A peer that may be dialled, and how it went so far. */
export class Candidate {
  /** A libp2p peer id, or `host:port`. */
  readonly key: string
  readonly origin: CandidateOrigin
  readonly address: PeerAddress | undefined
  connect: (signal: AbortSignal) => Promise<WireConnection>
  state: 'idle' | 'dialling' | 'linked' = 'idle'
  /** What bans go by, as far as it is known: see `peerIdentity`. */
  identities: readonly string[]
  /** Its BitTorrent peer id in hex, once it has shaken hands: it may be connected by another way. */
  peerId: string | undefined
  /** Dials in a row that led to nothing. */
  failures = 0
  private dueMs = 0
  private isSeed = false
  private isOurselves = false

  constructor(
    key: string,
    origin: CandidateOrigin,
    connect: (signal: AbortSignal) => Promise<WireConnection>,
    address?: PeerAddress,
  ) {
    this.key = key
    this.origin = origin
    this.connect = connect
    this.address = address
    this.identities = address ? [key, address.host] : [key]
  }

  /** Whether it is not tried again before somebody names it. */
  get isExhausted(): boolean {
    return this.isOurselves || this.failures >= MAX_DIAL_ATTEMPTS
  }

  isDue(nowMs: number, weAreComplete: boolean): boolean {
    if (this.state !== 'idle' || this.isExhausted) return false
    return nowMs >= this.dueMs && !(weAreComplete && this.isSeed && nowMs < this.dueMs + SEED_REDIAL_DELAY_MS)
  }

  /** It was named again: one more try, when its pause is over. */
  nameAgain(connect: (signal: AbortSignal) => Promise<WireConnection>): void {
    this.connect = connect
    this.failures = Math.min(this.failures, MAX_DIAL_ATTEMPTS - 1)
  }

  /** What went wrong before does not count any more. */
  forgive(): void {
    this.failures = 0
    this.dueMs = 0
  }

  /** The connection is closed, or there was none. One that was of use may be tried again soon. */
  onGone(end: LinkEnd | undefined, nowMs: number): void {
    this.state = 'idle'
    this.failures = end?.wasUseful ? 0 : this.failures + 1
    this.dueMs = nowMs + REDIAL_DELAY_MS * 2 ** (this.failures - 1)
    if (end === undefined) return
    this.peerId = end.peerId ?? this.peerId
    this.isOurselves = end.isOurselves
    this.isSeed = end.isSeed
    if (end.identity !== undefined)
      this.identities = [...this.identities.slice(0, this.address ? 2 : 1), end.identity]
  }
}
