import { type RandomSource, randomBelow } from '@onehop/primitives'
import { MAX_REMEMBERED_TURNS, NEWCOMER_CHANCES, OPTIMISTIC_INTERVAL_MS } from '../limits.ts'
import type { ChokerPeer } from './choker.ts'

/**
 * Whose turn it is to be served without having earned it. Everybody has a place in one row; who has had a turn goes to
 * its end, so that nobody starves. A newcomer is three times as likely to be put at the front as at any other place (BEP 3).
 * Places are kept for who goes and comes back: nobody is new twice.
 */
export class OptimisticRotation {
  private row: string[] = []
  private readonly known = new Set<string>()
  /** Since when those have their turn who have one. */
  private readonly turns = new Map<string, number>()

  /**
   * Who has a turn now. A turn lasts {@link OPTIMISTIC_INTERVAL_MS}, and ends sooner when the peer is no candidate any more.
   * @param present all peers that are connected.
   * @param candidates those who want to fetch and are not served otherwise.
   */
  choose(
    present: readonly ChokerPeer[],
    candidates: readonly ChokerPeer[],
    count: number,
    nowMs: number,
    random: RandomSource,
  ): ReadonlySet<ChokerPeer> {
    this.admit(present, random)
    for (const [name, sinceMs] of this.turns) {
      if (nowMs - sinceMs >= OPTIMISTIC_INTERVAL_MS) this.turns.delete(name)
    }
    const byName = this.onePerName(candidates)
    for (const name of this.turns.keys()) if (!byName.has(name)) this.turns.delete(name)
    this.giveTurns(byName, count, nowMs)
    const chosen = [...this.turns.keys()].slice(0, count).map(name => byName.get(name)!)
    return new Set(chosen)
  }

  /** Peers behind one public address share a place: a turn is for one of them, the next one for who was served longest ago. */
  private onePerName(candidates: readonly ChokerPeer[]): ReadonlyMap<string, ChokerPeer> {
    const byName = new Map<string, ChokerPeer>()
    for (const peer of candidates) {
      const other = byName.get(peer.remotePeer)
      if (!other || this.goesBefore(peer, other)) byName.set(peer.remotePeer, peer)
    }
    return byName
  }

  private goesBefore(peer: ChokerPeer, other: ChokerPeer): boolean {
    if (this.turns.has(peer.remotePeer)) return peer.unchoked && !other.unchoked
    return peer.unchokedAtMs < other.unchokedAtMs
  }

  private giveTurns(candidates: ReadonlyMap<string, ChokerPeer>, count: number, nowMs: number): void {
    const next: string[] = []
    for (const name of this.row) {
      if (this.turns.size + next.length >= count) break
      if (candidates.has(name) && !this.turns.has(name)) next.push(name)
    }
    if (next.length === 0) return
    for (const name of next) this.turns.set(name, nowMs)
    const served = new Set(next)
    this.row = [...this.row.filter(name => !served.has(name)), ...next]
  }

  private admit(present: readonly ChokerPeer[], random: RandomSource): void {
    for (const { remotePeer } of present) {
      if (this.known.has(remotePeer)) continue
      this.known.add(remotePeer)
      const place = randomBelow(random, this.row.length + NEWCOMER_CHANCES) - (NEWCOMER_CHANCES - 1)
      this.row.splice(Math.max(0, place), 0, remotePeer)
    }
    if (this.row.length > MAX_REMEMBERED_TURNS) this.forgetGone(present)
  }

  private forgetGone(present: readonly ChokerPeer[]): void {
    const here = new Set(present.map(peer => peer.remotePeer))
    this.row = this.row.filter(name => here.has(name))
    this.known.clear()
    for (const name of this.row) this.known.add(name)
  }
}
