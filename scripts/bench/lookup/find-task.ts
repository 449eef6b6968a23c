/**
 * Publishes CIDs from random nodes of a live network, and looks each up from others, one operation at a time. Before
 * each lookup the asker sends bare requests to peers that it is connected with, over the same connections.
 */
import { randomBelow, SeededRandom } from '@onehop/primitives'
import type { Metrics, TaskRun } from '../suite.ts'
import { BenchNetwork, type NetworkShape } from './bench-network.ts'
import type { HostOperations } from './host-operations.ts'
import { mean, quantile } from './samples.ts'

/** What is measured. */
export interface FindParameters extends NetworkShape {
  readonly cids: number
  /** Different nodes that look each CID up. */
  readonly askersPerCid: number
}

const BARE_REQUESTS_PER_LOOKUP = 2
const SEED = 1

/** Each system warms up for this long with publications, and then with lookups, of content that is not measured. */
const WARM_UP_MS = 10_000
const FIRST_WARM_UP_CID = 1_000_000
const WARM_UP_CIDS = 100

type Provided = Exclude<Awaited<ReturnType<HostOperations['provide']>>, { readonly error: string }>
type Found = Awaited<ReturnType<HostOperations['find']>>

function anyOther(network: BenchNetwork, random: SeededRandom, node: number): number {
  const { nodes } = network.shape
  return (node + 1 + randomBelow(random.next, nodes - 1)) % nodes
}

/** Code that runs for the first time is not what is measured. */
async function warmUp(network: BenchNetwork, random: SeededRandom): Promise<void> {
  const publishers: number[] = []
  for (let endMs = performance.now() + WARM_UP_MS; performance.now() < endMs; ) {
    if (publishers.length === WARM_UP_CIDS) break
    const publisher = randomBelow(random.next, network.shape.nodes)
    await network.on('provide', publisher, FIRST_WARM_UP_CID + publishers.length)
    publishers.push(publisher)
  }
  for (let node = 0; node < network.shape.nodes; node++) await network.on('openStreams', node)
  for (let endMs = performance.now() + WARM_UP_MS; performance.now() < endMs; ) {
    const index = randomBelow(random.next, publishers.length)
    const asker = anyOther(network, random, publishers[index]!)
    await network.on('requests', asker, 'framed', index, 1)
    await network.on('requests', asker, 'lpStream', index, 1)
    await network.on('find', asker, FIRST_WARM_UP_CID + index)
  }
}

async function provideAll(network: BenchNetwork, publishers: readonly number[]) {
  const provided: Provided[] = []
  const errors: string[] = []
  for (const [cid, publisher] of publishers.entries()) {
    const result = await network.on('provide', publisher, cid)
    if ('error' in result) errors.push(result.error)
    else provided.push(result)
  }
  for (const error of new Set(errors)) console.error(`    provide: ${error}`)
  return { provided, errors: errors.length }
}

async function findAll(
  network: BenchNetwork,
  random: SeededRandom,
  publishers: readonly number[],
  askers: number,
) {
  const found: Found[] = []
  const framedMs: number[] = []
  const lpStreamMs: number[] = []
  for (let round = 0; round < askers; round++) {
    for (const [cid, publisher] of publishers.entries()) {
      const asker = anyOther(network, random, publisher)
      framedMs.push(...(await network.on('requests', asker, 'framed', cid, BARE_REQUESTS_PER_LOOKUP)))
      lpStreamMs.push(...(await network.on('requests', asker, 'lpStream', cid, BARE_REQUESTS_PER_LOOKUP)))
      found.push(await network.on('find', asker, cid))
    }
  }
  return { found, framedMs, lpStreamMs }
}

function timesOf(name: string, timesMs: readonly number[]): Metrics {
  return { [`${name}P50Ms`]: quantile(timesMs, 0.5), [`${name}P99Ms`]: quantile(timesMs, 0.99) }
}

function provideMetrics(provided: readonly Provided[], errors: number): Metrics {
  return {
    ...timesOf(
      'provide',
      provided.map(one => one.elapsedMs),
    ),
    provideMessages: mean(provided.map(one => one.messages)),
    provideBytes: mean(provided.map(one => one.socketBytes)),
    provideErrorShare: errors / (errors + provided.length),
  }
}

function findMetrics(all: readonly Found[]): Metrics {
  const found = all.filter(one => one.providers > 0)
  const asked = found.filter(one => !one.isOwn)
  return {
    ...timesOf(
      'first',
      found.map(one => one.firstMs),
    ),
    ...timesOf(
      'complete',
      all.map(one => one.completeMs),
    ),
    ...timesOf(
      'askedFirst',
      asked.map(one => one.firstMs),
    ),
    ...timesOf(
      'askedComplete',
      asked.map(one => one.completeMs),
    ),
    askedShare: asked.length / all.length,
    notFoundShare: 1 - found.length / all.length,
    findMessages: mean(all.map(one => one.messages)),
    findBytes: mean(all.map(one => one.socketBytes)),
  }
}

const run: TaskRun = async parameters => {
  const { cids, askersPerCid, ...shape } = parameters as unknown as FindParameters
  const random = new SeededRandom(SEED)
  const network = new BenchNetwork(shape)
  try {
    const { settlingMs, isSettled } = await network.start(random)
    if (!isSettled) console.error(`    ${shape.system}: the tables still changed after ${settlingMs} ms`)
    const memory = await network.memoryPerNode()
    await warmUp(network, random)
    const publishers = Array.from({ length: cids }, () => randomBelow(random.next, shape.nodes))
    const { provided, errors } = await provideAll(network, publishers)
    const { found, framedMs, lpStreamMs } = await findAll(network, random, publishers, askersPerCid)
    const connections = (await network.ofAll('traffic')).map(traffic => traffic.connections)
    return {
      settlingSeconds: settlingMs / 1000,
      rssMegabytesPerNode: memory.rssBytes / 1e6,
      heapMegabytesPerNode: memory.heapBytes / 1e6,
      connectionsPerNode: mean(connections),
      mostConnections: Math.max(...connections),
      ...timesOf('bare', framedMs),
      ...timesOf('lpStream', lpStreamMs),
      ...provideMetrics(provided, errors),
      ...findMetrics(found),
    }
  } finally {
    await network.end()
  }
}

export default run
