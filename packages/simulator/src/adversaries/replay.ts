import { shuffled } from '@onehop/primitives'
import type { BehaviourMaker } from './behaviour.ts'
import { FLOOD_RECORDS } from './limits.ts'

/** Pointers that fit in one store. */
const STORED_AT_ONCE = 24

/** Tells what others said long ago as if it were new: heartbeats of the dead, pointers that were taken back. */
export const replay: BehaviourMaker = self => ({
  onAttack(victims) {
    const { environment, conspiracy, random } = self
    const members = shuffled(random, conspiracy.records).slice(0, FLOOD_RECORDS)
    const pointers = shuffled(random, conspiracy.pointers).slice(0, STORED_AT_ONCE)
    const gossip = self.gossip({ members: members.map(({ record }) => ({ record, ageMs: 0 })), pointers })
    for (const victim of victims) {
      if (gossip !== undefined) environment.send(victim, gossip)
      environment.send(victim, { type: 'store', request: Math.floor(random() * 0xffff_ffff), pointers })
    }
  },
})
