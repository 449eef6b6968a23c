import type { ChordInspection, GnutellaInspection, PastryInspection } from '@onehop/classic-overlays'
import type { InspectedNode } from './live-harness.ts'

/** Something that has a peer, in a list of an inspection. */
interface Named {
  readonly peerId: string
}

function namesOf(list: readonly Named[]): string[] {
  return list.map(({ peerId }) => peerId)
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every(item => b.includes(item))
}

/** Every client is logged in at a living server, and every server knows its clients and all other servers. */
export function hasNapsterConverged(nodes: readonly InspectedNode[]): boolean {
  const servers = nodes.filter(({ tables }) => tables.role === 'server')
  return nodes.every(({ peerId, tables }) => {
    const others = namesOf(servers).filter(server => server !== peerId)
    if (tables.role !== 'server') return tables.phase === 'in' && others.includes(String(tables.server))
    const clients = nodes.filter(node => node.tables.server === peerId)
    return (
      sameSet(namesOf(tables.servers as Named[]), others) &&
      sameSet(namesOf(tables.clients as Named[]), namesOf(clients))
    )
  })
}

/** Servents are linked both ways, with nobody who is gone, and the links lead from each to all. */
export function hasGnutellaConverged(nodes: readonly InspectedNode[]): boolean {
  const neighbours = new Map(
    nodes.map(({ peerId, tables }) => [peerId, namesOf((tables as GnutellaInspection).neighbours)]),
  )
  const isMutual = [...neighbours].every(([peerId, list]) =>
    list.every(other => neighbours.get(other)?.includes(peerId) === true),
  )
  return isMutual && reachedFrom(nodes[0]?.peerId, neighbours).size === nodes.length
}

function reachedFrom(first: string | undefined, neighbours: ReadonlyMap<string, string[]>): Set<string> {
  const reached = new Set(first === undefined ? [] : [first])
  for (const node of reached) for (const other of neighbours.get(node) ?? []) reached.add(other)
  return reached
}

/** The ring goes round: everybody has the one before it, and as many as it keeps of those behind it. */
export function hasChordConverged(nodes: readonly InspectedNode[]): boolean {
  const tables = nodes.map(node => node.tables as ChordInspection)
  const ring = tables.flatMap(({ positions }) => positions).map(({ identifier }) => identifier)
  ring.sort()
  return tables.every(({ positions, successors, successorLimit }) => {
    const [own] = positions
    if (own === undefined) return false
    const at = ring.indexOf(own.identifier)
    const behind = [...ring.slice(at + 1), ...ring.slice(0, at)]
    const kept = Math.min(behind.length, successorLimit)
    return (
      successors.length >= kept &&
      successors.every(({ identifier }, i) => identifier === behind[i]) &&
      (behind.length === 0 || own.predecessor === behind.at(-1))
    )
  })
}

/** Networks of the contract's tests are no larger than a leaf set: everybody has all others in it, and nobody else. */
export function hasPastryConverged(nodes: readonly InspectedNode[]): boolean {
  return nodes.every(({ peerId, tables }) => {
    const { phase, leafSet } = tables as PastryInspection
    const others = namesOf(nodes).filter(other => other !== peerId)
    return phase === 'member' && sameSet(namesOf(leafSet), others) && !leafSet.some(({ suspect }) => suspect)
  })
}

/** Every child is registered at a living supernode that knows it, and the links lead from each supernode to all. */
export function hasFastTrackConverged(nodes: readonly InspectedNode[]): boolean {
  const supernodes = nodes.filter(({ tables }) => tables.role === 'supernode')
  const links = new Map(
    supernodes.map(({ peerId, tables }) => [peerId, namesOf(tables.neighbours as Named[])]),
  )
  const isHome = ({ peerId, tables }: InspectedNode) => {
    const parent = supernodes.find(node => node.peerId === tables.supernode)
    return parent !== undefined && namesOf(parent.tables.children as Named[]).includes(peerId)
  }
  const areHome = nodes.every(node => node.tables.role === 'supernode' || isHome(node))
  const areLiving = [...links.values()].flat().every(peerId => links.has(peerId))
  return areHome && areLiving && reachedFrom(supernodes[0]?.peerId, links).size === supernodes.length
}
