import assert from 'node:assert/strict'
import { contentKey, type Key } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { Simulation, type SimulationOptions } from '@onehop/simulator'
import { describe, it } from 'mocha'
import {
  CHORD_TESTNET,
  type ChordMachine,
  type ChordMessage,
  type ChordOptions,
  chord,
  chordIdealFlaw,
  settleChord,
} from '../src/chord/index.ts'

const random = new SeededRandom(5)

function newKey(): Key {
  return contentKey(random.bytes(22))
}

/** A ring of nodes that have joined one after the other. */
function ringOf(
  nodes: number,
  options: Partial<ChordOptions> = {},
  world: Partial<SimulationOptions> = {},
): Simulation<ChordMessage> {
  const factory = chord({ ...CHORD_TESTNET, ...options })
  const simulation = new Simulation<ChordMessage>(factory, { nodes, seed: 7, ...world })
  for (let node = 0; node < nodes; node++) simulation.join(node, node === 0 ? [] : [0])
  simulation.clock.runFor(30_000)
  return simulation
}

function machines(simulation: Simulation<ChordMessage>): ChordMachine[] {
  return simulation.alive().map(({ machine }) => machine as ChordMachine)
}

/** Living nodes that hold a pointer under the key. */
function holdersOf(simulation: Simulation<ChordMessage>, key: Key): number[] {
  const holds = ({ machine }: { readonly machine: unknown }) =>
    (machine as ChordMachine).custody.find(key, 9).length > 0
  return simulation
    .alive()
    .filter(holds)
    .map(({ number }) => number)
}

function isFoundByAll(simulation: Simulation<ChordMessage>, key: Key): boolean {
  return simulation
    .alive()
    .every(({ number }) => simulation.lookup(number, key, { limit: 1 }).failure === undefined)
}

