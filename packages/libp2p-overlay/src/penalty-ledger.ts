import { BoundedMap } from '@onehop/primitives'
import { BAN_DURATION_MS, BAN_THRESHOLD_POINTS, MAX_PENALISED_PEERS, PENALTY_HALF_LIFE_MS } from './limits.ts'

interface Penalty {
  readonly points: number
  readonly atMs: number
}

/** Told of every ban as it begins. */
export type BanListener = (peerId: string, reason: string) => void

/**
 * What peers did wrong, whichever protocol saw it. Points decay; at the threshold the peer is banned for a time. The
 * ledger only decides: closing connections and refusing new ones is for those who listen and ask.
 */
export class PenaltyLedger {
  private readonly now: () => number
  private readonly penalties = new BoundedMap<string, Penalty>(MAX_PENALISED_PEERS)
  private readonly bans = new BoundedMap<string, number>(MAX_PENALISED_PEERS)
  private readonly listeners = new Set<BanListener>()

  constructor(now: () => number) {
    this.now = now
  }

  /** Adds points. At `BAN_THRESHOLD_POINTS` the peer is banned for `BAN_DURATION_MS`. */
  penalise(peerId: string, points: number, reason: string): void {
    const total = this.score(peerId) + points
    this.penalties.set(peerId, { points: total, atMs: this.now() })
    if (Math.round(total) >= BAN_THRESHOLD_POINTS && !this.isBanned(peerId)) this.ban(peerId, reason)
  }

  /** Points left after decay; 0 for the blameless. */
  score(peerId: string): number {
    const penalty = this.penalties.get(peerId)
    if (penalty === undefined) return 0
    const points = penalty.points * 0.5 ** ((this.now() - penalty.atMs) / PENALTY_HALF_LIFE_MS)
    return points < 1 ? 0 : points
  }

  ban(peerId: string, reason: string, durationMs = BAN_DURATION_MS): void {
    this.bans.set(peerId, this.now() + durationMs)
    for (const listener of this.listeners) listener(peerId, reason)
  }

  /** Lifts the ban and forgives the points. */
  unban(peerId: string): void {
    this.bans.delete(peerId)
    this.penalties.delete(peerId)
  }

  isBanned(peerId: string): boolean {
    const untilMs = this.bans.get(peerId)
    if (untilMs === undefined) return false
    if (this.now() < untilMs) return true
    this.unban(peerId)
    return false
  }

  /** Peer ids that are banned now. */
  banned(): string[] {
    return [...this.bans.keys()].filter(peerId => this.isBanned(peerId))
  }

  /** @returns stops the listening. */
  onBan(listener: BanListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
