import type { Cancel, Key, LookupOptions, Outcome, OverlayFactory, Publication } from '@onehop/overlay'
import { AssertionError, assert, SeededRandom } from '@onehop/primitives'
import { MAX_NODES, MAX_WAIT_MS } from './limits.ts'
import { type NetworkModel, PERFECT_NETWORK } from './network-model.ts'
import { NodeDirectory } from './node-directory.ts'
import { SharedPeerBook, StrictPeerBook } from './peer-book.ts'
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
  /**
   * `strict`, the default: each machine has handles of its own whose numbers are used again at once. `shared`: handles
   * are node numbers, and the dead lose their machines: what large simulations can afford.
   */
  readonly handles?: 'strict' | 'shared'
}

const DEFAULT_START_MS = 1_767_225_600_000
const DEFAULT_LOOKUP: LookupOptions = { limit: 20, deadlineMs: 10_000 }

/** Told what came of an operation. */
export type OnOutcome = (outcome: Outcome) => void

/**
 * Machines of one overlay in virtual time on a virtual network. `join`, `publish`, `lookup` and `withdraw` run the
 * clock until they are done; their namesakes with `begin` only begin.
 */
export class Simulation<Message> {
  readonly clock: VirtualClock
  readonly network: VirtualNetwork<Message>
  readonly nodes: SimulatedNode<Message>[] = []
  readonly random: SeededRandom
  readonly seed: number
  /** Whose id is whose, and where ids stand among the groups. */
  readonly directory = new NodeDirectory()
  private readonly factory: OverlayFactory<Message>
  private readonly world: World<Message>
  private readonly sharedPeers: SharedPeerBook | undefined

  constructor(factory: OverlayFactory<Message>, options: SimulationOptions) {
    const { nodes, seed, startMs = DEFAULT_START_MS, verifyMs = 0, handles = 'strict', ...model } = options
    assert(Number.isInteger(nodes) && nodes >= 0 && nodes <= MAX_NODES, `a simulation of ${nodes} nodes`)
    this.factory = factory
    this.seed = seed
    this.random = new SeededRandom(seed)
    this.clock = new VirtualClock(startMs)
    this.network = new VirtualNetwork(this.clock, this.random.fork(), factory.codec, {
      ...PERFECT_NETWORK,
      ...model,
    })
    const { directory } = this
    this.sharedPeers = handles === 'shared' ? new SharedPeerBook(directory) : undefined
    const keepsDead = handles === 'strict'
    this.world = { clock: this.clock, network: this.network, directory, verifyMs, keepsDead }
    for (let i = 0; i < nodes; i++) this.addNode()
  }

  /** Adds a node that has not joined. @param factory of its machine, where it is not like the others. */
  addNode(factory: OverlayFactory<Message> = this.factory): SimulatedNode<Message> {
    const number = this.nodes.length
    assert(number < MAX_NODES, `a simulation has at most ${MAX_NODES} nodes`)
    this.world.directory.add(virtualIdentity(this.seed, number, this.random.nextUint32()))
    const node = this.newLife(number)
    this.nodes.push(node)
    this.network.add(node)
    node.start(factory)
    return node
  }

  /** A dead node comes back: the same identity, a new machine, which has not joined. */
  restart(number: number, factory: OverlayFactory<Message> = this.factory): SimulatedNode<Message> {
    assert(!this.node(number).isAlive, `node ${number} is not dead`)
    const node = this.newLife(number)
    this.nodes[number] = node
    this.network.revive(number, node)
    node.start(factory)
    return node
  }

  node(number: number): SimulatedNode<Message> {
    const node = this.nodes[number]
    if (node === undefined) throw new AssertionError(`there is no node ${number}`)
    return node
  }

  alive(): SimulatedNode<Message>[] {
    return this.nodes.filter(node => node.isAlive)
  }

  beginJoin(number: number, introducers: readonly number[], done: OnOutcome): void {
    const node = this.node(number)
    node.machine.join(
      introducers.map(other => node.meet(other)),
      done,
    )
  }

  beginPublish(number: number, publication: Publication, done: OnOutcome): void {
    this.node(number).machine.publish(publication, done)
  }

  beginWithdraw(number: number, key: Key, done: OnOutcome, target?: Uint8Array): void {
    this.node(number).machine.withdraw(key, done, target)
  }

  beginLookup(number: number, key: Key, options: Partial<LookupOptions>, done: OnOutcome): Cancel {
    return this.node(number).machine.lookup(key, { ...DEFAULT_LOOKUP, ...options }, done)
  }

  /** Joins through these nodes and runs until it is done. */
  join(number: number, introducers: readonly number[]): Outcome {
    return this.await(done => this.beginJoin(number, introducers, done))
  }

  /** Joins all nodes, the first as the first, the others through it, all at the same time. */
  joinAll(): void {
    let joined = 0
    for (const { number } of this.nodes) this.beginJoin(number, number === 0 ? [] : [0], () => joined++)
    assert(
      this.clock.runUntil(() => joined === this.nodes.length, MAX_WAIT_MS),
      'not all nodes have joined',
    )
  }

  publish(number: number, publication: Publication): Outcome {
    return this.await(done => this.beginPublish(number, publication, done))
  }

  withdraw(number: number, key: Key, target?: Uint8Array): Outcome {
    return this.await(done => this.beginWithdraw(number, key, done, target))
  }

  lookup(number: number, key: Key, options: Partial<LookupOptions> = {}): Outcome {
    return this.await(done => void this.beginLookup(number, key, options, done))
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

  /** Bytes of a node's tables as its machine counts them (`memoryBytes` of its inspection); undefined: it does not. */
  memoryOf(number: number): number | undefined {
    const { memoryBytes } = this.node(number).machine.inspect()
    return typeof memoryBytes === 'number' ? memoryBytes : undefined
  }

  /** Of everything that happened so far: the same for the same seed, options and calls. */
  traceHash(): string {
    return this.network.trace.digest()
  }

  private newLife(number: number): SimulatedNode<Message> {
    const peers = this.sharedPeers ?? new StrictPeerBook(this.world.directory)
    return new SimulatedNode({ number, world: this.world, peers, random: this.random.fork() })
  }

  /** Runs until the operation is done. */
  private await(begin: (done: OnOutcome) => void): Outcome {
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
