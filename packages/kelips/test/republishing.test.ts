import assert from 'node:assert/strict'
import { contentKey } from '@onehop/overlay'
import { createSimulation } from '@onehop/simulator'
import { KELIPS_TESTNET, kelips } from '../src/index.ts'

describe('content that is taken back and published again', () => {
  it('is found again, though all of it happened within one millisecond', () => {
    const simulation = createSimulation(kelips(KELIPS_TESTNET), { nodes: 8, seed: 5 })
    simulation.joinAll()
    simulation.clock.runFor(5_000)
    const { machine } = simulation.node(3)
    const publication = { kind: 'content', key: contentKey(Uint8Array.of(0x11, 2, 3, 4)) } as const
    machine.publish(publication, () => {})
    machine.withdraw(publication.key, () => {})
    machine.publish(publication, () => {})
    simulation.clock.runFor(2_000)
    for (const { number } of simulation.nodes)
      assert.equal(simulation.lookup(number, publication.key).pointers.length, 1, `node ${number}`)
  })
})
