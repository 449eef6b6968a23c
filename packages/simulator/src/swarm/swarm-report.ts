import { rounded } from '../experiments/rounded.ts'
import { Samples } from '../experiments/samples.ts'
import type { SwarmNode } from './swarm-node.ts'
import type { SwarmRole } from './swarm-parameters.ts'
import type { SwarmWorld } from './swarm-world.ts'

/** All nodes of one role. Times are from a node's coming to its having everything, of those that finished. */
export interface GroupReport {
  readonly role: SwarmRole
  readonly nodes: number
  readonly finished: number
  readonly meanSeconds: number | null
  readonly p50Seconds: number | null
  readonly p95Seconds: number | null
  readonly slowestSeconds: number | null
  /** Times of all that finished, shortest first. */
  readonly seconds: readonly number[]
  /** Bytes sent by bytes received, of all of them together; null of seeds. */
  readonly ratio: number | null
  /** Part of what they could have sent while they were there. */
  readonly uploadUsed: number
  /** Bytes of blocks by whom they came from. */
  readonly receivedFrom: Readonly<Partial<Record<SwarmRole, number>>>
  /** Of all that compliant leechers sent, the part that went to one of these nodes, by what it would be for everybody alike. */
  readonly evenShareOfCompliant: number
}

const ROLES: readonly SwarmRole[] = ['seed', 'compliant', 'free-rider', 'tyrant', 'large-view']

/** What became of each group that there was. */
export function reportGroups(world: SwarmWorld): GroupReport[] {
  return ROLES.flatMap(role => {
    const nodes = world.nodes.filter(node => node.role === role)
    return nodes.length === 0 ? [] : [reportGroup(world, role, nodes)]
  })
}

function reportGroup(world: SwarmWorld, role: SwarmRole, nodes: readonly SwarmNode[]): GroupReport {
  const seconds = nodes.flatMap(({ completedMs, joinedMs }) =>
    completedMs === undefined ? [] : [(completedMs - joinedMs) / 1000],
  )
  const times = new Samples()
  for (const time of seconds) times.add(time)
  const received = new Map<SwarmRole, number>()
  for (const node of nodes) {
    for (const [from, bytes] of node.receivedFrom) received.set(from, (received.get(from) ?? 0) + bytes)
  }
  const sent = sum(nodes.map(({ sentBytes }) => sentBytes))
  return {
    ...{ role, nodes: nodes.length, finished: times.count },
    meanSeconds: figure(times.mean()),
    p50Seconds: figure(times.percentile(0.5)),
    p95Seconds: figure(times.percentile(0.95)),
    slowestSeconds: figure(times.most()),
    seconds: seconds.sort((a, b) => a - b),
    ratio: role === 'seed' ? null : rounded(sent / Math.max(1, sum([...received.values()]))),
    uploadUsed: rounded(sent / sum(nodes.map(node => couldSend(world, node)))),
    receivedFrom: Object.fromEntries(received),
    evenShareOfCompliant: rounded(evenShare(world, nodes, received.get('compliant') ?? 0)),
  }
}

function evenShare(world: SwarmWorld, nodes: readonly SwarmNode[], fromCompliant: number): number {
  const leechers = world.nodes.filter(node => node.role !== 'seed')
  const all = sum(leechers.map(node => node.receivedFrom.get('compliant') ?? 0))
  return all === 0 ? 0 : (fromCompliant / all) * (leechers.length / nodes.length)
}

function couldSend(world: SwarmWorld, { joinedMs, completedMs, rates }: SwarmNode): number {
  return (((completedMs ?? world.clock.elapsedMs) - joinedMs) / 1000) * rates.up
}

function figure(value: number | undefined): number | null {
  return value === undefined ? null : rounded(value)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
