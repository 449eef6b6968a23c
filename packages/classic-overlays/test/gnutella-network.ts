import { contentKey, type Key, type Outcome, type Pointer } from '@onehop/overlay'
import { assert, SeededRandom } from '@onehop/primitives'
import { createSimulation, type Simulation, type SimulationOptions } from '@onehop/simulator'
import {
  GNUTELLA_TESTNET,
  type GnutellaMachine,
  type GnutellaMessage,
  gnutella,
} from '../src/gnutella/index.ts'
import type { GnutellaOptions } from '../src/gnutella/options.ts'

/** A message as somebody saw it leave. */
export interface Sent {
  readonly from: number
  readonly to: number
  readonly message: GnutellaMessage
}

/** Between which nodes links stand. */
export type Edges = readonly (readonly [number, number])[]

/** Links stand as they are: nobody seeks, leaves or pings, so that only what a test asks for happens. */
export const STILL: Partial<GnutellaOptions> = {
  ...GNUTELLA_TESTNET,
  leastNeighbours: 1,
  enoughNeighbours: 56,
  mostNeighbours: 56,
  pingMs: 3_600_000,
  exploreMs: 0,
  queryAttempts: 1,
  pointerLifetimeMs: 43_200_000,
  pointerRefreshMs: 14_400_000,
}

/** Servents with given links. */
export class GnutellaNetwork {
  readonly simulation: Simulation<GnutellaMessage>
  readonly random = new SeededRandom(9)
  readonly sent: Sent[] = []

  constructor(edges: Edges, options: Partial<GnutellaOptions> = {}, model: Partial<SimulationOptions> = {}) {
    const nodes = 1 + Math.max(0, ...edges.flat())
    const factory = gnutella({ ...STILL, ...options, ringTtls: options.ringTtls ?? [options.ttl ?? 7] })
    this.simulation = createSimulation(factory, { seed: 1, ...model, nodes })
    for (let node = 0; node < nodes; node++) this.link(node, edges)
    this.simulation.network.onSend = (from, to, message) => this.sent.push({ from, to, message })
  }

  machine(node: number): GnutellaMachine {
    return this.simulation.node(node).machine as GnutellaMachine
  }

  newKey(): Key {
    return contentKey(this.random.bytes(34))
  }

  publish(node: number): Key {
    const key = this.newKey()
    this.simulation.publish(node, { kind: 'content', key })
    return key
  }

  lookup(node: number, key: Key): Outcome {
    return this.simulation.lookup(node, key, { limit: 1 })
  }

  /** The node asks the pointer's provider to come. */
  deliver(node: number, pointer: Pointer): Outcome {
    let outcome: Outcome | undefined
    this.machine(node).requestDelivery(pointer, result => {
      outcome = result
    })
    this.simulation.clock.runUntil(() => outcome !== undefined, 60_000)
    assert(outcome !== undefined, 'the delivery ended')
    return outcome
  }

  /** The node says this to another, whatever its machine would say; then time passes. */
  say(from: number, to: number, ...messages: readonly GnutellaMessage[]): void {
    for (const message of messages) this.simulation.network.send(from, to, message)
    this.simulation.clock.runFor(1_000)
  }

  /** What was sent of a type since this was asked last. */
  take(type: GnutellaMessage['type']): Sent[] {
    const taken = this.sent.filter(({ message }) => message.type === type)
    this.sent.length = 0
    return taken
  }

  penalised(node: number): string[] {
    return this.simulation.node(node).penalties.map(({ verdict }) => (verdict.ok ? '' : verdict.code))
  }

  private link(node: number, edges: Edges): void {
    const others = edges.flatMap(([a, b]) => (a === node ? [b] : b === node ? [a] : []))
    this.machine(node).adopt(others.map(other => this.simulation.node(node).meet(other)))
  }
}

/** Every node linked with the next. */
export function line(nodes: number): Edges {
  return Array.from({ length: nodes - 1 }, (_, i) => [i, i + 1] as const)
}

/** The same, and the last with the first. */
export function ring(nodes: number): Edges {
  return [...line(nodes), [nodes - 1, 0]]
}
