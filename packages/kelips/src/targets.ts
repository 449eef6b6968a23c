import type { RandomSource } from '@onehop/primitives'
import { PROXIMITY_FLOOR_MS, UNKNOWN_RTT_MS } from './limits.ts'
import type { Member } from './roster.ts'

/** Draws members without repetition, the nearer the likelier (Kelips §2: spatially weighted gossip). */
export function drawByProximity(random: RandomSource, members: readonly Member[], count: number): Member[] {
  const left = members.map(member => ({ member, weight: weightOf(member) }))
  const drawn: Member[] = []
  while (drawn.length < count && left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0)
    let mark = random() * total
    let at = 0
    while (at < left.length - 1 && mark >= left[at]!.weight) mark -= left[at++]!.weight
    drawn.push(left.splice(at, 1)[0]!.member)
  }
  return drawn
}

function weightOf(member: Member): number {
  return 1 / ((member.rttMs ?? UNKNOWN_RTT_MS) + PROXIMITY_FLOOR_MS)
}
