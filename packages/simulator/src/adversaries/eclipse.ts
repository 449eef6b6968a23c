import type { KelipsMessage } from '@onehop/kelips'
import type { PeerHandle } from '@onehop/overlay'
import type { Accomplice, BehaviourMaker } from './behaviour.ts'
import { PROMOTED_COLLUDERS } from './limits.ts'

/** Knows nobody but colluders, whose heartbeats are always the freshest, and tells everybody of them, unasked too. */
export const eclipse: BehaviourMaker = self => ({
  onSend: (message, to) => promoting(self, message, to),
  onAttack(victims) {
    for (const to of victims) {
      const gossip = self.gossip({ members: colludersFor(self, to), wantsReply: false })
      if (gossip !== undefined) self.environment.send(to, gossip)
    }
  },
})

function promoting(self: Accomplice, message: KelipsMessage, to: PeerHandle): KelipsMessage {
  if (!('members' in message) || message.members.length === 0) return message
  return { ...message, members: colludersFor(self, to) }
}

/** Half of them next to the receiver, for its view; half anywhere, for its contacts. */
function colludersFor({ environment, conspiracy, random }: Accomplice, to: PeerHandle) {
  const near = conspiracy.colludersNear(environment.hash32(to), PROMOTED_COLLUDERS / 2)
  const anywhere = conspiracy.colludersNear(Math.floor(random() * 0x1_0000_0000), PROMOTED_COLLUDERS / 2)
  return [...near, ...anywhere]
}
