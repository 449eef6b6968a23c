import assert from 'node:assert/strict'
import { describe, it } from 'mocha'
import { PASTRY_TESTNET } from '../src/index.ts'
import { PastryTown } from './pastry-town.ts'

/** Pointers that live long: what moves, moves because nodes come and go. */
const LASTING = { pointerLifetimeMs: 3_600_000, pointerRefreshMs: 1_800_000 }

describe('pointers in Pastry', () => {
  for (const replicas of [1, 3, 5])
    it(`are held by the ${replicas} numerically closest nodes, and by nobody else`, () => {
      const town = new PastryTown(40, 20 + replicas, { ...LASTING, replicas })
      for (let node = 0; node < 40; node++) {
        const key = town.publish(node)
        assert.deepEqual(new Set(town.holders(key)), new Set(town.closest(key, replicas)))
      }
    })

  it('are confirmed by all who hold them but the publisher', () => {
    const town = new PastryTown(30, 30)
    for (let node = 0; node < 30; node++) {
      const key = town.newKey()
      const { acknowledgements } = town.simulation.publish(node, { kind: 'content', key })
      const others = town.closest(key, 5).filter(holder => holder !== node)
      assert.equal(acknowledgements, others.length)
    }
  })

  it('move to nodes that come, and are dropped by those who are not responsible any more', () => {
    const town = new PastryTown(30, 31, LASTING)
    const keys = Array.from({ length: 60 }, (_, i) => town.publish(i % 30))
    for (let i = 0; i < 15; i++) {
      const { number } = town.simulation.addNode()
      town.simulation.join(number, [i])
      for (const key of keys.filter(key => town.closest(key, 1)[0] === number))
        assert.equal(town.find(number, key).hops, 0, 'the newcomer answers without what it was to fetch')
    }
    town.run(30_000)
    for (const key of keys) {
      const holders = town.holders(key)
      for (const node of town.closest(key, 5)) assert.ok(holders.includes(node), `node ${node} lacks a key`)
      assert.ok(holders.length <= 7, `${holders.length} nodes hold a key`)
      for (const node of [0, 17, 44]) assert.equal(town.find(node, key).failure, undefined)
    }
  })

  it('are on k nodes again after holders have died, one after the other', () => {
    const town = new PastryTown(40, 32, { ...LASTING, replicas: 3 })
    const keys = Array.from({ length: 40 }, (_, i) => town.publish(i % 10))
    for (let round = 0; round < 20; round++) {
      const key = keys[round]!
      const dies = town.closest(key, 3).find(node => node >= 10)
      if (dies !== undefined) town.simulation.kill(dies)
      town.run(15_000)
    }
    for (const key of keys) {
      const holders = town.holders(key)
      for (const node of town.closest(key, 3)) assert.ok(holders.includes(node), `node ${node} lacks a key`)
      assert.equal(town.find(3, key).failure, undefined)
    }
  })

  it('of a holder that leaves go to who takes its place, also where it was the only one', () => {
    const town = new PastryTown(30, 33, { ...LASTING, replicas: 1 })
    const keys = Array.from({ length: 30 }, (_, i) => town.publish(i % 10))
    for (let node = 10; node < 30; node += 2) {
      town.simulation.leave(node)
      town.run(2_000)
    }
    for (const key of keys) assert.equal(town.find(1, key).failure, undefined)
  })

  it('are found though the closest node has just died, and one attempt more is what it costs', () => {
    const town = new PastryTown(40, 34, LASTING)
    for (let round = 0; round < 8; round++) {
      const key = town.publish(0)
      const [closest] = town.closest(key, 1)
      if (closest === 0) continue
      town.simulation.kill(closest!)
      const outcome = town.find(0, key)
      assert.equal(outcome.failure, undefined)
      assert.ok(outcome.elapsedMs < 5_000, `${outcome.elapsedMs} ms`)
    }
  })

  it('are found at the other holders when the closest lost its own', () => {
    const town = new PastryTown(40, 35, LASTING)
    const key = town.publish(0)
    const [closest] = town.closest(key, 1)
    town.machine(closest!).store.pointers.clear()
    const from = closest === 7 ? 8 : 7
    const outcome = town.find(from, key)
    assert.equal(outcome.pointers.length, 1)
    assert.equal(outcome.answeredBy, 'later try')
  })

  it('that were withdrawn do not come back with holders that come back', () => {
    const town = new PastryTown(20, 36, LASTING)
    const key = town.publish(0)
    const [away] = town.closest(key, 5).filter(node => node !== 0)
    const others = town.alive().filter(node => node !== away)
    town.simulation.network.partition([others, [away!]])
    town.run(15_000)
    assert.equal(town.simulation.withdraw(0, key).failure, undefined)
    town.simulation.network.heal()
    town.run(30_000)
    for (const node of town.alive()) assert.equal(town.find(node, key).failure, 'not found')
  })

  it('expire when their provider is gone, and leave nothing behind', () => {
    const town = new PastryTown(20, 37)
    const key = town.publish(5)
    town.simulation.kill(5)
    town.run(PASTRY_TESTNET.pointerLifetimeMs + 5_000)
    assert.equal(town.find(1, key).failure, 'not found')
    for (const node of town.alive()) assert.equal(town.machine(node).store.pointers.size, 0)
  })

  it('published before anybody was there are placed as soon as somebody is', () => {
    const town = new PastryTown(5, 38)
    const { simulation } = town
    const late = simulation.addNode().number
    const key = town.newKey()
    assert.equal(simulation.publish(late, { kind: 'content', key }).failure, 'no peers')
    assert.equal(simulation.join(late, [2]).failure, undefined)
    town.run(5_000)
    assert.equal(town.find(0, key).pointers.length, 1)
  })

  it('are counted in the load and the memory that an inspection tells', () => {
    const town = new PastryTown(10, 39)
    const before = town.machine(0).inspect()
    for (let i = 0; i < 20; i++) town.publish(i % 10)
    const after = town.machine(0).inspect()
    assert.equal(before.load, 0)
    assert.equal(after.load, town.machine(0).store.pointers.size)
    assert.ok(Number(after.memoryBytes) > Number(before.memoryBytes))
    assert.deepEqual(JSON.parse(JSON.stringify(after)), after)
    assert.equal(after.settled, true)
  })
})

