import assert from 'node:assert/strict'
import { FloodGate } from '../src/flood-gate.ts'
import { DROPPED_GOSSIP_BURST, GOSSIP_MESSAGES_BURST, GOSSIP_MESSAGES_PER_SECOND } from '../src/limits.ts'

describe('the flood gate', () => {
  it('lets a burst through, drops what is beyond it, and calls what goes on a flood', () => {
    const gate = new FloodGate(0)
    for (let i = 0; i < GOSSIP_MESSAGES_BURST; i++) assert.equal(gate.pass(0), 'pass')
    for (let i = 0; i < DROPPED_GOSSIP_BURST; i++) assert.equal(gate.pass(0), 'drop')
    assert.equal(gate.pass(0), 'flood')
  })

  it('lets messages through again as time passes', () => {
    const gate = new FloodGate(0)
    while (gate.pass(0) !== 'flood');
    for (let i = 0; i < GOSSIP_MESSAGES_PER_SECOND; i++) assert.equal(gate.pass(1_000), 'pass')
    assert.equal(gate.pass(1_000), 'drop')
  })
})
