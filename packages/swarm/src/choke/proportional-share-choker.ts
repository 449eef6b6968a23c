import { OPTIMISTIC_SHARE } from '../limits.ts'
import type { PeerKey } from '../machine/peer-state.ts'
import type { ChokeDecision, Choker, ChokerContext, ChokerPeer } from './choker.ts'
import { OptimisticRotation } from './optimistic-rotation.ts'
import { chokedReason, optimisticReason } from './reasons.ts'
import { SeedingChoice } from './seeding-choice.ts'
import { Standings } from './standings.ts'
import { mayEarn } from './tit-for-tat-choker.ts'
import { regularSlots } from './upload-slots.ts'

/**
 * Proportional share (Levin et al. 2008, PropShare): everybody who gives gets a part of our upload in proportion to what
 * it gave in the last rounds, however little; {@link OPTIMISTIC_SHARE} of it is for others in turn. Nothing is to be
 * gained by giving just enough to be among the best. Where nobody gives, and when seeding, it is classic.
 */
export class ProportionalShareChoker implements Choker {
  private readonly standings = new Standings(peer => peer.downloadBytesPerSecond)
  private readonly rotation = new OptimisticRotation()
  private readonly seeding = new SeedingChoice(this.rotation)

  choose(peers: readonly ChokerPeer[], context: ChokerContext): ReadonlyMap<PeerKey, ChokeDecision> {
    if (context.seeding) return this.seeding.choose(peers, context)
    this.standings.update(peers, context.nowMs)
    const givers = peers.filter(peer => mayEarn(peer) && this.standings.worth(peer) > 0)
    const paid = new Set(givers)
    const others = peers.filter(peer => peer.interested && !paid.has(peer))
    const turns = Math.max(1, regularSlots(context) + 1 - givers.length)
    const optimistic = this.rotation.choose(peers, others, turns, context.nowMs, context.random)
    const shares = this.sharesOf(givers, optimistic)
    return new Map(peers.map(peer => [peer.key, decide(peer, shares.get(peer), optimistic)]))
  }

  private sharesOf(
    givers: readonly ChokerPeer[],
    optimistic: ReadonlySet<ChokerPeer>,
  ): ReadonlyMap<ChokerPeer, number> {
    const given = givers.reduce((sum, peer) => sum + this.standings.worth(peer), 0)
    const forGivers = optimistic.size === 0 ? 1 : given === 0 ? 0 : 1 - OPTIMISTIC_SHARE
    const shares = new Map<ChokerPeer, number>()
    for (const peer of givers) shares.set(peer, (forGivers * this.standings.worth(peer)) / given)
    for (const peer of optimistic) shares.set(peer, (1 - forGivers) / optimistic.size)
    return shares
  }
}

function decide(
  peer: ChokerPeer,
  share: number | undefined,
  optimistic: ReadonlySet<ChokerPeer>,
): ChokeDecision {
  if (share === undefined) return { slot: 'choked', reason: chokedReason(peer, 'gives nothing') }
  if (optimistic.has(peer)) return { slot: 'optimistic', reason: optimisticReason(peer), share }
  return { slot: 'regular', reason: 'gets its share of what was given', share }
}