describe('a Pastry node that leaves', () => {
  it('holds no handle but its own afterwards, whatever was under way', () => {
    const town = new PastryTown(30, 40)
    const { simulation } = town
    for (let node = 0; node < 30; node++) {
      const key = town.publish(node)
      simulation.beginLookup(node, town.newKey(), {}, () => {})
      simulation.beginLookup(node, key, {}, () => {})
      town.machine(node).scribe.subscribe(key, () => {})
      town.run(node * 3)
      simulation.leave(node)
      assert.equal(simulation.node(node).handlesHeld, 1, `node ${node} holds on to others`)
    }
  })

  it('holds none when it leaves in the middle of its join', () => {
    const town = new PastryTown(20, 41)
    for (let ms = 0; ms < 400; ms += 10) {
      const { number } = town.simulation.addNode()
      town.simulation.beginJoin(number, [ms % 20, 3], () => {})
      town.run(ms)
      town.simulation.leave(number)
      assert.equal(town.simulation.node(number).handlesHeld, 1, `after ${ms} ms`)
    }
    town.run(20_000)
    town.assertLeafSetsRight()
  })

  it('holds no more handles in the course of time than its tables have contacts, and few others', () => {
    const town = new PastryTown(60, 42)
    for (let round = 0; round < 300; round++) {
      const key = town.publish(round % 60)
      town.find((round * 7) % 60, key)
    }
    town.run(60_000)
    for (const node of town.alive()) {
      const held = town.simulation.node(node).handlesHeld
      const { contactCount } = town.machine(node).state
      assert.ok(held <= 61, `node ${node} holds ${held} handles, ${contactCount} contacts`)
    }
  })
})
