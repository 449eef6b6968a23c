import {
  MAX_CHILDREN,
  MAX_HOSTS,
  MAX_LINKS,
  MAX_POINTERS,
  MAX_PUBLICATIONS,
  MAX_QUERY_SLOTS,
  MAX_SEARCHES,
  MAX_STANDINGS,
} from './limits.ts'
import type { FastTrackMachine } from './machine.ts'

/** A machine's tables with their limits, for the contract's tests. */
export function fastTrackTables(
  machine: FastTrackMachine,
): { readonly name: string; readonly size: number; readonly limit: number }[] {
  const { state, children, links, flooding } = machine
  return [
    { name: 'host cache', size: state.cache.size, limit: MAX_HOSTS },
    { name: 'children', size: children.size, limit: Math.min(MAX_CHILDREN, children.most) },
    { name: 'standings', size: children.reputations.size, limit: MAX_STANDINGS },
    { name: 'index', size: children.index.size, limit: MAX_POINTERS },
    { name: 'links', size: links.size, limit: MAX_LINKS },
    { name: 'queries', size: flooding.queryCount, limit: 2 * MAX_QUERY_SLOTS },
    { name: 'searches', size: flooding.searchCount, limit: MAX_SEARCHES },
    { name: 'publications', size: state.own.size, limit: MAX_PUBLICATIONS },
  ]
}
