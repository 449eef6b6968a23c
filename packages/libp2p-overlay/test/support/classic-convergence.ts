import type { InspectedNode } from './live-harness.ts'

/** A list of an inspection, whose items name peers. */
function peersIn(tables: InspectedNode['tables'], list: string): string[] {
  return ((tables[list] ?? []) as { readonly peerId: string }[]).map(({ peerId }) => peerId)
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every(item => b.includes(item))
}

/** Every client is logged in at a living server, and every server knows its clients and all other servers. */
export function hasNapsterConverged(nodes: readonly InspectedNode[]): boolean {
  const servers = nodes.filter(({ tables }) => tables.role === 'server')
  return nodes.every(({ peerId, tables }) => {
    const others = servers.filter(server => server.peerId !== peerId).map(server => server.peerId)
    if (tables.role !== 'server') return tables.phase === 'in' && others.includes(String(tables.server))
    const clients = nodes.filter(node => node.tables.server === peerId)
    return (
      sameSet(peersIn(tables, 'servers'), others) &&
      sameSet(
        peersIn(tables, 'clients'),
        clients.map(client => client.peerId),
      )
    )
  })
}
