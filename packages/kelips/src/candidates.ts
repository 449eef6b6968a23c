import type { PeerHandle } from '@onehop/overlay'
import { shuffled } from '@onehop/primitives'
import { prefixOfAll } from './address-prefix.ts'
import { AGE_DIVISOR, DIAL_ROUND_TRIPS, UNKNOWN_RTT_MS } from './limits.ts'
import { commonBits } from './partition.ts'
import type { KelipsState } from './state.ts'

/** Peers asked together are of different networks and halves of the group, unless that makes the second so much slower. */
const DIVERSITY_FACTOR = 3
const DIVERSITY_SLACK_MS = 50

/** Time in ms in which the peer should have answered: its round trip, and those of a dial where there is no connection. */
export function expectedAnswerMs(state: KelipsState, peer: PeerHandle): number {
  const rttMs = state.roster.rttMsOf(peer) ?? UNKNOWN_RTT_MS
  return state.environment.isConnected(peer) ? rttMs : rttMs * (1 + DIAL_ROUND_TRIPS)
}

interface Candidate {
  readonly peer: PeerHandle
  /** Peers of a smaller tier are asked before others. */
  readonly tier: number
  readonly scoreMs: number
}

/**
 * Known peers that cover the hash, in the order in which a lookup asks them: the best, then the best of those that have
 * little in common with it, then the others by chance, and suspects last. Near and fresh can be a liar's doing; chance
 * cannot.
 */
export function rankedFor(state: KelipsState, hash32: number): PeerHandle[] {
  const all = candidatesFor(state, hash32).sort((a, b) => a.tier - b.tier || a.scoreMs - b.scoreMs)
  const good = all.filter(({ peer }) => !state.roster.isSuspect(peer))
  const bad = all.filter(({ peer }) => state.roster.isSuspect(peer))
  const [best] = good
  const second = best && secondTo(state, best, good)
  const rest = good.filter(each => each !== best && each !== second)
  const drawn = shuffled(() => state.environment.random(), rest).sort((a, b) => a.tier - b.tier)
  const first = [best, second].filter(each => each !== undefined)
  return [...first, ...drawn, ...bad].map(({ peer }) => peer)
}

function candidatesFor(state: KelipsState, hash32: number): Candidate[] {
  return state.holders
    .coveringTiers(hash32)
    .flatMap((peers, tier) => peers.map(peer => ({ peer, tier, scoreMs: scoreMs(state, peer) })))
}

/** Whom to ask together with the best. */
function secondTo(state: KelipsState, best: Candidate, good: readonly Candidate[]): Candidate | undefined {
  const others = good.filter(each => each !== best)
  const boundMs = best.scoreMs * DIVERSITY_FACTOR + DIVERSITY_SLACK_MS
  const diverse = others.find(
    ({ peer, tier, scoreMs }) =>
      tier === best.tier && scoreMs <= boundMs && areDiverse(state, best.peer, peer),
  )
  return diverse ?? others[0]
}

function scoreMs(state: KelipsState, peer: PeerHandle): number {
  const ageMs = Math.max(0, state.now() - state.roster.heardMsOf(peer))
  return expectedAnswerMs(state, peer) + ageMs / AGE_DIVISOR + state.trust.doubtMsOf(peer)
}

/** Different networks, and different halves of the group where they may be split. */
function areDiverse(state: KelipsState, a: PeerHandle, b: PeerHandle): boolean {
  const first = state.roster.recordOf(a)
  const second = state.roster.recordOf(b)
  if (first === undefined || second === undefined) return true
  const network = prefixOfAll(first.addresses)
  if (network !== undefined && network === prefixOfAll(second.addresses)) return false
  const { environment } = state
  return first.depth === 0 || commonBits(environment.hash32(a), environment.hash32(b)) === first.depth
}
