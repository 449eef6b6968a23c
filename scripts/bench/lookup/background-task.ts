/**
 * What a live network that nobody asks anything moves: bytes at the overlay's messages and at the sockets, and open
 * connections, over some time after it has settled with content published in it.
 */
import { randomBelow, SeededRandom } from '@onehop/primitives'
import type { Metrics, TaskRun } from '../suite.ts'
import { BenchNetwork, type NetworkShape } from './bench-network.ts'
import type { NodeTraffic } from './host-operations.ts'
import { mean } from './samples.ts'

/** What is measured. */
export interface BackgroundParameters extends NetworkShape {
  readonly cids: number
  /** Left alone for so long after publishing. */
  readonly restSeconds: number
  readonly measuredSeconds: number
}

const SEED = 2

function after(seconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, seconds * 1000))
}

type Counter = Exclude<keyof NodeTraffic, 'connections'>

function rates(
  name: string,
  counter: Counter,
  pairs: readonly (readonly [NodeTraffic, NodeTraffic])[],
  seconds: number,
): Metrics {
  const perSecond = pairs.map(([before, later]) => (later[counter] - before[counter]) / seconds)
  return { [`${name}BytesPerSecond`]: mean(perSecond), [`${name}MostBytesPerSecond`]: Math.max(...perSecond) }
}

const run: TaskRun = async parameters => {
  const { cids, restSeconds, measuredSeconds, ...shape } = parameters as unknown as BackgroundParameters
  const random = new SeededRandom(SEED)
  const network = new BenchNetwork(shape)
  try {
    await network.start(random)
    for (let cid = 0; cid < cids; cid++)
      await network.on('provide', randomBelow(random.next, shape.nodes), cid)
    await after(restSeconds)
    const before = await network.ofAll('traffic')
    const beganMs = performance.now()
    await after(measuredSeconds)
    const later = await network.ofAll('traffic')
    const seconds = (performance.now() - beganMs) / 1000
    const pairs = before.map((traffic, i) => [traffic, later[i]!] as const)
    const connections = later.map(traffic => traffic.connections)
    return {
      ...rates('messageSent', 'messageSent', pairs, seconds),
      ...rates('messageReceived', 'messageReceived', pairs, seconds),
      ...rates('socketSent', 'socketSent', pairs, seconds),
      ...rates('socketReceived', 'socketReceived', pairs, seconds),
      connectionsPerNode: mean(connections),
      mostConnections: Math.max(...connections),
    }
  } finally {
    await network.end()
  }
}

export default run
