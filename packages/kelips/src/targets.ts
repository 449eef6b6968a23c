import type { PeerHandle } from '@onehop/overlay'
import type { RandomSource } from '@onehop/primitives'
import { PROXIMITY_FLOOR_MS, UNKNOWN_RTT_MS } from './limits.ts'
import type { Roster } from './roster.ts'

/** Draws members without repetition, the nearer the likelier (Kelips §2: spatially weighted gossip). */
export function drawByProximity(
  random: RandomSource,
  roster: Roster,
  peers: readonly PeerHandle[],
  count: number,
): PeerHandle[] {
  const left = peers.map(peer => ({ peer, weight: weightOf(roster.rttMsOf(peer)) }))
  const drawn: PeerHandle[] = []
  while (drawn.length < count && left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0)
    let mark = random() * total
    let at = 0
    while (at < left.length - 1 && mark >= left[at]!.weight) mark -= left[at++]!.weight
    drawn.push(left.splice(at, 1)[0]!.peer)
  }
  return drawn
}

function weightOf(rttMs: number | undefined): number {
  return 1 / ((rttMs ?? UNKNOWN_RTT_MS) + PROXIMITY_FLOOR_MS)
}
