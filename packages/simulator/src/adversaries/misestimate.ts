import type { BehaviourMaker } from './behaviour.ts'

/** Says that the network is many times larger, and the next time many times smaller, than it is. */
export const misestimate: BehaviourMaker = self => ({
  onSend(message) {
    if (message.type !== 'gossip' || !('nodes' in message)) return message
    return { ...message, nodes: self.random() < 0.5 ? 1 : 1e9, files: self.random() < 0.5 ? 0 : 1e9 }
  },
})
