import type { Cancel, LookupOptions, MessageCodec, Outcome, OverlayFactory, Pointer } from '@onehop/overlay'
import { signPointer } from '@onehop/overlay'
import type {
  HarnessFaults,
  HarnessNetwork,
  HarnessTimes,
  NetworkRequest,
  OverlayHarness,
  RunningLookup,
  TableSize,
} from '@onehop/overlay/contract'
import { assert, DecodeError } from '@onehop/primitives'
import { uniformLatency } from './latency.ts'
import type { SimulatedNode } from './simulated-node.ts'
import { Simulation, type SimulationOptions } from './simulation.ts'

/** What the harness must know of an overlay beyond its factory. */
export interface SimulatedHarnessOptions<Message> {
  readonly factory: OverlayFactory<Message>
  readonly times: HarnessTimes
  readonly mostHops: number
  readonly seeds: readonly number[]
  /** Changes of the network model and the like. */
  readonly simulation?: Omit<Partial<SimulationOptions>, 'nodes' | 'seed'>
  /** Every message of the overlay that carries a pointer. */
  readonly messagesWith: (pointer: Pointer) => readonly Message[]
  /** Whether its machines search by words. */
  readonly searches?: boolean
  /** Default: all of them. */
  readonly faults?: Partial<HarnessFaults>
  readonly confirms?: boolean
  readonly judgesUnasked?: boolean
  readonly tables: (node: SimulatedNode<Message>) => readonly TableSize[]
}

/** Messages come late, twice and in another order, all through the codec, and signatures are verified late. */
export const BAD_NETWORK: Omit<Partial<SimulationOptions>, 'nodes' | 'seed'> = {
  latency: uniformLatency(1, 60),
  duplicateFraction: 0.05,
  reorderFraction: 0.05,
  checksCodec: true,
  verifyMs: 3,
}

/** Runs the contract's tests in virtual time. */
export function simulatedHarness<Message>(options: SimulatedHarnessOptions<Message>): OverlayHarness {
  return {
    times: options.times,
    faults: { loss: true, partition: true, attack: true, ...options.faults },
    mostHops: options.mostHops,
    searches: options.searches ?? false,
    confirms: options.confirms ?? true,
    judgesUnasked: options.judgesUnasked ?? true,
    seeds: options.seeds,
    create: async request => new SimulatedHarnessNetwork(options, request),
  }
}

class SimulatedHarnessNetwork<Message> implements HarnessNetwork {
  private readonly simulation: Simulation<Message>
  private readonly options: SimulatedHarnessOptions<Message>
  private readonly codec: MessageCodec<Message>

  constructor(options: SimulatedHarnessOptions<Message>, { nodes, seed, lossFraction = 0 }: NetworkRequest) {
    this.options = options
    this.codec = options.factory.codec
    this.simulation = new Simulation(options.factory, { ...options.simulation, nodes, seed, lossFraction })
  }

  async addNode(): Promise<number> {
    return this.simulation.addNode().number
  }

  async join(node: number, introducers: readonly number[]): Promise<Outcome> {
    return this.simulation.join(node, introducers)
  }

  async publish(...args: Parameters<HarnessNetwork['publish']>): Promise<Outcome> {
    return this.simulation.publish(...args)
  }

  async withdraw(...args: Parameters<HarnessNetwork['withdraw']>): Promise<Outcome> {
    return this.simulation.withdraw(...args)
  }

  lookup(
    ...[node, key, options]: Parameters<HarnessNetwork['lookup']>
  ): ReturnType<HarnessNetwork['lookup']> {
    const { machine } = this.simulation.node(node)
    return this.running(options, done => machine.lookup(key, options, done))
  }

  search(node: number, words: readonly string[], options: LookupOptions): RunningLookup {
    const { machine } = this.simulation.node(node)
    return this.running(options, done => {
      assert(machine.search !== undefined, 'the overlay searches')
      return machine.search(words, options, done)
    })
  }

  private running(
    { deadlineMs }: LookupOptions,
    begin: (done: (outcome: Outcome) => void) => Cancel,
  ): RunningLookup {
    let outcome: Outcome | undefined
    const cancel = begin(result => {
      outcome = result
    })
    const ended = async () => {
      this.simulation.clock.runUntil(() => outcome !== undefined, deadlineMs + 1)
      assert(outcome !== undefined, 'the lookup missed its deadline')
      return outcome
    }
    return { cancel, outcome: Promise.resolve().then(ended) }
  }

  async leave(node: number): Promise<void> {
    this.simulation.leave(node)
  }

  async kill(node: number): Promise<void> {
    this.simulation.kill(node)
  }

  async wait(ms: number): Promise<void> {
    this.simulation.clock.runFor(ms)
  }

  converge(): Promise<void> {
    return this.wait(this.options.times.convergenceMs)
  }

  until(_condition: () => Promise<boolean>, withinMs: number): Promise<void> {
    return this.wait(withinMs)
  }

  idOf(node: number) {
    return this.simulation.node(node).id
  }

  now(): number {
    return this.simulation.clock.now()
  }

  inspect(node: number) {
    return this.simulation.node(node).machine.inspect()
  }

  penalised(node: number) {
    return this.simulation.node(node).penalties.map(({ peer }) => peer)
  }

  tables(node: number): readonly TableSize[] {
    return this.options.tables(this.simulation.node(node))
  }

  async partition(parts: readonly (readonly number[])[]): Promise<void> {
    this.simulation.network.partition(parts)
  }

  async heal(): Promise<void> {
    this.simulation.network.heal()
  }

  signAs(node: number, pointer: Omit<Pointer, 'signature'>): Pointer {
    return signPointer(pointer, payload => this.simulation.node(node).sign(payload))
  }

  async handPointer(from: number, to: number, pointer: Pointer): Promise<void> {
    for (const message of this.options.messagesWith(pointer)) this.simulation.network.send(from, to, message)
    this.simulation.clock.runFor(100)
  }

  async sendGarbage(from: number, to: number, bytes: Uint8Array): Promise<void> {
    try {
      const message = this.codec.decode(bytes)
      this.simulation.node(to).deliver(from, message)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
    }
  }

  async stop(): Promise<void> {
    for (const node of this.simulation.alive()) node.kill()
  }
}
