import { PASTRY_DEFAULT, type PastryMessage, pastry } from '@onehop/classic-overlays'
import { contentKey, type Key, type Outcome } from '@onehop/overlay'
import { randomBelow } from '@onehop/primitives'
import type { ExperimentControl } from '../experiments/run-several.ts'
import { geographicLatency } from '../latency.ts'
import { Simulation } from '../simulation.ts'
import { type FidelityExperiment, fidelityExperiment } from './fidelity.ts'
import { atLeast, atMost, between, type FidelityRow, near, told } from './fidelity-row.ts'
import { PastryRoutes, type Way } from './pastry-routes.ts'
import { settlePastry } from './settled-pastry.ts'

/** Nodes drawn for each place of a routing table, of whom the nearest stands there. */
const CANDIDATES = 32

/** Time between two lookups in ms, so that they do not all end together. */
const LOOKUP_INTERVAL_MS = 5

/** Time in ms for the last lookups to end. */
const LAST_LOOKUPS_MS = 15_000

const MULTIHASH_BYTES = 22

/** A network on a sphere without lines of its own: as the paper's, distance is all that there is. */
class SettledNetwork {
  readonly simulation: Simulation<PastryMessage>
  readonly routes: PastryRoutes

  constructor(nodes: number, seed: number, candidates = CANDIDATES) {
    this.simulation = new Simulation(pastry(PASTRY_DEFAULT), {
      nodes,
      seed,
      handles: 'shared',
      latency: geographicLatency({ seed, lastMileMs: 0 }),
    })
    const { random } = this.simulation
    settlePastry(this.simulation, { options: PASTRY_DEFAULT, candidates, random: random.next })
    this.routes = new PastryRoutes(this.simulation)
  }

  newKey(): Key {
    return contentKey(this.simulation.random.bytes(MULTIHASH_BYTES))
  }

  aliveNumbers(): number[] {
    return this.simulation.alive().map(({ number }) => number)
  }

  /** Lookups of keys, each from a node drawn. @returns their ways and what came of them. */
  look(keys: readonly Key[]): { ways: Way[]; outcomes: Outcome[] } {
    const { simulation, routes } = this
    const alive = this.aliveNumbers()
    const outcomes: Outcome[] = []
    for (const key of keys) {
      const from = alive[randomBelow(simulation.random.next, alive.length)]!
      routes.watch(from, key)
      simulation.beginLookup(from, key, {}, outcome => outcomes.push(outcome))
      simulation.clock.runFor(LOOKUP_INTERVAL_MS)
    }
    simulation.clock.runFor(LAST_LOOKUPS_MS)
    return { ways: routes.take(), outcomes }
  }

  /** Lookups of keys that nobody has published: where they go is all that is looked at. */
  ways(count: number): Way[] {
    return this.look(Array.from({ length: count }, () => this.newKey())).ways
  }

