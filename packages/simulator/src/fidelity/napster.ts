import { NAPSTER_DEFAULT, type NapsterMessage, napster } from '@onehop/classic-overlays'
import { contentKey, type Key } from '@onehop/overlay'
import { assert, randomBelow, SeededRandom } from '@onehop/primitives'
import { naturalLogarithm } from '../experiments/draws.ts'
import type { ExperimentControl } from '../experiments/run-several.ts'
import { uniformLatency } from '../latency.ts'
import { Simulation } from '../simulation.ts'
import { type FidelityExperiment, type FidelityParameters, fidelityExperiment } from './fidelity.ts'
import { atMost, type FidelityRow, near, told } from './fidelity-row.ts'

const MULTIHASH_BYTES = 34
const JOIN_EVERY_MS = 20
const SETTLING_MS = 60_000
const SERVER = 0

type CostParameters = FidelityParameters & { readonly nodes: readonly number[]; readonly lookups: number }

/** What was measured at one size. */
interface Costs {
  readonly messages: number
  readonly hops: number
  readonly latencyMs: number
  readonly serverBytes: number
  readonly clientBytes: number
  readonly failed: number
  readonly traceHash: string
}

/** One server, and clients each of which has one file. */
class NapsterNetwork {
  readonly simulation: Simulation<NapsterMessage>
  private readonly random: SeededRandom
  private readonly keys: Key[] = []

  constructor(nodes: number, seed: number) {
    this.random = new SeededRandom(seed)
    const latency = uniformLatency(20, 100)
    const factory = napster(NAPSTER_DEFAULT)
    this.simulation = new Simulation(factory, { nodes, seed, handles: 'shared', latency })
  }

  grow(): void {
    const { clock, nodes } = this.simulation
    for (const { number } of nodes) {
      this.simulation.beginJoin(number, number === SERVER ? [] : [SERVER], () => this.publish(number))
      clock.runFor(JOIN_EVERY_MS)
    }
    clock.runFor(SETTLING_MS)
  }

  /** Clients look up each other's files, one after the other. */
  lookUp(lookups: number): Costs {
    const { network } = this.simulation
    let [messages, hops, latencyMs, failed] = [0, 0, 0, 0]
    network.onSend = (_from, _to, message) => {
      if (napster().purposeOf?.(message) === 'lookup') messages++
    }
    for (let i = 0; i < lookups; i++) {
      const node = 1 + randomBelow(this.random.next, this.simulation.nodes.length - 1)
      const key = this.keys[randomBelow(this.random.next, this.keys.length)]!
      const outcome = this.simulation.lookup(node, key, { limit: 1, deadlineMs: 60_000 })
      if (outcome.failure !== undefined) failed++
      hops = Math.max(hops, outcome.hops)
      latencyMs += outcome.elapsedMs / lookups
    }
    network.onSend = undefined
    const traceHash = this.simulation.traceHash()
    const [serverBytes, clientBytes] = [this.memoryOf(SERVER), this.memoryOf(1)]
    return { messages: messages / lookups, hops, latencyMs, serverBytes, clientBytes, failed, traceHash }
  }

  private memoryOf(node: number): number {
    const bytes = this.simulation.memoryOf(node)
    assert(bytes !== undefined, 'the machine tells how large its tables are')
    return bytes
  }

  private publish(node: number): void {
    const key = contentKey(this.random.bytes(MULTIHASH_BYTES))
    this.keys.push(key)
    this.simulation.beginPublish(node, { kind: 'content', key }, () => {})
  }
}

function* measureCosts(parameters: CostParameters, control: ExperimentControl): Iterable<FidelityRow> {
  const { seed, nodes, lookups } = parameters
  const measured: Costs[] = []
  for (const [i, count] of nodes.entries()) {
    if (control.isInterrupted()) return
    control.progress(i / nodes.length, `N = ${count}`)
    const network = new NapsterNetwork(count, seed)
    network.grow()
    const costs = network.lookUp(lookups)
    measured.push(costs)
    yield* costRows(count, costs)
  }
  const [first, last] = [measured[0]!, measured.at(-1)!]
  const span = naturalLogarithm(nodes.at(-1)! / nodes[0]!)
  const exponent = (of: (costs: Costs) => number) =>
    Math.round((1_000 * naturalLogarithm(of(last) / of(first))) / span) / 1_000
  yield near(
    'exponent of growth: messages of a lookup',
    exponent(costs => costs.messages),
    0,
    0.02,
  )
  yield near(
    'exponent of growth: memory of the server',
    exponent(costs => costs.serverBytes),
    1,
    0.05,
  )
  yield near(
    'exponent of growth: memory of a client',
    exponent(costs => costs.clientBytes),
    0,
    0.05,
  )
}

function* costRows(count: number, costs: Costs): Iterable<FidelityRow> {
  const { messages, hops, latencyMs, serverBytes, clientBytes, failed, traceHash } = costs
  yield near(`N = ${count}: messages of a lookup`, messages, 2, 0.1, { traceHash })
  yield atMost(`N = ${count}: hops, most`, hops, 1, { traceHash })
  yield atMost(`N = ${count}: lookups that failed`, failed, 0, { traceHash })
  yield told(`N = ${count}: latency in ms, mean`, latencyMs, 'one round trip: 120')
  yield told(`N = ${count}: memory of the server in bytes`, serverBytes, 'O(N)')
  yield told(`N = ${count}: memory of a client in bytes`, clientBytes, 'O(1)')
}

/** What is checked of Napster. */
export const NAPSTER_FIDELITY: readonly FidelityExperiment[] = Object.freeze([
  fidelityExperiment<CostParameters>({
    name: 'napster-costs',
    overlay: 'napster',
    question: 'What does a lookup cost, and what does the server keep, as the network grows?',
    source: 'CS 425, lecture on P2P systems (Gupta): comparative performance',
    published: 'O(1) messages and latency; O(1) memory, O(N) at the server',
    standing: 'published',
    full: { seed: 1, nodes: [100, 1_000, 10_000], lookups: 500 },
    quick: { seed: 1, nodes: [100, 400], lookups: 50 },
    measure: measureCosts,
  }),
])
