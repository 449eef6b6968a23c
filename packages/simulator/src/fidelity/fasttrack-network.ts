import {
  FASTTRACK_DEFAULT,
  type FastTrackMachine,
  type FastTrackMessage,
  type FastTrackOptions,
  fasttrack,
} from '@onehop/classic-overlays'
import { contentKey, type Outcome } from '@onehop/overlay'
import { assert, randomBelow, SeededRandom } from '@onehop/primitives'
import { uniformLatency } from '../latency.ts'
import { Simulation } from '../simulation.ts'

const MULTIHASH_BYTES = 34
/** A newcomer every 100 ms: full supernodes have split by the time that the next ones come. */
const JOIN_EVERY_MS = 100
const SETTLING_MS = 600_000

/** What one query cost, and whom it could find something of. */
export interface Search {
  readonly messages: number
  /** Part of the nodes whose contents were looked through. */
  readonly covered: number
  /** Messages among supernodes. */
  readonly flooded: number
}

/** A network that has grown by the protocol, with the published options. */
export class FastTrackNetwork {
  readonly simulation: Simulation<FastTrackMessage>
  private readonly random: SeededRandom

  constructor(nodes: number, seed: number, options: Partial<FastTrackOptions> = {}) {
    this.random = new SeededRandom(seed)
    const factory = fasttrack({ ...FASTTRACK_DEFAULT, ...options })
    const latency = uniformLatency(20, 100)
    this.simulation = new Simulation(factory, { nodes, seed, handles: 'shared', latency })
  }

  get traceHash(): string {
    return this.simulation.traceHash()
  }

  /** Everybody joins through one of the first few. */
  grow(isInterrupted: () => boolean): void {
    const { clock, nodes } = this.simulation
    for (const { number } of nodes) {
      if (isInterrupted()) return
      const introducers = number === 0 ? [] : [randomBelow(this.random.next, Math.min(number, 16))]
      this.simulation.beginJoin(number, introducers, () => {})
      clock.runFor(JOIN_EVERY_MS)
    }
    clock.runFor(SETTLING_MS)
  }

  supernodes(): FastTrackMachine[] {
    return this.machines().filter(({ state }) => state.isSupernode)
  }

  /** Those that are neither a supernode nor in the care of one. */
  lost(): number {
    return this.machines().filter(({ isSettled }) => !isSettled).length
  }

  /** Links among supernodes, each counted once. */
  linkCount(): number {
    return this.supernodes().reduce((sum, { links }) => sum + links.size, 0) / 2
  }

  /** Somebody asks for what nobody has: the query goes as far as it goes. */
  searchInVain(): Search {
    const { nodes, network } = this.simulation
    const node = randomBelow(this.random.next, nodes.length)
    const reached = new Set<number>()
    let [messages, flooded] = [0, 0]
    network.onSend = (_from, to, { type }) => {
      if (type !== 'find' && type !== 'found' && type !== 'query' && type !== 'hits') return
      messages++
      if (type === 'query') flooded++
      if (type === 'query' || type === 'find') reached.add(to)
    }
    const outcome = this.lookup(node)
    network.onSend = undefined
    assert(outcome.pointers.length === 0, 'nobody has it')
    if (this.machine(node).state.isSupernode) reached.add(node)
    const covered = [...reached].reduce((sum, other) => sum + 1 + this.machine(other).children.size, 0)
    return { messages, flooded, covered: covered / nodes.length }
  }

  private lookup(node: number): Outcome {
    const key = contentKey(this.random.bytes(MULTIHASH_BYTES))
    return this.simulation.lookup(node, key, { limit: 1, deadlineMs: 60_000 })
  }

  private machine(node: number): FastTrackMachine {
    return this.simulation.node(node).machine as FastTrackMachine
  }

  private machines(): FastTrackMachine[] {
    return this.simulation.alive().map(({ machine }) => machine as FastTrackMachine)
  }
}
