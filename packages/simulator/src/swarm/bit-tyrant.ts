import {
  CHOKE_INTERVAL_MS,
  type ChokeDecision,
  type Choker,
  type ChokerContext,
  type ChokerPeer,
  type PeerKey,
} from '@onehop/swarm'
import { TYRANT_CUT, TYRANT_FIRST_GUESS, TYRANT_RAISE, TYRANT_ROUNDS } from './swarm-limits.ts'

/** What a tyrant thinks of one peer. */
interface Estimate {
  /** What it will send us, bytes a second (d). */
  brings: number
  /** What it must be given for that, bytes a second (u). */
  costs: number
  /** Rounds in which it has let us fetch, in a row. */
  reciprocated: number
}

/**
 * The rule of BitTyrant (Piatek et al., NSDI 2007, §4): serve those that bring most for what they cost, until our upload is
 * used up; after each round offer 20 % more to who did not reciprocate, and 10 % less to who has for three rounds. The
 * costs are shares of our upload. Estimates begin alike for all: nobody tells its capacity.
 */
export class BitTyrantChoker implements Choker {
  private readonly uploadBytesPerSecond: number
  private readonly estimates = new Map<string, Estimate>()
  private decisions: ReadonlyMap<PeerKey, ChokeDecision> = new Map()
  private roundEndsMs = Number.NEGATIVE_INFINITY

  constructor(uploadBytesPerSecond: number) {
    this.uploadBytesPerSecond = uploadBytesPerSecond
  }

  choose(peers: readonly ChokerPeer[], { nowMs }: ChokerContext): ReadonlyMap<PeerKey, ChokeDecision> {
    if (nowMs >= this.roundEndsMs) {
      this.roundEndsMs = nowMs + CHOKE_INTERVAL_MS
      for (const peer of peers) if (peer.unchoked) this.learn(peer)
      this.decisions = this.decide(peers)
    }
    return this.decisions
  }

  private learn(peer: ChokerPeer): void {
    const estimate = this.estimateOf(peer)
    if (!peer.unchokesUs) {
      estimate.costs *= 1 + TYRANT_RAISE
      estimate.reciprocated = 0
      return
    }
    if (peer.downloadBytesPerSecond > 0) estimate.brings = peer.downloadBytesPerSecond
    estimate.reciprocated++
    if (estimate.reciprocated >= TYRANT_ROUNDS) estimate.costs *= 1 - TYRANT_CUT
  }

  private decide(peers: readonly ChokerPeer[]): Map<PeerKey, ChokeDecision> {
    const decisions = new Map<PeerKey, ChokeDecision>()
    const worth = (peer: ChokerPeer) => this.estimateOf(peer).brings / this.estimateOf(peer).costs
    const candidates = peers.filter(peer => peer.interested).sort((a, b) => worth(b) - worth(a))
    let left = this.uploadBytesPerSecond
    for (const peer of peers) decisions.set(peer.key, { slot: 'choked', reason: 'brings too little' })
    for (const peer of candidates) {
      const { costs } = this.estimateOf(peer)
      if (left <= 0) break
      const share = Math.min(costs, left) / this.uploadBytesPerSecond
      decisions.set(peer.key, { slot: 'regular', reason: 'brings most for its cost', share })
      left -= costs
    }
    return decisions
  }

  private estimateOf({ remotePeer }: ChokerPeer): Estimate {
    const known = this.estimates.get(remotePeer)
    if (known) return known
    const first = { brings: TYRANT_FIRST_GUESS, costs: TYRANT_FIRST_GUESS, reciprocated: 0 }
    this.estimates.set(remotePeer, first)
    return first
  }
}
