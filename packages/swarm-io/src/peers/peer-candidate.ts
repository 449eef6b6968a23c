import type { InfoHash, PeerAddress, WireConnection } from '@onehop/swarm'
import {
  LATE_REDIAL_DELAY_MS,
  MAX_DIAL_ATTEMPTS,
  MAX_REDIAL_DELAY_MS,
  REDIAL_DELAY_MS,
  SEED_REDIAL_DELAY_MS,
} from '../limits.ts'
import type { LinkEnd } from './torrent-links.ts'

/** Who named a peer: for people, and so that a private torrent takes it only from its trackers. */
export type CandidateOrigin = (typeof ORIGINS)[number]

/** Those first whose word counts most. */
export const ORIGINS = ['hand', 'search', 'tracker', 'local', 'exchange'] as const

/** Dials a peer. @param infohash what the handshake is to name: an encrypted one begins with it. */
export type Connect = (signal: AbortSignal, infohash: InfoHash) => Promise<WireConnection>

/** A peer that may be dialled, and how it went so far. */
export class Candidate {
  /** A libp2p peer id, or `host:port`. */
  readonly key: string
  readonly origin: CandidateOrigin
  readonly address: PeerAddress | undefined
  connect: Connect
  state: 'idle' | 'dialling' | 'linked' = 'idle'
  /** What bans go by, as far as it is known: see `peerIdentity`. */
  identities: readonly string[]
  /** Its BitTorrent peer id in hex, once it has shaken hands: it may be connected by another way. */
  peerId: string | undefined
  /** Dials in a row that led to nothing. */
  failures = 0
  private endedMs = Number.NEGATIVE_INFINITY
  private wasUseful = false
  private isSeed = false
  private isOurselves = false

  constructor(key: string, origin: CandidateOrigin, connect: Connect, address?: PeerAddress) {
    this.key = key
    this.origin = origin
    this.connect = connect
    this.address = address
    this.identities = address ? [key, address.host] : [key]
  }

  /** Whether so many attempts have failed that it is tried again only now and then, or when somebody names it. */
  get isExhausted(): boolean {
    return this.isOurselves || this.failures >= MAX_DIAL_ATTEMPTS
  }

  isDue(nowMs: number, weAreComplete: boolean): boolean {
    if (this.state !== 'idle' || this.isOurselves) return false
    return nowMs >= this.endedMs + this.pauseMs(weAreComplete && this.isSeed)
  }

  /** How long it is left alone after its last connection, or the last attempt at one. */
  private pauseMs(isSeedForSeed: boolean): number {
    if (isSeedForSeed) return SEED_REDIAL_DELAY_MS
    const { failures } = this
    if (failures < MAX_DIAL_ATTEMPTS) return REDIAL_DELAY_MS * 2 ** (failures - 1)
    // Who was of use, or was given by hand, may have been restarted.
    const isWorthIt = this.wasUseful || this.origin === 'hand'
    if (!isWorthIt) return Number.POSITIVE_INFINITY
    return Math.min(LATE_REDIAL_DELAY_MS * 2 ** (failures - MAX_DIAL_ATTEMPTS), MAX_REDIAL_DELAY_MS)
  }

  /** It was named again: one more try, when its pause is over. */
  nameAgain(connect: Connect): void {
    this.connect = connect
    this.failures = Math.min(this.failures, MAX_DIAL_ATTEMPTS - 1)
  }

  /** What went wrong before does not count any more. */
  forgive(): void {
    this.failures = 0
    this.endedMs = Number.NEGATIVE_INFINITY
  }

  /** The connection is closed, or there was none. One that was of use may be tried again soon. */
  onGone(end: LinkEnd | undefined, nowMs: number): void {
    this.state = 'idle'
    this.failures = end?.wasUseful ? 0 : this.failures + 1
    this.endedMs = nowMs
    if (end === undefined) return
    this.wasUseful ||= end.wasUseful
    this.peerId = end.peerId ?? this.peerId
    this.isOurselves = end.isOurselves
    this.isSeed = end.isSeed
    if (end.identity !== undefined)
      this.identities = [...this.identities.slice(0, this.address ? 2 : 1), end.identity]
  }
}
