import { BUSY_LINK_MS } from './limits.ts'

/** What tells how useful a link is. */
export interface LinkUse {
  /** When a message last went either way, in ms. */
  readonly usedAtMs: number
  /** The peer dialled us. */
  readonly isInbound: boolean
}

/**
 * The link to close when there are more than `most`: the one that was unused for longest, and of the inbound ones when
 * these are more than half, so that strangers who dial us cannot push out the peers that this node has chosen.
 * Undefined when there is room; and while all are busy, up to twice as many, for an answer may be under way.
 */
export function leastUsefulLink<Link extends LinkUse>(
  links: readonly Link[],
  most: number,
  nowMs: number,
): Link | undefined {
  if (links.length <= most) return undefined
  const inbound = links.filter(link => link.isInbound)
  const crowd = inbound.length > most / 2 ? inbound : links
  const oldest = crowd.reduce((least, link) => (link.usedAtMs < least.usedAtMs ? link : least))
  const isBusy = nowMs - oldest.usedAtMs < BUSY_LINK_MS
  return isBusy && links.length <= 2 * most ? undefined : oldest
}