  /** Publishes keys, each from a node drawn. */
  publish(count: number): Key[] {
    const { simulation } = this
    const alive = this.aliveNumbers()
    return Array.from({ length: count }, () => {
      const key = this.newKey()
      const from = alive[randomBelow(simulation.random.next, alive.length)]!
      simulation.beginPublish(from, { kind: 'content', key }, () => {})
      simulation.clock.runFor(LOOKUP_INTERVAL_MS)
      return key
    })
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function hopsOf(ways: readonly Way[]): number {
  return mean(ways.map(({ hopsMs }) => hopsMs.length))
}

const ROWSTRON_DRUSCHEL = 'Rowstron and Druschel, "Pastry", Middleware 2001'

const pathLength = fidelityExperiment({
  name: 'pastry-path-length',
  overlay: 'pastry',
  question: 'Do routes take about log₁₆ N hops, and never more than that rounded up?',
  source: `${ROWSTRON_DRUSCHEL}, §4.1`,
  published: 'log₁₆ N hops on average, fewer than ⌈log₁₆ N⌉ expected; 5,000 nodes: 2.73',
  standing: 'recalled',
  full: { seed: 1, nodes: [256, 1_024, 4_096, 5_000, 16_384], lookups: 4_000 },
  quick: { seed: 1, nodes: [256, 1_024], lookups: 1_000 },
  *measure({ seed, nodes, lookups }, control: ExperimentControl) {
    for (const [i, count] of nodes.entries()) {
      control.progress(i / nodes.length, `N = ${count}`)
      const network = new SettledNetwork(count, seed)
      const hops = hopsOf(network.ways(lookups))
      const log16 = Math.log2(count) / 4
      const details = { traceHash: network.simulation.traceHash() }
      yield near(`N = ${count}: hops, mean (log₁₆ N)`, hops, log16, 0.3, details)
      yield atMost(`N = ${count}: hops, mean (⌈log₁₆ N⌉)`, hops, Math.ceil(log16), details)
      if (count === 5_000) yield near('N = 5000: hops, mean', hops, 2.73, 0.3, details)
      if (control.isInterrupted()) return
    }
  },
})

const locality = fidelityExperiment({
  name: 'pastry-locality',
  overlay: 'pastry',
  question: 'Is a route little longer than the direct way, and are its first hops its shortest?',
  source: `${ROWSTRON_DRUSCHEL}, §4.2; Castro, Druschel, Hu, Rowstron 2002`,
  published: 'routes 30 to 50 % longer than the direct way; the distance per hop grows from hop to hop',
  standing: 'recalled',
  full: { seed: 2, nodes: 10_000, lookups: 10_000, candidates: 128 },
  quick: { seed: 2, nodes: 1_000, lookups: 1_500, candidates: 128 },
  *measure({ seed, nodes, lookups, candidates }, control: ExperimentControl) {
    control.progress(0, `N = ${nodes}`)
    const network = new SettledNetwork(nodes, seed, candidates)
    const ways = network.ways(lookups).filter(({ hopsMs }) => hopsMs.length > 0)
    const details = { traceHash: network.simulation.traceHash() }
    const total = ways.reduce((sum, { hopsMs }) => sum + hopsMs.reduce((a, b) => a + b, 0), 0)
    const direct = ways.reduce((sum, { directMs }) => sum + directMs, 0)
    yield between(`N = ${nodes}: way of a route by direct way`, total / direct, 1.2, 1.6, details)
    yield* hopLengths(ways)
  },
})

/** Of the routes with the number of hops that most have: how far each hop goes. */
function* hopLengths(ways: readonly Way[]): Generator<FidelityRow> {
  const counts = new Map<number, number>()
  for (const { hopsMs } of ways) counts.set(hopsMs.length, (counts.get(hopsMs.length) ?? 0) + 1)
  const [[usual]] = [...counts].sort(([, a], [, b]) => b - a) as [[number, number]]
  const usualWays = ways.filter(({ hopsMs }) => hopsMs.length === usual)
  const lengths = Array.from({ length: usual }, (_, hop) => mean(usualWays.map(({ hopsMs }) => hopsMs[hop]!)))
  for (const [hop, ms] of lengths.entries())
    yield told(`hop ${hop + 1} of ${usual}: ms one way, mean`, ms, 'longer than the one before')
  yield atLeast('last hop by first hop', lengths.at(-1)! / lengths[0]!, 2)
}

const failures = fidelityExperiment({
  name: 'pastry-failures',
  overlay: 'pastry',
  question:
    'What do routes cost when a tenth of the nodes dies at once, before and after the tables are repaired?',
  source: `${ROWSTRON_DRUSCHEL}, §4.4`,
  published: '5,000 nodes, 500 of them killed: 2.73 hops before, 2.96 without repair, 2.74 after it',
  standing: 'recalled',
  full: { seed: 3, nodes: 5_000, lookups: 4_000, repairMinutes: 40 },
  quick: { seed: 3, nodes: 500, lookups: 500, repairMinutes: 15 },
  *measure({ seed, nodes, lookups, repairMinutes }, control: ExperimentControl) {
    control.progress(0, `N = ${nodes}`)
    const network = new SettledNetwork(nodes, seed)
    const { simulation } = network
    const keys = network.publish(lookups)
    const before = hopsOf(network.look(keys).ways)
    yield told('hops before, mean', before, '2.73 of 5,000 nodes')
    for (const number of network.aliveNumbers()) if (simulation.random.next() < 0.1) simulation.kill(number)
    control.progress(0.3, 'a tenth is dead')
    const broken = network.look(keys)
    yield between('hops just after, more by', hopsOf(broken.ways) - before, -0.05, 0.4)
    yield told('time-outs of the first hop for each lookup', mean(broken.outcomes.map(timeoutsOf)))
    yield atLeast('share of lookups that find, just after', foundShare(broken.outcomes), 0.99)
    control.progress(0.5, 'repair')
    for (let minute = 0; minute < repairMinutes && !control.isInterrupted(); minute++) {
      simulation.clock.runFor(60_000)
      control.progress(0.5 + (0.4 * minute) / repairMinutes, 'repair')
    }
    const repaired = network.look(keys)
    yield between('hops after repair, more by', hopsOf(repaired.ways) - before, -0.15, 0.1)
    yield atLeast('share of lookups that find, after repair', foundShare(repaired.outcomes), 0.99, {
      traceHash: simulation.traceHash(),
    })
  },
})

function timeoutsOf({ timeouts }: Outcome): number {
  return timeouts ?? 0
}

function foundShare(outcomes: readonly Outcome[]): number {
  return mean(outcomes.map(({ failure }) => (failure === undefined ? 1 : 0)))
}

/** What Pastry's authors report, measured of our machine. */
export const PASTRY_FIDELITY: readonly FidelityExperiment[] = [pathLength, locality, failures]
