import { MAX_MEMBERS_PER_MESSAGE } from './limits.ts'
import type { Join, Route } from './messages.ts'
import { nodeIdOf, sharedDigits } from './node-id.ts'
import type { PastryState } from './state.ts'

/**
 * The newcomer is told of the rows that are as good for it as for us, and that nobody has told it yet (§2.4).
 * @returns the message to pass on.
 */
export function tellRows(state: PastryState, message: Join): Join {
  const { table, ownId, options, neighbourhood } = state
  const shared = sharedDigits(ownId, nodeIdOf(message.origin.id), options.digitBits)
  const members = message.row === 0 ? [...neighbourhood.members] : []
  for (let row = message.row; row <= shared; row++) members.push(...table.row(row))
  const entries = [state.own, ...members.map(({ entry }) => entry)].slice(0, MAX_MEMBERS_PER_MESSAGE)
  state.answer(message.origin, { type: 'rows', request: message.number, members: entries })
  return { ...message, row: Math.max(message.row, shared + 1) }
}

/** Where the route ends, the newcomer takes over the leaf set (§2.4). */
export function tellLeaves(state: PastryState, { errand, origin, number, hops }: Route): void {
  const { leafSet, own } = state
  const members = leafSet.members.map(({ entry }) => entry)
  const joining = errand === 'join'
  state.answer(origin, { type: 'leaves', request: number, joining, hops, sender: own, members })
}
