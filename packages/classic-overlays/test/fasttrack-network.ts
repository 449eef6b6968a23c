import { contentKey, type Key, type PeerHandle, type Publication } from '@onehop/overlay'
import {
  createSimulation,
  type SimulatedNode,
  type Simulation,
  type SimulationOptions,
} from '@onehop/simulator'
import {
  FASTTRACK_TESTNET,
  type FastTrackMachine,
  type FastTrackMessage,
  type FastTrackOptions,
  fasttrack,
} from '../src/fasttrack/index.ts'

/** A network of FastTrack nodes in virtual time, with a look at who is what. */
export class FastTrackNetwork {
  readonly simulation: Simulation<FastTrackMessage>

  constructor(options: Partial<FastTrackOptions>, simulation: SimulationOptions) {
    this.simulation = createSimulation(fasttrack({ ...FASTTRACK_TESTNET, ...options }), simulation)
  }

  /** All nodes join through the first, one after the other. */
  joinAll(): this {
    for (const { number } of this.simulation.nodes) this.simulation.join(number, number === 0 ? [] : [0])
    return this
  }

  pass(ms: number): this {
    this.simulation.clock.runFor(ms)
    return this
  }

  machine(node: number): FastTrackMachine {
    return this.simulation.node(node).machine as FastTrackMachine
  }

  node(number: number): SimulatedNode<FastTrackMessage> {
    return this.simulation.node(number)
  }

  /** The number of a peer of a node. */
  numberOf(node: number, peer: PeerHandle): number {
    const id = this.simulation.node(node).idOf(peer).join()
    return this.simulation.nodes.findIndex(other => other.id.join() === id)
  }

  supernodes(): number[] {
    return this.numbers().filter(node => this.machine(node).state.isSupernode)
  }

  ordinary(): number[] {
    return this.numbers().filter(node => !this.machine(node).state.isSupernode)
  }

  /** The supernode of an ordinary node. */
  parentOf(node: number): number | undefined {
    const { parent } = this.machine(node).session
    return parent === undefined ? undefined : this.numberOf(node, parent)
  }

  childrenOf(node: number): number[] {
    return this.machine(node)
      .children.all()
      .map(({ peer }) => this.numberOf(node, peer))
  }

  neighboursOf(node: number): number[] {
    return this.machine(node)
      .links.all()
      .map(({ peer }) => this.numberOf(node, peer))
  }

  /** Supernodes that one of them reaches over links of which both ends know. */
  reachedFrom(first: number): Set<number> {
    const alive = new Set(this.supernodes())
    const reached = new Set([first])
    for (const node of reached)
      for (const next of this.neighboursOf(node))
        if (alive.has(next) && this.neighboursOf(next).includes(node)) reached.add(next)
    return reached
  }

  /** Whether a query can come from any supernode to any other, and every ordinary node has a living one. */
  isWhole(): boolean {
    const supernodes = this.supernodes()
    const areLinked = supernodes.length > 0 && this.reachedFrom(supernodes[0]!).size === supernodes.length
    return areLinked && this.ordinary().every(node => supernodes.includes(this.parentOf(node) ?? -1))
  }

  /** The node publishes new content. */
  publishNew(node: number, change: Partial<Publication> = {}): Key {
    const multihash = new Uint8Array(22).fill(node + 1)
    multihash.set([0x11, 0x14, this.simulation.random.nextUint32() & 0xff])
    const key = contentKey(multihash)
    this.simulation.publish(node, { kind: 'content', key, ...change })
    return key
  }

  finds(node: number, key: Key): boolean {
    return this.simulation.lookup(node, key).pointers.length > 0
  }

  /** Everything that is sent from now on. */
  record(): { readonly from: number; readonly to: number; readonly message: FastTrackMessage }[] {
    const sent: { from: number; to: number; message: FastTrackMessage }[] = []
    this.simulation.network.onSend = (from, to, message) => sent.push({ from, to, message })
    return sent
  }

  private numbers(): number[] {
    return this.simulation.alive().map(({ number }) => number)
  }
}
