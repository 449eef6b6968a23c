import type { BehaviourMaker } from './behaviour.ts'

/** Never says who has something: no answer to a lookup, no filetuple passed on. */
export const withhold: BehaviourMaker = () => ({
  onReceive: (_from, message) => message.type === 'find' || message.type === 'locate',
  onSend: message => ('pointers' in message ? { ...message, pointers: [] } : message),
})

/** Confirms every store, and keeps nothing. */
export const drop: BehaviourMaker = self => ({
  onReceive(from, message) {
    if (message.type !== 'store') return false
    const { request, pointers } = message
    self.environment.send(from, { type: 'stored', request, limit: pointers.length, members: [] })
    return true
  },
  onSend: message => ('pointers' in message ? { ...message, pointers: [] } : message),
})
