import { GNUTELLA_04, GNUTELLA_DEFAULT, type GnutellaOptions, gnutella } from '@onehop/classic-overlays'
import { randomBelow } from '@onehop/primitives'
import { naturalLogarithm, RankDraw } from '../experiments/draws.ts'
import type { ExperimentControl } from '../experiments/run-several.ts'
import { type FidelityExperiment, type FidelityParameters, fidelityExperiment } from './fidelity.ts'
import { atLeast, atMost, type FidelityRow, near, told } from './fidelity-row.ts'
import { fourEachLinks, Servents, STILL, treeLinks } from './gnutella-servents.ts'

const DEGREE = 4
const LECTURE = 'CS 425, lecture on P2P systems (Gupta)'
const RIPEANU = 'Ripeanu, Foster, Iamnitchi, Mapping the Gnutella network, IEEE Internet Computing 6(1), 2002'

type ReachParameters = FidelityParameters & {
  readonly ttl: number
  /** Of the network whose links are random. */
  readonly nodes: number
  readonly floods: number
}

/** Σ degree × (degree − 1)^i for i below the TTL: whom a query reaches where no two ways lead to anybody. */
function mostReached(ttl: number): number {
  let [reached, level] = [0, DEGREE]
  for (let hop = 0; hop < ttl; hop++, level *= DEGREE - 1) reached += level
  return reached
}

function* measureReach(
  { seed, ttl, nodes, floods }: ReachParameters,
  control: ExperimentControl,
): Iterable<FidelityRow> {
  yield* measureTree(seed, ttl, control)
  if (control.isInterrupted()) return
  const random = new Servents(nodes, seed, { ...STILL, ttl })
  random.link(fourEachLinks(nodes, random.random))
  let [reached, messages] = [0, 0]
  for (let i = 0; i < floods && !control.isInterrupted(); i++) {
    control.progress(0.5 + i / floods / 2, `random links, query ${i + 1}`)
    const flood = random.flood(random.anyone())
    reached += flood.reached / floods
    messages += flood.messages / floods
  }
  const { traceHash } = random
  const most = mostReached(ttl)
  yield atMost(`random links, N = ${nodes}, TTL ${ttl}: reached, mean`, reached, most, { traceHash })
  yield atMost(`random links, N = ${nodes}, TTL ${ttl}: query messages, mean`, messages, most, { traceHash })
  yield told(
    `random links, N = ${nodes}, TTL ${ttl}: messages that brought nothing new`,
    1 - reached / messages,
  )
}

/** The published count of messages goes one hop further than that of nodes, and has a reply for every query message. */
function* measureTree(seed: number, ttl: number, control: ExperimentControl): Iterable<FidelityRow> {
  for (const depth of [ttl, ttl + 1]) {
    if (control.isInterrupted()) return
    control.progress((depth - ttl) / 4, `tree of depth ${depth}`)
    const links = treeLinks(DEGREE, depth)
    const tree = new Servents(links.length + 1, seed, { ...STILL, ttl: depth })
    tree.link(links)
    const { reached, messages } = tree.flood(0)
    const { traceHash } = tree
    if (depth === ttl) yield near(`tree, TTL ${ttl}: reached`, reached, mostReached(ttl), 0, { traceHash })
    else
      yield near(
        `tree, ${depth} hops: query messages and one reply to each`,
        2 * messages,
        2 * mostReached(depth),
        0,
        {
          traceHash,
        },
      )
  }
}

type PingParameters = FidelityParameters & {
  readonly nodes: number
  /** Between two Pings of a servent of 0.4. */
  readonly pingMs: number
  /**
   * Queries of a servent in that time: as many as it takes for the published share without caching, since nobody has
   * published how often people asked. What is judged is what caching makes of it.
   */
  readonly queries: number
  /** How far the share of Pings and Pongs may be from a half. */
  readonly tolerance: number
}

/** The first Pings go out when the time between two has passed, give or take a tenth: so long all have pinged once. */
const ROUND = 1.2

/** Everybody asks for what nobody has, now and then; the share of Pings and Pongs in all bytes is measured. */
function pingShare(
  { seed, nodes, pingMs, queries }: PingParameters,
  options: GnutellaOptions,
  control: ExperimentControl,
): { readonly share: number; readonly evenQueries: number; readonly traceHash: string } {
  const servents = new Servents(nodes, seed, options)
  servents.link(fourEachLinks(nodes, servents.random))
  const { clock } = servents.simulation
  const shares = servents.meter()
  const total = nodes * queries
  for (let i = 0; i < total && !control.isInterrupted(); i++) {
    servents.simulation.beginLookup(servents.anyone(), servents.newKey(), { limit: 1 }, () => {})
    clock.runFor((ROUND * pingMs) / total)
  }
  const { pings, queries: asked, rest } = shares
  const evenQueries = (queries * pings) / asked
  return { share: pings / (pings + asked + rest), evenQueries, traceHash: servents.traceHash }
}

