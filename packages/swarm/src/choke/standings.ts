import { CHOKE_INTERVAL_MS, CHOKER_RATE_WINDOW_MS } from '../limits.ts'
import type { PeerKey } from '../machine/peer-state.ts'
import type { ChokerPeer } from './choker.ts'

/**
 * Peers by what they are worth, judged once a round. Between rounds the judgement of the last one stands, so that slots
 * do not change hands with every flicker of a rate (Cohen 2003: fibrillation).
 */
export class Standings {
  private readonly worthOf: (peer: ChokerPeer) => number
  private worths = new Map<PeerKey, number>()
  private roundEndsMs = Number.NEGATIVE_INFINITY

  constructor(worthOf: (peer: ChokerPeer) => number) {
    this.worthOf = worthOf
  }

  /** Judges again when the round is over. */
  update(peers: readonly ChokerPeer[], nowMs: number): void {
    if (nowMs < this.roundEndsMs) return
    this.roundEndsMs = nowMs + CHOKE_INTERVAL_MS
    this.worths = new Map(peers.map(peer => [peer.key, this.worthOf(peer)]))
  }

  /** 0 for who came after the round began. */
  worth(peer: ChokerPeer): number {
    return this.worths.get(peer.key) ?? 0
  }

  /** Best first. Of equals, who was unchoked within the averaging span keeps its slot; then who has waited longest. */
  ranked(peers: readonly ChokerPeer[], nowMs: number): ChokerPeer[] {
    const isFresh = (peer: ChokerPeer) =>
      peer.unchoked && nowMs - peer.unchokedAtMs < CHOKER_RATE_WINDOW_MS ? 1 : 0
    return [...peers].sort(
      (a, b) => this.worth(b) - this.worth(a) || isFresh(b) - isFresh(a) || a.unchokedAtMs - b.unchokedAtMs,
    )
  }
}
