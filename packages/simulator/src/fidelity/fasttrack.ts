import type { ExperimentControl } from '../experiments/run-several.ts'
import { FastTrackNetwork, type Search } from './fasttrack-network.ts'
import { type FidelityExperiment, type FidelityParameters, fidelityExperiment } from './fidelity.ts'
import { atLeast, atMost, between, type FidelityRow, near, told } from './fidelity-row.ts'
import { fourEachLinks, Servents, STILL } from './gnutella-servents.ts'

const LIANG = 'Liang, Kumar, Ross, The FastTrack overlay: a measurement study, Computer Networks 50(6), 2006'
/** Far enough for both to reach everybody: 7 hops of Gnutella's reach 4,372 nodes at most. */
const TTL = 12

type SizesParameters = FidelityParameters & { readonly nodes: readonly number[] }
type FloodParameters = SizesParameters & { readonly queries: number }

function* measureSupernodes(
  { seed, nodes }: SizesParameters,
  control: ExperimentControl,
): Iterable<FidelityRow> {
  for (const [i, count] of nodes.entries()) {
    if (control.isInterrupted()) return
    control.progress(i / nodes.length, `N = ${count}`)
    const network = new FastTrackNetwork(count, seed)
    network.grow(() => control.isInterrupted())
    if (control.isInterrupted()) return
    yield* supernodeRows(count, network)
  }
}

function* supernodeRows(count: number, network: FastTrackNetwork): Iterable<FidelityRow> {
  const { traceHash } = network
  const supernodes = network.supernodes()
  const children = supernodes.map(machine => machine.children.size)
  const mean = children.reduce((sum, size) => sum + size, 0) / supernodes.length
  yield between(`N = ${count}: nodes for each supernode`, count / supernodes.length, 60, 150, { traceHash })
  yield between(`N = ${count}: children, mean`, mean, 60, 150, { traceHash })
  yield atMost(`N = ${count}: children, most`, Math.max(...children), 150, { traceHash })
  yield told(`N = ${count}: children, fewest`, Math.min(...children), '60 and more')
  yield told(
    `N = ${count}: links of a supernode, mean`,
    (2 * network.linkCount()) / supernodes.length,
    '40 to 50 of 30,000',
  )
  yield atMost(`N = ${count}: nodes without a supernode`, network.lost(), 0, { traceHash })
}

function* measureFloods(parameters: FloodParameters, control: ExperimentControl): Iterable<FidelityRow> {
  const { seed, nodes, queries } = parameters
  for (const [i, count] of nodes.entries()) {
    if (control.isInterrupted()) return
    control.progress(i / nodes.length, `N = ${count}, FastTrack`)
    const fasttrack = new FastTrackNetwork(count, seed, { ttl: TTL, opinions: 1 })
    fasttrack.grow(() => control.isInterrupted())
    const searches = Array.from({ length: queries }, () => fasttrack.searchInVain())
    if (control.isInterrupted()) return
    control.progress((i + 0.5) / nodes.length, `N = ${count}, Gnutella`)
    const servents = new Servents(count, seed, { ...STILL, ttl: TTL })
    const links = fourEachLinks(count, servents.random)
    servents.link(links)
    const floods = Array.from({ length: queries }, () => servents.flood(servents.anyone()))
    yield* floodRows({ count, fasttrack, searches, servents, links: links.length, floods })
  }
}

/** What was measured of both systems at one size. */
interface Floods {
  readonly count: number
  readonly fasttrack: FastTrackNetwork
  readonly searches: readonly Search[]
  readonly servents: Servents
  readonly links: number
  readonly floods: readonly { readonly reached: number; readonly messages: number }[]
}

/** A flood crosses each link twice but for those of its tree, which it crosses once: 2E − (V − 1). */
function* floodRows({ count, fasttrack, searches, servents, links, floods }: Floods): Iterable<FidelityRow> {
  const supernodes = fasttrack.supernodes().length
  const details = { traceHash: fasttrack.traceHash }
  const others = { traceHash: servents.traceHash }
  const flooded = mean(searches.map(search => search.flooded))
  const messages = mean(searches.map(search => search.messages))
  const gnutella = mean(floods.map(flood => flood.messages))
  const [few, many] = [2 * fasttrack.linkCount() - (supernodes - 1), 2 * links - (count - 1)]
  const covered = mean(searches.map(search => search.covered))
  const reached = mean(floods.map(flood => (1 + flood.reached) / count))
  yield atLeast(`N = ${count}: nodes covered by FastTrack's query`, covered, 0.99, details)
  yield atLeast(`N = ${count}: nodes covered by Gnutella's query`, reached, 0.99, others)
  yield near(`N = ${count}: FastTrack, messages among supernodes`, flooded, few, 0.1 * few, details)
  yield told(
    `N = ${count}: FastTrack, messages in all`,
    messages,
    'and one question with its answers',
    details,
  )
  yield near(`N = ${count}: Gnutella, query messages`, gnutella, many, 0.1 * many, others)
  yield atLeast(`N = ${count}: times fewer`, gnutella / messages, 10)
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** What is checked of FastTrack. */
export const FASTTRACK_FIDELITY: readonly FidelityExperiment[] = Object.freeze([
  fidelityExperiment<SizesParameters>({
    name: 'fasttrack-supernodes',
    overlay: 'fasttrack',
    question: 'How many supernodes does a network make of itself, and how many children has each?',
    source: LIANG,
    published: '60 to 150 children, about one supernode for 100 nodes',
    standing: 'recalled',
    full: { seed: 1, nodes: [1_000, 3_000, 10_000] },
    quick: { seed: 1, nodes: [1_000] },
    measure: measureSupernodes,
  }),
  fidelityExperiment<FloodParameters>({
    name: 'fasttrack-messages',
    overlay: 'fasttrack',
    question: 'How many messages does a query take beside Gnutella, at equal size and reach?',
    source:
      'arithmetic: a flood crosses 2E − (V − 1) links; V are supernodes here, and all nodes in Gnutella',
    published: '2E − (V − 1) of each graph',
    standing: 'arithmetic',
    full: { seed: 1, nodes: [1_000, 10_000], queries: 100 },
    quick: { seed: 1, nodes: [1_000], queries: 20 },
    measure: measureFloods,
  }),
])
