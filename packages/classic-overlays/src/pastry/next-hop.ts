import type { Contact } from './contact.ts'
import { closestHolders, type Holder } from './holders.ts'
import { RANDOM_HOPS } from './limits.ts'
import { isCloser, type NodeId, sharedDigits } from './node-id.ts'
import type { PastryState } from './state.ts'

/**
 * Where a message goes from here (Pastry §2.3): to the closest member of the leaf set where that covers the target; else
 * to the routing table's node with one digit more; else to anybody known who shares no fewer digits and is closer.
 * Every step is closer than the one before, so among honest nodes no message turns in a circle.
 * @param attempt from 1 on, another way than the best is drawn, for somebody on it may swallow messages (§2.4).
 * @returns undefined: we are the closest.
 */
export function nextHop(
  state: PastryState,
  target: NodeId,
  isUsable: (contact: Contact) => boolean,
  attempt: number,
): Contact | undefined {
  const { leafSet, table } = state
  if (leafSet.covers(target)) return leafSet.closest(target, isUsable)
  if (attempt > 0) return drawnHop(state, target, isUsable)
  const best = table.at(target)
  if (best !== undefined && isUsable(best)) return best
  return closerHops(state, target, isUsable)[0]
}

/**
 * Where a repeated request for a key goes once the leaf set covers it: to one of the k nodes that hold the key, drawn, for
 * the closest may be the one that says nothing. @returns `self` where we are one of them; undefined: not covered here.
 */
export function holderHop(
  state: PastryState,
  target: NodeId,
  isUsable: (contact: Contact) => boolean,
): Holder | undefined {
  const { leafSet, ownId, options, environment } = state
  if (!leafSet.covers(target)) return undefined
  const holders = closestHolders(target, ownId, leafSet.members, options.replicas)
  if (holders.includes('self')) return 'self'
  const usable = holders.filter(holder => holder !== 'self' && isUsable(holder))
  return usable[Math.floor(environment.random() * usable.length)]
}

function drawnHop(
  state: PastryState,
  target: NodeId,
  isUsable: (contact: Contact) => boolean,
): Contact | undefined {
  const good = closerHops(state, target, isUsable).slice(0, RANDOM_HOPS)
  return good[Math.floor(state.environment.random() * good.length)]
}

/** All that a message may go to without losing a digit or distance, the best first. */
function closerHops(state: PastryState, target: NodeId, isUsable: (contact: Contact) => boolean): Contact[] {
  const { ownId } = state
  const { digitBits } = state.options
  const least = sharedDigits(ownId, target, digitBits)
  const found: Contact[] = []
  for (const contact of state.all())
    if (
      sharedDigits(contact.id, target, digitBits) >= least &&
      isCloser(target, contact.id, ownId) &&
      isUsable(contact)
    )
      found.push(contact)
  return found.sort(
    (a, b) =>
      sharedDigits(b.id, target, digitBits) - sharedDigits(a.id, target, digitBits) ||
      (isCloser(target, a.id, b.id) ? -1 : 1),
  )
}
