import {
  CHORD_DEFAULT,
  type ChordMachine,
  type ChordMessage,
  chord,
  type Identifier,
  Sha1Space,
  settleChord,
} from '@onehop/classic-overlays'
import { Costs } from '@onehop/overlay'
import { assert, randomBelow, SeededRandom } from '@onehop/primitives'
import type { ExperimentControl } from '../experiments/run-several.ts'
import { uniformLatency } from '../latency.ts'
import { Simulation } from '../simulation.ts'
import { type FidelityExperiment, type FidelityParameters, fidelityExperiment } from './fidelity.ts'
import { atMost, between, type FidelityRow, near, told } from './fidelity-row.ts'

const KEY_BYTES = 32
const PEER_ID_BYTES = 38
const LOOKUP_EVERY_MS = 10
const LAST_ANSWERS_MS = 120_000
const JOIN_EVERY_MS = 2_000
const SETTLING_MS = 900_000
/** Longer than any of these experiments: tables are right, or wrong, and stay so. */
const NEVER_MS = 86_400_000

const SOURCE = 'Stoica et al., Chord, IEEE/ACM Transactions on Networking 11(1), 2003'

/** What some lookups cost, one by one summed up. */
interface Paths {
  readonly hopsMean: number
  readonly hopsP99: number
  readonly timeoutsMean: number
  /** Lookups whose answer is not the living node that owns the key. */
  readonly failed: number
}

/** A network of Chord nodes, to look up in. */
class ChordRing {
  readonly simulation: Simulation<ChordMessage>
  private readonly random: SeededRandom
  private places: Identifier[] = []

  constructor(nodes: number, seed: number, successors: number | 'auto', stabiliseMs: number) {
    const factory = chord({ ...CHORD_DEFAULT, successors, stabiliseMs })
    const latency = uniformLatency(20, 100)
    this.simulation = new Simulation(factory, { nodes, seed, handles: 'shared', latency })
    this.random = new SeededRandom(seed)
  }

  /** Tables as after long quiet, set directly. */
  settle(): void {
    settleChord(this.machines())
  }

  /** Everybody joins, one after the other, by way of somebody who is there. */
  grow(): void {
    const { clock, nodes } = this.simulation
    for (const { number } of nodes) {
      const introducers = number === 0 ? [] : [randomBelow(this.random.next, number)]
      this.simulation.beginJoin(number, introducers, ({ failure }) =>
        assert(failure === undefined, `node ${number} could not join: ${failure}`),
      )
      clock.runFor(JOIN_EVERY_MS)
    }
    clock.runFor(SETTLING_MS)
  }

  /** So large a part of the nodes dies at once. */
  fail(share: number): void {
    for (const { number } of this.simulation.nodes)
      if (this.random.next() < share) this.simulation.kill(number)
  }

  /** Looks up random keys from random nodes, each a moment after the one before. */
  lookUp(lookups: number): Paths {
    const machines = this.machines()
    const ends: { readonly hops: number; readonly timeouts: number; readonly isRight: boolean }[] = []
    this.places = machines.flatMap(({ state }) => state.members.map(({ identifier }) => identifier)).sort()
    for (let i = 0; i < lookups; i++) {
      const machine = machines[randomBelow(this.random.next, machines.length)]!
      const key = this.random.bytes(KEY_BYTES)
      const costs = new Costs(this.simulation.clock.now())
      machine.findOwner(key, costs, ({ entry, hops }) => {
        const { space } = machine.state
        const isRight = entry?.identifierIn(space) === this.ownerOf(space.ofKey(key))
        ends.push({ hops, timeouts: costs.timeouts, isRight })
      })
      this.simulation.clock.runFor(LOOKUP_EVERY_MS)
    }
    this.simulation.clock.runFor(LAST_ANSWERS_MS)
    assert(ends.length === lookups, 'a lookup has not ended')
    return summaryOf(ends)
  }

  get traceHash(): string {
    return this.simulation.traceHash()
  }

  private machines(): ChordMachine[] {
    return this.simulation.alive().map(({ machine }) => machine as ChordMachine)
  }

  private ownerOf(point: Identifier): Identifier {
    return this.places[firstFrom(this.places, point) % this.places.length]!
  }
}

/** Index of the first that is not before the point. */
function firstFrom(sorted: readonly Identifier[], point: Identifier): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < point) low = middle + 1
    else high = middle
  }
  return low
}

