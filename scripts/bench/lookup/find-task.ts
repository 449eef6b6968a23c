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

type Provided = Exclude<Awaited<ReturnType<HostOperations['provide']>>, { readonly error: string }>
type Found = Awaited<ReturnType<HostOperations['find']>>

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
  const bareMs: number[] = []
  for (let round = 0; round < askers; round++) {
    for (const [cid, publisher] of publishers.entries()) {
      const asker = (publisher + 1 + randomBelow(random.next, network.shape.nodes - 1)) % network.shape.nodes
      bareMs.push(...(await network.on('requests', asker, BARE_REQUESTS_PER_LOOKUP)))
      found.push(await network.on('find', asker, cid))
    }
  }
  return { found, bareMs }
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
    const publishers = Array.from({ length: cids }, () => randomBelow(random.next, shape.nodes))
    const { provided, errors } = await provideAll(network, publishers)
    const { found, bareMs } = await findAll(network, random, publishers, askersPerCid)
    const connections = (await network.ofAll('traffic')).map(traffic => traffic.connections)
    return {
      settlingSeconds: settlingMs / 1000,
      rssMegabytesPerNode: memory.rssBytes / 1e6,
      heapMegabytesPerNode: memory.heapBytes / 1e6,
      connectionsPerNode: mean(connections),
      mostConnections: Math.max(...connections),
      ...timesOf('bare', bareMs),
      ...provideMetrics(provided, errors),
      ...findMetrics(found),
    }
  } finally {
    await network.end()
  }
}

export default run
