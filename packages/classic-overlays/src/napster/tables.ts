import {
  MAX_FORMER_SERVERS,
  MAX_POINTERS,
  MAX_POINTERS_PER_CLIENT,
  MAX_POINTERS_PER_KEY,
  MAX_SERVERS,
} from './limits.ts'
import type { NapsterMachine } from './machine.ts'

/** One of a machine's tables, as the contract's tests look at it. */
interface TableSize {
  readonly name: string
  readonly size: number
  readonly limit: number
}

/** All that peers can make grow in a Napster node. */
export function napsterTables({ state, client, server }: NapsterMachine): TableSize[] {
  const ofClient = [{ name: 'servers known', size: client.servers.length, limit: MAX_SERVERS }]
  if (server === undefined) return ofClient
  const { sessions, links } = server
  const lists = [...sessions.entries()].map(([, { list }]) => list.pointers.size)
  return [
    ...ofClient,
    { name: 'sessions', size: sessions.size, limit: state.options.maxClients },
    { name: 'directory', size: sessions.directory.size, limit: MAX_POINTERS },
    { name: 'largest list of a client', size: Math.max(0, ...lists), limit: MAX_POINTERS_PER_CLIENT },
    { name: 'largest list of a key', size: sessions.directory.largestKey, limit: MAX_POINTERS_PER_KEY },
    { name: 'servers linked', size: links.size, limit: MAX_SERVERS },
    { name: 'servers lost', size: links.formerCount, limit: MAX_FORMER_SERVERS },
  ]
}
