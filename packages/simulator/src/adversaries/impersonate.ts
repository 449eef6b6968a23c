import type { MemberEntry } from '@onehop/kelips'
import { randomElement } from '@onehop/primitives'
import type { Accomplice, BehaviourMaker } from './behaviour.ts'

/** So far ahead of the real one that nobody would believe the real one any more. */
const HEARTBEAT_LEAD_MS = 60_000

/** Speaks as others, and puts words into their mouths: that they have left, that they live where it lives. */
export const impersonate: BehaviourMaker = self => ({
  onAttack(victims) {
    const victim = randomElement(self.random, self.conspiracy.records)
    if (victim === undefined) return
    const message =
      self.random() < 0.5
        ? self.gossip({ sender: victim })
        : self.gossip({ members: inventions(self, victim) })
    for (const to of victims) if (message !== undefined) self.environment.send(to, message)
  },
})

function inventions(self: Accomplice, { record }: MemberEntry): MemberEntry[] {
  const { genuine: _genuine, ...fields } = record
  const heartbeat = Math.floor(self.environment.now()) + HEARTBEAT_LEAD_MS
  const addresses = self.freshEntry()?.record.addresses ?? []
  return [
    { record: { ...fields, heartbeat, left: true }, ageMs: 0 },
    { record: { ...fields, heartbeat, addresses }, ageMs: 0 },
  ]
}
