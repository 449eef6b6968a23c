import assert from 'node:assert/strict'
import { contentKey, type Key } from '@onehop/overlay'
import { createSimulation } from '@onehop/simulator'
import { KELIPS_TESTNET, kelips } from '../src/index.ts'

const PUBLISHER = 3
const ASKERS = [0, 5, 7]
/** Their refreshes take ten times the byte budget. */
const PUBLICATIONS = 400

function keys(): Key[] {
  return Array.from({ length: PUBLICATIONS }, (_, i) => contentKey(Uint8Array.of(0x11, 2, i & 0xff, i >>> 8)))
}

describe('refreshes', () => {
  it('come before a pointer expires, however many a node has and however small its budget is', () => {
    const simulation = createSimulation(kelips(KELIPS_TESTNET), { nodes: 8, seed: 5 })
    simulation.joinAll()
    simulation.clock.runFor(5_000)
    const published = keys()
    for (const key of published)
      simulation.node(PUBLISHER).machine.publish({ kind: 'content', key }, () => {})
    for (let lifetimes = 0; lifetimes < 6; lifetimes++) {
      simulation.clock.runFor(KELIPS_TESTNET.pointerLifetimeMs / 2)
      for (const asker of ASKERS) {
        const missing = published.filter(key => simulation.lookup(asker, key).pointers.length === 0)
        assert.equal(missing.length, 0, `node ${asker}, after ${lifetimes + 1} halves of a lifetime`)
      }
    }
  })
})
