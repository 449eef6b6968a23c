import {
  type GnutellaMachine,
  type GnutellaMessage,
  type GnutellaOptions,
  gnutella,
} from '@onehop/classic-overlays'
import { contentKey, type Key, type Outcome, type PeerHandle } from '@onehop/overlay'
import { randomBelow, SeededRandom, shuffled } from '@onehop/primitives'
import { uniformLatency } from '../latency.ts'
import { Simulation } from '../simulation.ts'

const MULTIHASH_BYTES = 34

/** Longer than any of these experiments. */
export const NEVER_MS = 86_400_000

/** Links stand as they are, and nobody pings: only what is asked for happens. */
export const STILL: Partial<GnutellaOptions> = {
  leastNeighbours: 1,
  enoughNeighbours: 56,
  mostNeighbours: 56,
  pingMs: NEVER_MS,
  exploreMs: 0,
}

/** Between which nodes links stand. */
export type Links = readonly (readonly [number, number])[]

/** Bytes of messages, by what they are for. */
export interface Shares {
  pings: number
  queries: number
  rest: number
}

/** Gnutella servents whose links are given, or that join by themselves. */
export class Servents {
  readonly simulation: Simulation<GnutellaMessage>
  readonly random: SeededRandom
  private readonly options: Partial<GnutellaOptions>

  constructor(nodes: number, seed: number, options: Partial<GnutellaOptions>) {
    this.options = options
    this.random = new SeededRandom(seed)
    const latency = uniformLatency(20, 100)
    this.simulation = new Simulation(gnutella(options), { nodes, seed, handles: 'shared', latency })
  }

  get traceHash(): string {
    return this.simulation.traceHash()
  }

  machine(node: number): GnutellaMachine {
    return this.simulation.node(node).machine as GnutellaMachine
  }

  /** These links stand from now on. */
  link(links: Links): void {
    const peers: PeerHandle[][] = this.simulation.nodes.map(() => [])
    for (const [a, b] of links) {
      peers[a]!.push(this.simulation.node(a).meet(b))
      peers[b]!.push(this.simulation.node(b).meet(a))
    }
    for (const [node, list] of peers.entries()) this.machine(node).adopt(list)
  }

  /** A new file that these servents share. */
  share(holders: readonly number[]): Key {
    const key = contentKey(this.random.bytes(MULTIHASH_BYTES))
    for (const node of holders) this.simulation.beginPublish(node, { kind: 'content', key }, () => {})
    return key
  }

  newKey(): Key {
    return contentKey(this.random.bytes(MULTIHASH_BYTES))
  }

  anyone(): number {
    return randomBelow(this.random.next, this.simulation.nodes.length)
  }

  /** Asks, and waits for the answer. */
  ask(node: number, key: Key): Outcome {
    return this.simulation.lookup(node, key, { limit: 1, deadlineMs: 60_000 })
  }

  /** Asks for what nobody has, and counts whom the query reached and the messages that it took. */
  flood(node: number): { readonly reached: number; readonly messages: number } {
    const reached = new Set<number>()
    let messages = 0
    this.simulation.network.onSend = (_from, to, { type }) => {
      if (type !== 'query') return
      messages++
      reached.add(to)
    }
    this.ask(node, this.newKey())
    this.simulation.network.onSend = undefined
    reached.delete(node)
    return { reached: reached.size, messages }
  }

  /** Counts bytes from now on. */
  meter(): Shares {
    const shares: Shares = { pings: 0, queries: 0, rest: 0 }
    const { codec } = gnutella(this.options)
    this.simulation.network.onSend = (_from, _to, message) => {
      const bytes = codec.encodedLength(message)
      if (message.type === 'ping' || message.type === 'pong') shares.pings += bytes
      else if (message.type === 'query' || message.type === 'query-hit') shares.queries += bytes
      else shares.rest += bytes
    }
    return shares
  }
}

/** A tree in which everybody has so many neighbours, but for the leaves, whose distance from node 0 is the depth. */
export function treeLinks(degree: number, depth: number): Links {
  const links: [number, number][] = []
  let level = [0]
  let next = 1
  for (let distance = 0; distance < depth; distance++) {
    const below: number[] = []
    for (const parent of level)
      for (let child = 0; child < (distance === 0 ? degree : degree - 1); child++) {
        links.push([parent, next])
        below.push(next++)
      }
    level = below
  }
  return links
}

/** Random links, four a node but for a few: two rings through all nodes in random order, the same pair once. */
export function fourEachLinks(nodes: number, random: SeededRandom): Links {
  const pairs = new Set<number>()
  for (let ring = 0; ring < 2; ring++) {
    const order = shuffled(
      random.next,
      Array.from({ length: nodes }, (_, node) => node),
    )
    order.forEach((node, i) => {
      const other = order[(i + 1) % nodes]!
      pairs.add(Math.min(node, other) * nodes + Math.max(node, other))
    })
  }
  return [...pairs].map(pair => [Math.floor(pair / nodes), pair % nodes] as const)
}
