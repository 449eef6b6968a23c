import type { Contact } from './contact.ts'
import { isCloser, type NodeId } from './node-id.ts'

/** One of the nodes responsible for a key: a contact, or this node. */
export type Holder = Contact | 'self'

/**
 * The nodes that are numerically closest to an id, the closest first, of a leaf set and its owner (PAST: the k nodes
 * "whose nodeIds are numerically closest").
 */
export function closestHolders(
  target: NodeId,
  own: NodeId,
  members: readonly Contact[],
  count: number,
): Holder[] {
  const closest: Holder[] = ['self']
  const idOf = (holder: Holder) => (holder === 'self' ? own : holder.id)
  for (const member of members) {
    const last = closest[closest.length - 1]!
    if (closest.length >= count && !isCloser(target, member.id, idOf(last))) continue
    let at = closest.length
    while (at > 0 && isCloser(target, member.id, idOf(closest[at - 1]!))) at--
    closest.splice(at, 0, member)
    if (closest.length > count) closest.pop()
  }
  return closest
}