function* measurePings(parameters: PingParameters, control: ExperimentControl): Iterable<FidelityRow> {
  const { pingMs, tolerance } = parameters
  control.progress(0, '0.4: Pings are flooded')
  const before = pingShare(parameters, { ...GNUTELLA_04, pingMs, discoveryMs: pingMs }, control)
  const details = { traceHash: before.traceHash }
  yield near('0.4: Pings and Pongs in all bytes', before.share, 0.5, tolerance, details)
  yield told('0.4: queries for each Ping at which both are half', before.evenQueries, '', details)
  if (control.isInterrupted()) return
  control.progress(0.5, 'Pongs are cached')
  const after = pingShare(parameters, GNUTELLA_DEFAULT, control)
  yield atMost('Pongs cached: Pings and Pongs in all bytes', after.share, 0.08, {
    traceHash: after.traceHash,
  })
}

type DegreeParameters = FidelityParameters & {
  readonly nodes: number
  readonly settleMs: number
  readonly tolerance: number
}

/** The exponent that Ripeanu found in November 2000, and the one that list sizes are drawn with: of roots only. */
const PUBLISHED_EXPONENT = 2.3
const LONGEST_LIST = 40
const SHORTEST_LIST = 2

/** A list size as users choose it: P(L) ~ L^−2.25. */
function listSizes(): number[] {
  const cumulative: number[] = []
  let sum = 0
  for (let size = SHORTEST_LIST; size <= LONGEST_LIST; size++) {
    sum += 1 / (size * size * Math.sqrt(Math.sqrt(size)))
    cumulative.push(sum)
  }
  return cumulative.map(value => value / sum)
}

function* measureDegrees(
  { seed, nodes, settleMs, tolerance }: DegreeParameters,
  control: ExperimentControl,
): Iterable<FidelityRow> {
  const sizes = listSizes()
  const servents = new Servents(0, seed, {})
  const { simulation, random } = servents
  for (let node = 0; node < nodes && !control.isInterrupted(); node++) {
    control.progress(node / nodes, `${node} servents`)
    const draw = random.next()
    const own = SHORTEST_LIST + sizes.findIndex(share => draw < share)
    const lists = { leastNeighbours: own, enoughNeighbours: own, mostNeighbours: own + 2 }
    simulation.addNode(gnutella({ ...GNUTELLA_DEFAULT, ...lists }))
    simulation.beginJoin(node, node === 0 ? [] : [randomBelow(random.next, node)], () => {})
    simulation.clock.runFor(500)
  }
  simulation.clock.runFor(settleMs)
  if (control.isInterrupted()) return
  const degrees = simulation.nodes.map(({ number }) => servents.machine(number).state.neighbours.size)
  const { traceHash } = servents
  yield near('exponent of the degrees', exponentOf(degrees), PUBLISHED_EXPONENT, tolerance, { traceHash })
  yield told(
    'links of a servent, mean',
    degrees.reduce((sum, degree) => sum + degree, 0) / nodes,
    '3.4 in 2001',
  )
  yield told('links of a servent, most', Math.max(...degrees))
}

/** Of a power law from the shortest list on, by maximum likelihood (Clauset, Shalizi, Newman 2009, equation 3.7). */
function exponentOf(degrees: readonly number[]): number {
  const tail = degrees.filter(degree => degree >= SHORTEST_LIST)
  const sum = tail.reduce((total, degree) => total + naturalLogarithm(degree / (SHORTEST_LIST - 0.5)), 0)
  return 1 + tail.length / sum
}

type RiderParameters = FidelityParameters & {
  readonly nodes: number
  readonly files: number
  readonly copies: number
  readonly freeRiders: number
}

function* measureRiders(
  { seed, nodes, files, copies, freeRiders }: RiderParameters,
  control: ExperimentControl,
): Iterable<FidelityRow> {
  const shares: number[] = []
  for (const [i, riders] of [0, freeRiders].entries()) {
    if (control.isInterrupted()) return
    control.progress(i / 2, `${riders * 100} % free riders`)
    const servents = new Servents(nodes, seed, { ...STILL, routeLifetimeMs: 30_000 })
    servents.link(fourEachLinks(nodes, servents.random))
    const sharers = Math.round(nodes * (1 - riders))
    const answering = new Set<number>()
    const countAnswers = () => {
      servents.simulation.network.onSend = (from, _to, message) => {
        if (message.type === 'query-hit' && message.hops === 0) answering.add(from)
      }
    }
    countAnswers()
    let found = 0
    for (let file = 0; file < files; file++) {
      const holders = Array.from({ length: copies }, () => randomBelow(servents.random.next, sharers))
      const key = servents.share(holders)
      if (servents.ask(servents.anyone(), key).failure === undefined) found++
    }
    shares.push(found / files)
    const { traceHash } = servents
    const what = `${riders * 100} % share nothing`
    yield atMost(`${what}: servents that answered`, answering.size / nodes, 1 - riders, { traceHash })
    yield riders === 0
      ? told(`${what}: found`, found / files, '', { traceHash })
      : near(`${what}: found`, found / files, shares[0]!, 0.06, { traceHash })
  }
}