describe('Chord’s upkeep', () => {
  it('keeps a pointer at its owner and the three that follow, and again when one of them dies', () => {
    const simulation = ringOf(16, { pointerLifetimeMs: 3_600_000, pointerRefreshMs: 3_000_000 })
    const key = newKey()
    simulation.publish(3, { kind: 'content', key })
    const before = holdersOf(simulation, key)
    assert.equal(before.length, 4)
    const dying = before.find(node => node !== 3)!
    simulation.kill(dying)
    simulation.clock.runFor(15_000)
    const after = holdersOf(simulation, key)
    assert.equal(after.length, 4)
    assert.ok(!after.includes(dying))
  })

  it('moves keys to those who come, and lets go of what others hold now', () => {
    const simulation = ringOf(8, { pointerLifetimeMs: 3_600_000, pointerRefreshMs: 3_000_000 })
    const keys = Array.from({ length: 20 }, newKey)
    for (const key of keys) simulation.publish(1, { kind: 'content', key })
    for (let i = 0; i < 12; i++) {
      simulation.join(simulation.addNode().number, [i % 8])
      simulation.clock.runFor(3_000)
    }
    simulation.clock.runFor(60_000)
    for (const key of keys) assert.equal(holdersOf(simulation, key).length, 4)
  })

  it('makes one ring of two that have never met, when one node of one joins one of the other', () => {
    const simulation = new Simulation<ChordMessage>(chord(CHORD_TESTNET), { nodes: 24, seed: 3 })
    for (let node = 0; node < 24; node++)
      simulation.join(node, node === 0 || node === 12 ? [] : [node < 12 ? 0 : 12])
    simulation.clock.runFor(20_000)
    const key = newKey()
    simulation.publish(20, { kind: 'content', key })
    assert.equal(simulation.lookup(2, key).failure, 'not found')
    assert.equal(simulation.join(12, [0]).failure, undefined)
    simulation.clock.runFor(40_000)
    assert.equal(chordIdealFlaw(machines(simulation)), undefined)
    assert.ok(isFoundByAll(simulation, key))
  })

  it('finds its way back when all successors of a node die at once', () => {
    const simulation = ringOf(20, { successors: 2 })
    const [position] = (simulation.node(5).machine as ChordMachine).state.positions
    const doomed = new Set(position!.successors.map(({ identifier }) => identifier))
    for (const { number, machine } of simulation.alive())
      if (doomed.has((machine as ChordMachine).state.positions[0]!.identifier)) simulation.kill(number)
    simulation.clock.runFor(60_000)
    assert.equal(simulation.alive().length, 18)
    assert.equal(chordIdealFlaw(machines(simulation)), undefined)
  })

  it('comes back to a network whose other nodes were all gone for a while', () => {
    const simulation = ringOf(5)
    for (let node = 1; node < 5; node++) simulation.kill(node)
    simulation.clock.runFor(20_000)
    for (let node = 1; node < 5; node++) {
      simulation.restart(node)
      simulation.join(node, node === 1 ? [] : [1])
    }
    simulation.clock.runFor(60_000)
    assert.equal(chordIdealFlaw(machines(simulation)), undefined)
  })

  it('stands in several places with virtual nodes, each in order', () => {
    const simulation = ringOf(10, { virtualNodes: 6 })
    simulation.clock.runFor(30_000)
    assert.equal(machines(simulation).flatMap(({ state }) => state.members).length, 60)
    assert.equal(chordIdealFlaw(machines(simulation)), undefined)
    const key = newKey()
    const { acknowledgements } = simulation.publish(2, { kind: 'content', key })
    assert.ok(acknowledgements >= 3)
    assert.ok(isFoundByAll(simulation, key))
  })

  it('begins as if it had been there for long when its tables are set, and goes on by itself', () => {
    const factory = chord(CHORD_TESTNET)
    const simulation = new Simulation<ChordMessage>(factory, { nodes: 60, seed: 2, handles: 'shared' })
    settleChord(machines(simulation))
    assert.equal(chordIdealFlaw(machines(simulation)), undefined)
    for (let node = 0; node < 20; node++) simulation.kill(node)
    simulation.clock.runFor(40_000)
    assert.equal(chordIdealFlaw(machines(simulation)), undefined)
  })

  it('tells its successor list only when it has changed', () => {
    const simulation = ringOf(20)
    let told = 0
    simulation.network.onSend = (_from, _to, message) => {
      if (message.type === 'neighbourhood' && message.successors !== undefined) told++
    }
    simulation.clock.runFor(20_000)
    assert.equal(told, 0)
  })

  for (const routing of ['iterative', 'recursive'] as const)
    it(`holds no handle but its own after it has left (${routing})`, () => {
      const simulation = ringOf(12, { routing }, { lossFraction: 0.05, verifyMs: 3 })
      for (const { number } of simulation.alive())
        simulation.publish(number, { kind: 'content', key: newKey() })
      const [a, b] = [newKey(), newKey()]
      for (const { number } of simulation.alive()) {
        simulation.beginLookup(number, a, {}, () => {})
        simulation.beginPublish(number, { kind: 'content', key: b }, () => {})
      }
      simulation.clock.runFor(30)
      for (const { number } of simulation.alive()) {
        const node = simulation.node(number)
        simulation.leave(number)
        assert.equal(node.handlesHeld, 1, `node ${number}`)
        simulation.clock.runFor(500)
      }
    })

  it('holds no more handles after hours than its tables have rows for', () => {
    const simulation = ringOf(10)
    for (let turn = 0; turn < 60; turn++) {
      const { number } = simulation.addNode()
      simulation.join(number, [0])
      simulation.publish(number, { kind: 'content', key: newKey() })
      simulation.clock.runFor(8_000)
      if (turn % 2 === 0) simulation.kill(number)
      else simulation.leave(number)
    }
    simulation.clock.runFor(60_000)
    for (const { number, handlesHeld } of simulation.alive())
      assert.ok(handlesHeld <= 40, `node ${number} holds ${handlesHeld}`)
  })
})
