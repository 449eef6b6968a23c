import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { MessageCodec } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import {
  geographicLatency,
  LIVE_CONNECTIONS,
  PERFECT_NETWORK,
  VirtualClock,
  VirtualNetwork,
  withJitter,
} from '../src/index.ts'
import { playedTrace } from './small-scenario.ts'

async function playedInThread(seed: number): Promise<string> {
  const worker = new Worker(new URL('./simulated-thread.ts', import.meta.url), { workerData: seed })
  const [trace] = (await once(worker, 'message')) as [string]
  await worker.terminate()
  return trace
}

describe('a simulation with churn, dials, losses and jitter', () => {
  it('is the same for the same seed, in this thread and in another, and another for another seed', async () => {
    const here = playedTrace(1)
    assert.equal(playedTrace(1), here)
    assert.notEqual(playedTrace(2), here)
    assert.equal(await playedInThread(1), here)
  })

  it('has a hash that every engine must come to', () => {
    const clock = new VirtualClock(0)
    const random = new SeededRandom(9)
    const codec: MessageCodec<number> = {
      encode: () => new Uint8Array(),
      decode: () => 0,
      encodedLength: hops => 10 + hops,
    }
    const model = {
      ...PERFECT_NETWORK,
      latency: withJitter(geographicLatency({ seed: 9 }), 3),
      connections: { ...LIVE_CONNECTIONS, cap: 6 },
      lossFraction: 0.02,
      duplicateFraction: 0.02,
    }
    const net = new VirtualNetwork(clock, random.fork(), codec, model)
    const NODES = 50
    for (let node = 0; node < NODES; node++) {
      net.add({
        deliver: (_from, hops) => {
          if (hops < 100) net.send(node, (node + 1 + (random.nextUint32() % (NODES - 1))) % NODES, hops + 1)
        },
        unreachable: () => {},
      })
    }
    for (let node = 0; node < NODES; node++) net.send(node, (node + 1) % NODES, 0)
    clock.runFor(100_000)
    assert.equal(net.trace.digest(), '7cb5cf27a334436e')
  })
})
