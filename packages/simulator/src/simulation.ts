import type { Key, LookupOptions, Outcome, OverlayFactory, Publication } from '@onehop/overlay'
import { assert, bytesKey, SeededRandom } from '@onehop/primitives'
import { MAX_NODES, MAX_WAIT_MS } from './limits.ts'
import { type NetworkModel, PERFECT_NETWORK } from './network-model.ts'
import { SimulatedNode, type World } from './simulated-node.ts'
import { VirtualClock } from './virtual-clock.ts'
import { virtualIdentity } from './virtual-identity.ts'
import { VirtualNetwork } from './virtual-network.ts'

/** What a simulation is made of. */
export interface SimulationOptions extends Partial<NetworkModel> {
  /** Nodes that are there from the start, not joined yet. */
  readonly nodes: number
  /** One seed, one run. */
  readonly seed: number
  /** Unix time in ms at the start. Default: the first second of 2026. */
  readonly startMs?: number
  /** Time that a verification takes. Default 0: the answer comes within the call. */
  readonly verifyMs?: number
}

const DEFAULT_START_MS = 1_767_225_600_000
const DEFAULT_LOOKUP: LookupOptions = { limit: 20, deadlineMs: 10_000 }

/** Machines of one overlay in virtual time on a virtual network. Everything runs within the calls. */
export class Simulation<Message> {
  readonly clock: VirtualClock
  readonly network: VirtualNetwork<Message>
  readonly nodes: SimulatedNode<Message>[] = []
  readonly random: SeededRandom
  readonly seed: number
  private readonly factory: OverlayFactory<Message>
  private readonly world: World<Message>

  constructor(factory: OverlayFactory<Message>, options: SimulationOptions) {
    const { nodes, seed, startMs = DEFAULT_START_MS, verifyMs = 0, ...model } = options
    assert(Number.isInteger(nodes) && nodes >= 0 && nodes <= MAX_NODES, `a simulation of ${nodes} nodes`)
    this.factory = factory
    this.seed = seed
    this.random = new SeededRandom(seed)
    this.clock = new VirtualClock(startMs)
    this.network = new VirtualNetwork(this.clock, this.random.fork(), factory.codec, {
      ...PERFECT_NETWORK,
      ...model,
    })
    this.world = { clock: this.clock, network: this.network, identities: [], nodeOfId: new Map(), verifyMs }
    for (let i = 0; i < nodes; i++) this.addNode()
  }

  /** Adds a node that has not joined. */
  addNode(): SimulatedNode<Message> {
    const number = this.nodes.length
    const identity = virtualIdentity(this.seed, number, this.random.nextUint32())
    this.world.identities.push(identity)
    this.world.nodeOfId.set(bytesKey(identity.id), number)
    const node = new SimulatedNode(this.world, this.factory, this.random.fork())
    this.nodes.push(node)
    return node
  }

  node(number: number): SimulatedNode<Message> {
    const node = this.nodes[number]
    assert(node !== undefined, `there is no node ${number}`)
    return node
  }

  alive(): SimulatedNode<Message>[] {
    return this.nodes.filter(node => node.isAlive)
  }

  /** Joins through these nodes and runs until it is done. */
  join(number: number, introducers: readonly number[]): Outcome {
    const node = this.node(number)
    return this.await(done =>
      node.machine.join(
        introducers.map(other => node.meet(other)),
        done,
      ),
    )
  }

  /** Joins all nodes, the first as the first, the others through it, all at the same time. */
  joinAll(): void {
    let joined = 0
    for (const node of this.nodes) {
      const introducers = node.number === 0 ? [] : [node.meet(0)]
      node.machine.join(introducers, () => joined++)
    }
    assert(
      this.clock.runUntil(() => joined === this.nodes.length, MAX_WAIT_MS),
      'not all nodes have joined',
    )
  }

  publish(number: number, publication: Publication): Outcome {
    return this.await(done => this.node(number).machine.publish(publication, done))
  }

  withdraw(number: number, key: Key, target?: Uint8Array): Outcome {
    return this.await(done => this.node(number).machine.withdraw(key, done, target))
  }

  lookup(number: number, key: Key, options: Partial<LookupOptions> = {}): Outcome {
    return this.await(done => {
      this.node(number).machine.lookup(key, { ...DEFAULT_LOOKUP, ...options }, done)
    })
  }

  /** The node says goodbye. */
  leave(number: number): void {
    const node = this.node(number)
    node.machine.leave()
    node.kill()
  }

  /** Power off: no farewell. */
  kill(number: number): void {
    this.node(number).kill()
  }

  /** Of everything that happened so far: the same for the same seed, options and calls. */
  traceHash(): string {
    return this.network.trace.digest()
  }

  /** Runs until the operation is done. */
  private await(begin: (done: (outcome: Outcome) => void) => void): Outcome {
    let outcome: Outcome | undefined
    begin(result => {
      assert(outcome === undefined, 'done was called twice')
      outcome = result
    })
    const isDone = this.clock.runUntil(() => outcome !== undefined, MAX_WAIT_MS)
    assert(isDone && outcome !== undefined, 'the operation never ended')
    return outcome
  }
}

/** A simulation of the overlay's machines. */
export function createSimulation<Message>(
  factory: OverlayFactory<Message>,
  options: SimulationOptions,
): Simulation<Message> {
  return new Simulation(factory, options)
}
