import type { PeerKey } from '../machine/peer-state.ts'
import type { ChokeDecision, Choker, ChokerContext, ChokerPeer } from './choker.ts'
import { OptimisticRotation } from './optimistic-rotation.ts'
import { chokedReason, optimisticReason } from './reasons.ts'
import { SeedingChoice } from './seeding-choice.ts'
import { Standings } from './standings.ts'
import { regularSlots } from './upload-slots.ts'

/**
 * Classic tit-for-tat (Cohen 2003, BEP 3): regular slots for those that send us most over 20 s, judged every 10 s; one
 * optimistic slot in turn for 30 s, and one more for every regular slot that nobody earns. Who has what we want and
 * sends nothing for a minute is served optimistically only. When seeding: {@link SeedingChoice}.
 */
export class TitForTatChoker implements Choker {
  private readonly standings = new Standings(peer => peer.downloadBytesPerSecond)
  private readonly rotation = new OptimisticRotation()
  private readonly seeding = new SeedingChoice(this.rotation)

  choose(peers: readonly ChokerPeer[], context: ChokerContext): ReadonlyMap<PeerKey, ChokeDecision> {
    if (context.seeding) return this.seeding.choose(peers, context)
    const { nowMs } = context
    this.standings.update(peers, nowMs)
    const slots = regularSlots(context)
    const earners = this.standings.ranked(peers.filter(mayEarn), nowMs)
    const regular = new Set(earners.slice(0, slots))
    const others = peers.filter(peer => peer.interested && !regular.has(peer))
    const optimistic = this.rotation.choose(peers, others, 1 + slots - regular.size, nowMs, context.random)
    return new Map(peers.map(peer => [peer.key, this.decide(peer, regular, optimistic)]))
  }

  private decide(
    peer: ChokerPeer,
    regular: ReadonlySet<ChokerPeer>,
    optimistic: ReadonlySet<ChokerPeer>,
  ): ChokeDecision {
    if (optimistic.has(peer)) return { slot: 'optimistic', reason: optimisticReason(peer) }
    if (!regular.has(peer))
      return { slot: 'choked', reason: chokedReason(peer, 'gives less than those served') }
    const reason = this.standings.worth(peer) > 0 ? 'among those that give most' : 'a slot is free'
    return { slot: 'regular', reason }
  }
}

/** Whether tit-for-tat may give the peer a regular slot. */
export function mayEarn(peer: ChokerPeer): boolean {
  return peer.interested && !peer.snubbing
}
