import type { Environment, Handles, PeerHandle } from '@onehop/overlay'
import { BoundedMap, type Verdict } from '@onehop/primitives'
import { DISTRUST_MS, DOUBT_COST_MS, MAX_DISTRUSTED_PEERS, MAX_DOUBTED_PEERS, MAX_DOUBTS } from './limits.ts'
import type { Roster } from './roster.ts'

/**
 * Who was caught lying, and who may have. What a peer is provably to blame for ends all dealings with it for a while.
 * That it said "nothing there" where others had something happens to honest ones while news spreads: it costs the peer
 * its place in the order, and no more; a good answer sets it right.
 */
export class Trust {
  private readonly environment: Environment<never>
  private readonly handles: Handles
  private readonly roster: Roster
  /** Until when; made when the first is caught. */
  private distrusted: BoundedMap<PeerHandle, number> | undefined
  private doubts: BoundedMap<PeerHandle, number> | undefined

  constructor(environment: Environment<never>, handles: Handles, roster: Roster) {
    this.environment = environment
    this.handles = handles
    this.roster = roster
  }

  /** Peers remembered for what they did. */
  get size(): number {
    return (this.distrusted?.size ?? 0) + (this.doubts?.size ?? 0)
  }

  /** Reports a refusal; who is to blame for it is out of the tables and not listened to. */
  blame(peer: PeerHandle, verdict: Verdict): void {
    this.environment.penalise(peer, verdict)
    if (verdict.ok || verdict.blame !== 'sender' || peer === this.environment.self) return
    this.distrusted ??= new BoundedMap(MAX_DISTRUSTED_PEERS)
    if (!this.distrusted.has(peer)) this.handles.hold(peer)
    const evicted = this.distrusted.set(peer, this.environment.now() + DISTRUST_MS)
    if (evicted !== undefined) this.handles.drop(evicted)
    this.roster.remove(peer)
  }

  /** Whether nothing that it says is to be listened to. */
  isDistrusted(peer: PeerHandle): boolean {
    const untilMs = this.distrusted?.get(peer)
    if (untilMs === undefined) return false
    if (untilMs > this.environment.now()) return true
    this.distrusted?.delete(peer)
    this.handles.drop(peer)
    return false
  }

  /** Others contradicted it. */
  doubt(peer: PeerHandle): void {
    this.doubts ??= new BoundedMap(MAX_DOUBTED_PEERS)
    const count = (this.doubts.get(peer) ?? 0) + 1
    if (count === 1) this.handles.hold(peer)
    const evicted = this.doubts.set(peer, Math.min(MAX_DOUBTS, count))
    if (evicted !== undefined) this.handles.drop(evicted)
  }

  /** It gave a good answer. */
  vindicate(peer: PeerHandle): void {
    if (this.doubts?.delete(peer)) this.handles.drop(peer)
  }

  /** What is added to its time where peers are compared, in ms. */
  doubtMsOf(peer: PeerHandle): number {
    return this.doubts === undefined ? 0 : (this.doubts.get(peer) ?? 0) * DOUBT_COST_MS
  }

  clear(): void {
    for (const peer of this.distrusted?.keys() ?? []) this.handles.drop(peer)
    for (const peer of this.doubts?.keys() ?? []) this.handles.drop(peer)
    this.distrusted = undefined
    this.doubts = undefined
  }
}