type CacheParameters = FidelityParameters & {
  readonly nodes: number
  readonly files: number
  /** What is popular is asked for more often: by Zipf's law, with an exponent of 1. */
  readonly queries: number
}

function* measureCache(
  { seed, nodes, files, queries }: CacheParameters,
  control: ExperimentControl,
): Iterable<FidelityRow> {
  const messages: number[] = []
  for (const [i, hitCacheMs] of [0, 600_000].entries()) {
    if (control.isInterrupted()) return
    control.progress(i / 2, hitCacheMs === 0 ? 'no cache' : 'answers are cached')
    const servents = new Servents(nodes, seed, { ...STILL, hitCacheMs })
    servents.link(fourEachLinks(nodes, servents.random))
    const keys = Array.from({ length: files }, () => servents.share([servents.anyone()]))
    const popularity = new RankDraw(files, 1)
    let sent = 0
    servents.simulation.network.onSend = () => {
      sent++
    }
    for (let query = 0; query < queries; query++)
      servents.ask(servents.anyone(), keys[popularity.draw(servents.random.next)]!)
    messages.push(sent / queries)
    const what = hitCacheMs === 0 ? 'no cache' : 'answers cached for 10 min'
    yield told(`${what}: messages a query`, sent / queries, '', { traceHash: servents.traceHash })
  }
  yield atLeast('messages without the cache / with it', messages[0]! / messages[1]!, 1.5)
}

/** What was published of Gnutella, measured again. */
export const GNUTELLA_FIDELITY: readonly FidelityExperiment[] = [
  fidelityExperiment<ReachParameters>({
    name: 'gnutella-reach',
    overlay: 'gnutella',
    question:
      'How many servents does a query reach, and how many messages does it take, when everybody has four links?',
    source: 'Ritter, Why Gnutella can’t scale, 2001; reference/overlays.md §3',
    published: 'TTL 7: at most 4,372 servents; up to 26,240 messages, replies included',
    standing: 'arithmetic',
    full: { seed: 1, ttl: 7, nodes: 10_000, floods: 20 },
    quick: { seed: 1, ttl: 5, nodes: 1_000, floods: 5 },
    measure: measureReach,
  }),
  fidelityExperiment<PingParameters>({
    name: 'gnutella-ping-share',
    overlay: 'gnutella',
    question: 'How much of the traffic is Ping and Pong, before and after Pongs are cached?',
    source: `${LECTURE}; ${RIPEANU}`,
    published: 'about 50 % before; 8 % after, other overhead included',
    standing: 'published',
    full: { seed: 1, nodes: 1_000, pingMs: 120_000, queries: 3, tolerance: 0.1 },
    quick: { seed: 1, nodes: 150, pingMs: 120_000, queries: 2, tolerance: 0.15 },
    measure: measurePings,
  }),
  fidelityExperiment<DegreeParameters>({
    name: 'gnutella-degrees',
    overlay: 'gnutella',
    question:
      'Are the degrees distributed by a power law when everybody chooses the size of its own list by one?',
    source: `${LECTURE}; ${RIPEANU}`,
    published: 'P(links = L) ~ L^−k, with k = 2.3 in November 2000',
    standing: 'recalled',
    full: { seed: 1, nodes: 2_000, settleMs: 900_000, tolerance: 0.3 },
    quick: { seed: 1, nodes: 400, settleMs: 900_000, tolerance: 0.4 },
    measure: measureDegrees,
  }),
  fidelityExperiment<RiderParameters>({
    name: 'gnutella-free-riders',
    overlay: 'gnutella',
    question:
      'What do users who share nothing take from the others, when there are as many copies all the same?',
    source: `${LECTURE}; Adar, Huberman, Free riding on Gnutella, First Monday 5(10), 2000`,
    published: '70 % shared nothing; they pass queries on like everybody',
    standing: 'published',
    full: { seed: 1, nodes: 5_000, files: 1_000, copies: 3, freeRiders: 0.7 },
    quick: { seed: 1, nodes: 500, files: 100, copies: 2, freeRiders: 0.7 },
    measure: measureRiders,
  }),
  fidelityExperiment<CacheParameters>({
    name: 'gnutella-hit-caching',
    overlay: 'gnutella',
    question: 'How many messages does the caching of answers save when the same is asked again and again?',
    source: `${LECTURE}: “repeated searches with same keywords: cache Query, QueryHit messages”`,
    published: 'fewer messages, without a figure',
    standing: 'published',
    full: { seed: 1, nodes: 2_000, files: 100, queries: 2_000 },
    quick: { seed: 1, nodes: 300, files: 20, queries: 200 },
    measure: measureCache,
  }),
]
