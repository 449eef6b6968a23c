import assert from 'node:assert/strict'
import { contentKey } from '@onehop/overlay'
import { createSimulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { KELIPS_DEFAULT, KELIPS_TESTNET, type KelipsInspection, kelips } from '../src/index.ts'

const NODES = 9
const FILES = 20

function inspected(options: typeof KELIPS_DEFAULT): KelipsInspection[] {
  const simulation = createSimulation(kelips(options), { nodes: NODES, seed: 41 })
  simulation.joinAll()
  simulation.clock.runFor(20_000)
  for (let i = 0; i < FILES; i++)
    simulation.publish(i % NODES, { kind: 'content', key: contentKey(Uint8Array.of(0x11, 1, i)) })
  simulation.clock.runFor(120_000)
  return simulation.nodes.map(({ machine }) => machine.inspect() as KelipsInspection)
}

describe('what a Kelips node tells of itself', () => {
  it('has its depth and how large it takes the network for, where k tunes itself', () => {
    for (const { k, depth, estimatedNodes, estimatedFiles } of inspected(KELIPS_DEFAULT))
      assert.deepEqual([k, depth, estimatedNodes, estimatedFiles], [1, 0, NODES, FILES])
  })

  it('has neither where k is fixed', () => {
    for (const { k, depth, estimatedNodes } of inspected(KELIPS_TESTNET))
      assert.deepEqual([k, depth, estimatedNodes], [KELIPS_TESTNET.groups, undefined, undefined])
  })

  it('has the memory of its tables and the bytes that it spent, as JSON', () => {
    for (const inspection of inspected(KELIPS_TESTNET)) {
      assert.ok(inspection.memoryBytes > 0 && inspection.backgroundBytes > 0)
      assert.deepEqual(JSON.parse(JSON.stringify(inspection)), inspection)
    }
  })
})