function summaryOf(
  ends: readonly { readonly hops: number; readonly timeouts: number; readonly isRight: boolean }[],
): Paths {
  const hops = ends.map(end => end.hops).sort((a, b) => a - b)
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    hopsMean: mean(hops),
    hopsP99: percentile(hops, 0.99),
    timeoutsMean: mean(ends.map(({ timeouts }) => timeouts)),
    failed: ends.filter(({ isRight }) => !isRight).length,
  }
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
}

type PathParameters = FidelityParameters & {
  /** Networks of 2^power nodes. */
  readonly powers: readonly number[]
  /** Of these, those up to this power grow through the protocol; larger ones start with settled tables. */
  readonly grownPower: number
  readonly lookups: number
}

function* measurePaths(
  { seed, powers, grownPower, lookups }: PathParameters,
  control: ExperimentControl,
): Iterable<FidelityRow> {
  for (const [i, power] of powers.entries()) {
    if (control.isInterrupted()) return
    const nodes = 2 ** power
    control.progress(i / powers.length, `N = ${nodes}`)
    const isGrown = power <= grownPower
    const ring = new ChordRing(nodes, seed, 1, isGrown ? CHORD_DEFAULT.stabiliseMs : NEVER_MS)
    if (isGrown) ring.grow()
    else ring.settle()
    const { hopsMean, failed } = ring.lookUp(lookups)
    const { traceHash } = ring
    const how = isGrown ? 'grown' : 'settled'
    yield near(`N = ${nodes}, ${how}: hops before the owner, mean`, hopsMean - 1, power / 2, 0.4, {
      traceHash,
    })
    yield atMost(`N = ${nodes}, ${how}: wrong owners`, failed, 0, { traceHash })
    const asRun = new ChordRing(nodes, seed, 'auto', NEVER_MS)
    asRun.settle()
    const paths = asRun.lookUp(lookups)
    const details = { traceHash: asRun.traceHash }
    yield told(`N = ${nodes}: hops to the owner with r = 2 log₂ N, mean`, paths.hopsMean, '', details)
    yield told(`N = ${nodes}: hops to the owner with r = 2 log₂ N, p99`, paths.hopsP99, '', details)
  }
}

/** Table II of the journal paper, as far as it could be recalled: 1,000 nodes, 20 successors. */
const FAILURES = [
  { share: 0, hops: 3.84, timeouts: 0 },
  { share: 0.1, hops: 4.03, timeouts: 0.6 },
  { share: 0.2, hops: 4.22, timeouts: 1.17 },
  { share: 0.3, hops: 4.44, timeouts: 2.02 },
  { share: 0.4, hops: 4.69, timeouts: 3.23 },
  { share: 0.5, hops: 5.09, timeouts: 5.1 },
]

/** Of the published time-outs. Nodes here remember who was silent: the more lookups each makes, the fewer there are. */
const MOST_TIMEOUTS = 1.2

type FailureParameters = FidelityParameters & {
  readonly nodes: number
  readonly successors: number
  readonly lookups: number
  readonly shares: readonly number[]
}

function* measureFailures(
  { seed, nodes, successors, lookups, shares }: FailureParameters,
  control: ExperimentControl,
): Iterable<FidelityRow> {
  const cases = FAILURES.filter(({ share }) => shares.includes(share))
  for (const [i, { share, hops, timeouts }] of cases.entries()) {
    if (control.isInterrupted()) return
    const what = `${share * 100} % failed`
    control.progress(i / cases.length, what)
    const ring = new ChordRing(nodes, seed, successors, NEVER_MS)
    ring.settle()
    ring.fail(share)
    const paths = ring.lookUp(lookups)
    const details = { traceHash: ring.traceHash }
    yield near(`${what}: hops to the owner, mean`, paths.hopsMean, hops, 0.1 * hops, details)
    yield atMost(`${what}: time-outs a lookup, mean`, paths.timeoutsMean, MOST_TIMEOUTS * timeouts, details)
    yield atMost(`${what}: failed lookups`, paths.failed, 0, details)
  }
}

type LoadParameters = FidelityParameters & {
  readonly nodes: number
  readonly keys: number
  readonly virtualNodes: readonly number[]
  /** How far the share may be from the published, for the fewest virtual nodes and for the most. */
  readonly tolerances: readonly [number, number]
}

