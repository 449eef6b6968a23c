import { SEEDING_TURN_PART } from '../limits.ts'
import type { PeerKey } from '../machine/peer-state.ts'
import type { ChokeDecision, ChokerContext, ChokerPeer } from './choker.ts'
import type { OptimisticRotation } from './optimistic-rotation.ts'
import { chokedReason, optimisticReason } from './reasons.ts'
import { Standings } from './standings.ts'
import { regularSlots } from './upload-slots.ts'

/**
 * Whom a seed serves, who gets nothing in return: those that take fastest (BEP 3), and on a part of the slots everybody in
 * turn, so that a slow or a new peer does not starve beside fast ones.
 */
export class SeedingChoice {
  private readonly standings = new Standings(peer => peer.uploadBytesPerSecond)
  private readonly rotation: OptimisticRotation

  constructor(rotation: OptimisticRotation) {
    this.rotation = rotation
  }

  choose(peers: readonly ChokerPeer[], context: ChokerContext): ReadonlyMap<PeerKey, ChokeDecision> {
    const { nowMs, random } = context
    this.standings.update(peers, nowMs)
    const slots = regularSlots(context) + 1
    const inTurn = Math.max(1, Math.floor(slots * SEEDING_TURN_PART))
    const interested = peers.filter(peer => peer.interested)
    const regular = new Set(this.standings.ranked(interested, nowMs).slice(0, slots - inTurn))
    const others = interested.filter(peer => !regular.has(peer))
    const optimistic = this.rotation.choose(peers, others, slots - regular.size, nowMs, random)
    return new Map(peers.map(peer => [peer.key, decide(peer, regular, optimistic)]))
  }
}

function decide(
  peer: ChokerPeer,
  regular: ReadonlySet<ChokerPeer>,
  optimistic: ReadonlySet<ChokerPeer>,
): ChokeDecision {
  if (regular.has(peer)) return { slot: 'regular', reason: 'among those that take fastest' }
  if (optimistic.has(peer)) return { slot: 'optimistic', reason: optimisticReason(peer) }
  return { slot: 'choked', reason: chokedReason(peer, 'takes less than those served') }
}
