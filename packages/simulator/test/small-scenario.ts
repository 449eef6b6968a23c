import { KELIPS_TESTNET, kelips } from '@onehop/kelips'
import { contentKey } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import {
  createSimulation,
  distributedLatency,
  KING_LIKE_ROUND_TRIP_MS,
  LIVE_CONNECTIONS,
  withJitter,
} from '../src/index.ts'

/** A small town with every fault at once: what has happened in it, as a hash. */
export function playedTrace(seed: number, handles: 'strict' | 'shared' = 'shared'): string {
  const simulation = createSimulation(kelips(KELIPS_TESTNET), {
    nodes: 30,
    seed,
    handles,
    latency: withJitter(distributedLatency(KING_LIKE_ROUND_TRIP_MS, seed), 5),
    connections: { ...LIVE_CONNECTIONS, cap: 12 },
    lossFraction: 0.01,
    reorderFraction: 0.01,
    blockedFraction: 0.01,
    undialableFraction: 0.1,
  })
  const random = new SeededRandom(seed)
  for (const { number } of simulation.nodes) {
    simulation.beginJoin(number, number === 0 ? [] : [0], () => {})
    simulation.clock.runFor(200)
  }
  const keys = Array.from({ length: 10 }, () => contentKey(random.bytes(22)))
  keys.forEach((key, i) => void simulation.publish(i, { kind: 'content', key }))
  simulation.kill(20)
  simulation.leave(21)
  simulation.clock.runFor(10_000)
  simulation.restart(20)
  simulation.join(20, [1, 2])
  for (const key of keys) simulation.lookup(20, key)
  return simulation.traceHash()
}
