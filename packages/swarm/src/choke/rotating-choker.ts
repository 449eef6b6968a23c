import { CHOKE_INTERVAL_MS, MAX_REGULAR_SLOTS } from '../limits.ts'
import type { PeerKey } from '../machine/peer-state.ts'
import type { ChokeDecision, Choker, ChokerContext, ChokerPeer } from './choker.ts'

/**
 * Serves everyone up to a number of slots. When there are more who want, those that were served for a whole interval
 * make room, longest first, so that everyone gets a turn.
 */
export class RotatingChoker implements Choker {
  private readonly slots: number

  constructor(slots = MAX_REGULAR_SLOTS) {
    this.slots = slots
  }

  choose(peers: readonly ChokerPeer[], context: ChokerContext): ReadonlyMap<PeerKey, ChokeDecision> {
    const interested = peers.filter(peer => peer.interested)
    const served = interested.length <= this.slots ? interested : this.byTurn(interested, context.nowMs)
    const chosen = new Set(served.slice(0, this.slots))
    return new Map(
      peers.map(peer => [
        peer.key,
        chosen.has(peer)
          ? { slot: 'regular', reason: 'its turn' }
          : { slot: 'choked', reason: peer.interested ? 'waits for its turn' : 'wants nothing' },
      ]),
    )
  }

  private byTurn(interested: ChokerPeer[], nowMs: number): ChokerPeer[] {
    const turnIsOver = (peer: ChokerPeer) => peer.unchoked && nowMs - peer.unchokedAtMs >= CHOKE_INTERVAL_MS
    const rank = (peer: ChokerPeer) => (peer.unchoked ? (turnIsOver(peer) ? 2 : 0) : 1)
    return interested.sort((a, b) => rank(a) - rank(b) || a.unchokedAtMs - b.unchokedAtMs)
  }
}
