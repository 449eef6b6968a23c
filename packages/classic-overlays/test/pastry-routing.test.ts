import assert from 'node:assert/strict'
import { geographicLatency, uniformLatency } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { PASTRY_TESTNET, type PastryMessage, pastry } from '../src/index.ts'
import { PastryTown } from './pastry-town.ts'

/** Where lookups of the key end: the last node that a route to it was sent to, or who began it. */
function endOf(town: PastryTown, from: number, key: Uint8Array): { end: number; hops: number } {
  let [end, hops] = [from, 0]
  const { network } = town.simulation
  network.onSend = (_from, to, message: PastryMessage) => {
    if (message.type !== 'route' || message.errand !== 'get') return
    end = to
    hops = message.hops
  }
  town.find(from, key)
  network.onSend = undefined
  return { end, hops }
}

describe('Pastry routes', () => {
  for (const [nodes, seed] of [
    [1, 1],
    [2, 2],
    [17, 3],
    [60, 4],
    [100, 5],
  ] as const)
    it(`end at the numerically closest of ${nodes} nodes, from wherever they begin`, () => {
      const town = new PastryTown(nodes, seed)
      town.assertLeafSetsRight()
      for (let round = 0; round < 60; round++) {
        const key = town.newKey()
        const from = Math.floor(town.simulation.random.next() * nodes)
        const { end, hops } = endOf(town, from, key)
        assert.equal(end, town.closest(key, 1)[0])
        assert.ok(hops <= 4, `${hops} hops`)
      }
      town.assertSound()
    })

  for (const digitBits of [1, 2])
    it(`end there with digits of ${digitBits} bits too, in more hops`, () => {
      const town = new PastryTown(100, 6, { digitBits, leafSetSize: 8, replicas: 3 })
      for (let round = 0; round < 40; round++) {
        const key = town.newKey()
        assert.equal(endOf(town, round, key).end, town.closest(key, 1)[0])
      }
    })

  it('go round hops that are dead, and the lookups that they carry find what there is', () => {
    const town = new PastryTown(80, 7)
    const keys = Array.from({ length: 30 }, (_, node) => town.publish(node))
    for (const node of town.alive()) if (node >= 30 && node % 4 === 0) town.simulation.kill(node)
    let detours = 0
    for (const key of keys) {
      const from = town.alive()[Math.floor(town.simulation.random.next() * town.alive().length)]!
      const outcome = town.find(from, key)
      assert.equal(outcome.failure, undefined)
      detours += outcome.timeouts ?? 0
    }
    assert.ok(detours > 0, 'nobody met a dead node')
    town.run(60_000)
    town.assertLeafSetsRight()
    town.assertSound()
    for (const key of keys) assert.equal(town.find(31, key).timeouts, undefined)
  })

  it('lead on when nodes join all at once through the same one', () => {
    const town = new PastryTown(1, 8)
    let joined = 0
    for (let i = 0; i < 59; i++) {
      const { number } = town.simulation.addNode()
      town.simulation.beginJoin(number, [0], ({ failure }) => {
        assert.equal(failure, undefined)
        joined++
      })
    }
    town.run(60_000)
    assert.equal(joined, 59)
    town.assertLeafSetsRight()
    town.assertSound()
  })

  it('have the nearest of those who could stand there in the tables, so that first hops are short', () => {
    const town = new PastryTown(100, 9, {}, { latency: geographicLatency({ seed: 9, lastMileMs: 0 }) })
    town.run(40_000)
    let [chosen, mean] = [0, 0]
    for (const node of town.alive()) {
      const row = town.machine(node).state.table.row(0)
      for (const { entry } of row) {
        const other = town.simulation.directory.nodeOf(entry.id)
        chosen += town.simulation.network.roundTripMs(node, other)! / row.length
      }
      for (const other of town.alive()) mean += town.simulation.network.roundTripMs(node, other)! / town.nodes
    }
    assert.ok(chosen < 0.6 * mean, `${chosen / town.nodes} ms to row 0, ${mean / town.nodes} to anybody`)
  })

  it('are repaired while nodes come and go', () => {
    const town = new PastryTown(40, 10, {}, { latency: uniformLatency(5, 80) })
    const { simulation } = town
    for (let round = 0; round < 20; round++) {
      const { number } = simulation.addNode()
      simulation.beginJoin(number, [town.alive()[round % 20]!], () => {})
      const alive = town.alive().filter(node => town.machine(node).state.phase === 'member')
      const goes = alive[Math.floor(simulation.random.next() * alive.length)]!
      if (round % 2 === 0) simulation.kill(goes)
      else simulation.leave(goes)
      town.run(2_000)
      town.assertSound()
    }
    town.run(30_000)
    town.assertLeafSetsRight()
    const key = town.publish(town.alive()[0]!)
    for (const node of town.alive()) assert.equal(town.find(node, key).failure, undefined)
  })

  it('need no further greetings once everybody knows its neighbours', () => {
    const town = new PastryTown(80, 12)
    town.run(20_000)
    let greetings = 0
    town.simulation.network.onSend = (_from, _to, message: PastryMessage) => {
      if (message.type === 'hello') greetings++
    }
    town.run(60_000)
    assert.equal(greetings, 0)
  })

  it('are merged when two networks that never met are shown to each other', () => {
    const town = new PastryTown(30, 11)
    const { simulation } = town
    const strangers = Array.from({ length: 30 }, () => simulation.addNode().number)
    for (const [i, node] of strangers.entries()) simulation.join(node, i === 0 ? [] : [strangers[0]!])
    const left = town.publish(3)
    const right = town.publish(strangers[4]!)
    assert.equal(simulation.join(strangers[7]!, [5]).failure, undefined)
    town.run(60_000)
    town.assertLeafSetsRight()
    for (const node of town.alive())
      for (const key of [left, right]) assert.equal(town.find(node, key).failure, undefined)
  })

  it('need options that make sense', () => {
    assert.throws(() => pastry({ digitBits: 3 }), /must divide 128/)
    assert.throws(() => pastry({ leafSetSize: 7 }), /must be even/)
    assert.throws(() => pastry({ leafSetSize: 4, replicas: 5 }), /half of the leaf set/)
    assert.throws(() => pastry({ keepAliveMs: 0.5 }), /keepAliveMs must be an integer/)
    assert.throws(() => pastry({ ...PASTRY_TESTNET, pointerRefreshMs: 29_000 }), /at most half/)
  })
})
