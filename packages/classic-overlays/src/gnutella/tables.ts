import type { TableSize } from '@onehop/overlay/contract'
import {
  MAX_CACHED_POINTERS,
  MAX_CONNECTING,
  MAX_DELIVERIES,
  MAX_HOSTS,
  MAX_OWN_QUERIES,
  MAX_PUBLICATIONS,
  MAX_PUSH_ROUTES,
  MAX_ROUTES,
} from './limits.ts'
import type { GnutellaMachine } from './machine.ts'

/** Of the query-hit cache. */
const GENERATIONS = 2

/** The machine's tables, for the contract's tests. */
export function gnutellaTables(machine: GnutellaMachine): TableSize[] {
  const { state } = machine
  const { neighbours, hosts, routes, serventRoutes, hitCache, files, options } = state
  return [
    { name: 'neighbours', size: neighbours.size, limit: options.mostNeighbours },
    { name: 'hosts', size: hosts.size, limit: MAX_HOSTS },
    { name: 'routes', size: routes.size, limit: MAX_ROUTES },
    { name: 'servent routes', size: serventRoutes?.size ?? 0, limit: MAX_PUSH_ROUTES },
    { name: 'cached pointers', size: hitCache?.size ?? 0, limit: GENERATIONS * MAX_CACHED_POINTERS },
    { name: 'publications', size: files.size, limit: MAX_PUBLICATIONS },
    { name: 'questions', size: machine.openQuestions, limit: MAX_OWN_QUERIES },
    { name: 'deliveries', size: machine.openDeliveries, limit: MAX_DELIVERIES },
    { name: 'connecting', size: machine.connecting, limit: MAX_CONNECTING },
  ]
}
