import assert from 'node:assert/strict'
import { AssertionError } from '@onehop/primitives'
import { createSimulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { classicOverlay, isOverlayName, OVERLAY_NAMES, type OverlayName } from '../src/index.ts'

describe('the registry of classic overlays', () => {
  it('makes each by its name, with a protocol of its own', () => {
    const protocols = new Set(OVERLAY_NAMES.map(name => classicOverlay(name, 'default').protocol))
    assert.equal(protocols.size, OVERLAY_NAMES.length)
    for (const name of OVERLAY_NAMES) assert.ok(isOverlayName(name))
  })

  it('makes machines that say who they are and what they hold', () => {
    for (const name of OVERLAY_NAMES) {
      const factory = classicOverlay(name, 'testnet')
      const simulation = createSimulation(factory, { nodes: 3, seed: 1 })
      simulation.joinAll()
      simulation.clock.runFor(5_000)
      for (const node of simulation.nodes) {
        const inspection = node.machine.inspect()
        assert.equal(inspection.protocol, factory.protocol)
        for (const figure of ['memoryBytes', 'load'])
          assert.ok(Number.isFinite(inspection[figure]), `${name}: ${figure} is ${inspection[figure]}`)
        assert.deepEqual(JSON.parse(JSON.stringify(inspection)), inspection, `${name}: not plain JSON`)
      }
    }
  })

  it('knows a name from another text', () => {
    assert.ok(isOverlayName('chord'))
    for (const text of ['Chord', 'kelips', '', 'toString']) assert.ok(!isOverlayName(text))
    assert.throws(() => classicOverlay('can' as OverlayName, 'default'), AssertionError)
  })
})