/** Keys of each node, in parts of the mean, in order. */
function loadsOf(
  space: Sha1Space,
  keys: readonly Identifier[],
  ids: readonly Uint8Array[],
  each: number,
): number[] {
  const places = ids.flatMap((id, node) =>
    Array.from({ length: each }, (_, index) => ({ place: space.ofPeer(id, index), node })),
  )
  places.sort((a, b) => (a.place < b.place ? -1 : 1))
  const sorted = places.map(({ place }) => place)
  const counts = new Array<number>(ids.length).fill(0)
  for (const key of keys) {
    const { node } = places[firstFrom(sorted, key) % places.length]!
    counts[node] = counts[node]! + 1
  }
  return counts.map(count => (count * ids.length) / keys.length).sort((a, b) => a - b)
}

/** Without virtual nodes the arcs are distributed exponentially: ln 100 = 4.6 at the 99th percentile. */
const LONE_P99 = 4.6
/** With twenty of them: the journal paper's figure 9, read off. */
const MANY_P1 = 0.5
const MANY_P99 = 1.6

function* measureLoad(
  { seed, nodes, keys, virtualNodes, tolerances }: LoadParameters,
  control: ExperimentControl,
): Iterable<FidelityRow> {
  const random = new SeededRandom(seed)
  const space = new Sha1Space(CHORD_DEFAULT.bits)
  const ids = Array.from({ length: nodes }, () => random.bytes(PEER_ID_BYTES))
  const points = Array.from({ length: keys }, () => space.ofKey(random.bytes(KEY_BYTES)))
  for (const [i, each] of virtualNodes.entries()) {
    if (control.isInterrupted()) return
    control.progress(i / virtualNodes.length, `${each} virtual nodes`)
    const loads = loadsOf(space, points, ids, each)
    const [p1, p99] = [percentile(loads, 0.01), percentile(loads, 0.99)]
    const what = `v = ${each}: keys of a node / mean`
    if (each === 1) {
      yield between(`${what}, p1`, p1, 0, 0.1)
      yield near(`${what}, p99`, p99, LONE_P99, tolerances[0])
    } else if (i === virtualNodes.length - 1) {
      yield near(`${what}, p1`, p1, MANY_P1, tolerances[1])
      yield near(`${what}, p99`, p99, MANY_P99, tolerances[1])
    } else {
      yield told(`${what}, p1`, p1)
      yield told(`${what}, p99`, p99)
    }
  }
}

/** What was published of Chord, measured again. */
export const CHORD_FIDELITY: readonly FidelityExperiment[] = [
  fidelityExperiment<PathParameters>({
    name: 'chord-path-length',
    overlay: 'chord',
    question: 'How many hops lead to the predecessor of a key when nodes have fingers and one successor?',
    source: `${SOURCE}, §VI-C`,
    published: '½ log₂ N',
    standing: 'recalled',
    full: { seed: 1, powers: [7, 8, 9, 10, 11, 12, 13, 14], grownPower: 8, lookups: 5_000 },
    quick: { seed: 1, powers: [7, 9], grownPower: 7, lookups: 1_000 },
    measure: measurePaths,
  }),
  fidelityExperiment<FailureParameters>({
    name: 'chord-failures',
    overlay: 'chord',
    question:
      'Do lookups succeed, and how long are they, when many nodes fail at once and nothing is repaired yet?',
    source: `${SOURCE}, §VI-D, table II`,
    published: 'no failed lookups; hops from 3.84 to 5.09, time-outs from 0 to 5.1 a lookup',
    standing: 'recalled',
    full: { seed: 1, nodes: 1_000, successors: 20, lookups: 10_000, shares: [0, 0.1, 0.2, 0.3, 0.4, 0.5] },
    quick: { seed: 1, nodes: 1_000, successors: 20, lookups: 1_000, shares: [0, 0.5] },
    measure: measureFailures,
  }),
  fidelityExperiment<LoadParameters>({
    name: 'chord-load',
    overlay: 'chord',
    question: 'How evenly do keys fall on nodes, without and with virtual nodes?',
    source: `${SOURCE}, §VI-B`,
    published: 'p1 to p99: 0 to 4.6 times the mean with one place a node, 0.5 to 1.6 times with twenty',
    standing: 'recalled',
    full: { seed: 1, nodes: 10_000, keys: 500_000, virtualNodes: [1, 2, 5, 10, 20], tolerances: [0.3, 0.15] },
    quick: { seed: 1, nodes: 1_000, keys: 50_000, virtualNodes: [1, 20], tolerances: [1, 0.25] },
    measure: measureLoad,
  }),
]
