import assert from 'node:assert/strict'
import { contentKey } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { constantLatency, createSimulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { KELIPS_DEFAULT, KELIPS_TESTNET, type KelipsInspection, kelips } from '../src/index.ts'

const RTT_MS = 40

function network(nodes: number, seed: number, options = KELIPS_TESTNET) {
  const simulation = createSimulation(kelips(options), { nodes, seed, latency: constantLatency(RTT_MS / 2) })
  simulation.joinAll()
  simulation.clock.runFor(20_000)
  const random = new SeededRandom(seed)
  return { simulation, newKey: () => contentKey(random.bytes(22)) }
}

describe('what a Kelips lookup costs', () => {
  it('is one round trip to the two best contacts, or nothing from the own table', () => {
    const { simulation, newKey } = network(8, 21)
    const key = newKey()
    simulation.publish(3, { kind: 'content', key })
    const costs = simulation.nodes.map(({ number }) => simulation.lookup(number, key))
    for (const { hops, messages, attempts, elapsedMs } of costs) {
      assert.equal(messages, attempts)
      assert.ok(hops === 0 ? attempts === 0 : attempts <= KELIPS_TESTNET.lookupParallelism)
      assert.equal(elapsedMs, hops * RTT_MS)
    }
    assert.ok(costs.some(({ hops }) => hops === 0) && costs.some(({ hops }) => hops === 1))
  })

  it('tells "timed out" when everybody responsible is silent, and "no peers" when nobody was ever reached', () => {
    const { simulation, newKey } = network(2, 23)
    simulation.kill(1)
    const { failure, pointers } = simulation.lookup(0, newKey(), { deadlineMs: 100 })
    assert.ok(failure === 'timed out' || failure === 'not found', failure)
    assert.equal(pointers.length, 0)
    const lonely = simulation.addNode()
    const joined = simulation.join(lonely.number, [1])
    assert.ok(joined.failure === 'unreachable' || joined.failure === 'timed out', joined.failure)
    assert.equal(simulation.lookup(lonely.number, newKey()).failure, 'no peers')
  })

  it('reaches further when two networks meet through a second join', () => {
    const { simulation, newKey } = network(4, 27)
    const first = simulation.addNode()
    simulation.join(first.number, [])
    const second = simulation.addNode()
    simulation.join(second.number, [first.number])
    const key = newKey()
    simulation.publish(second.number, { kind: 'content', key })
    assert.equal(simulation.lookup(2, key).failure, 'not found')
    assert.equal(simulation.join(first.number, [3]).failure, undefined)
    simulation.clock.runFor(5_000)
    for (const { number } of simulation.nodes) assert.equal(simulation.lookup(number, key).failure, undefined)
  })

  it('ends at the deadline', () => {
    const { simulation, newKey } = network(8, 24)
    for (const node of simulation.nodes) if (node.number > 0) simulation.kill(node.number)
    const { elapsedMs } = simulation.lookup(0, newKey(), { deadlineMs: 250 })
    assert.ok(elapsedMs <= 250, `${elapsedMs} ms`)
  })

  it('stays one hop in a larger network, within the byte budget', () => {
    const options = { ...KELIPS_DEFAULT, groups: 8 }
    const { simulation, newKey } = network(64, 25, options)
    simulation.clock.runFor(30_000)
    const keys = simulation.nodes.map(({ number }) => {
      const key = newKey()
      assert.equal(simulation.publish(number, { kind: 'content', key }).failure, undefined)
      return key
    })
    const startMs = simulation.clock.now()
    const before = simulation.nodes.map(({ number }) => simulation.network.trafficOf(number).bytesSent)
    simulation.clock.runFor(60_000)
    simulation.nodes.forEach(({ number }, i) => {
      const seconds = (simulation.clock.now() - startMs) / 1000
      const rate = (simulation.network.trafficOf(number).bytesSent - before[i]!) / seconds
      assert.ok(rate < 1.2 * options.gossipBytesPerSecond, `node ${number} sends ${rate} bytes a second`)
    })
    let oneHop = 0
    keys.forEach((key, i) => {
      const { failure, hops } = simulation.lookup((i * 7) % 64, key)
      assert.equal(failure, undefined)
      if (hops <= 1) oneHop++
    })
    assert.equal(oneHop, keys.length)
  })

  it('can be read from an inspection of plain values', () => {
    const { simulation, newKey } = network(8, 26)
    simulation.publish(2, { kind: 'content', key: newKey(), displayName: 'x' })
    for (const { machine } of simulation.nodes) {
      const inspection = machine.inspect() as KelipsInspection
      assert.deepEqual(JSON.parse(JSON.stringify(inspection)), inspection)
      assert.equal(inspection.view.length + inspection.contacts.length, 7)
      assert.deepEqual([inspection.k, inspection.phase, inspection.settled], [4, 'joined', true])
    }
    const holders = simulation.nodes.filter(
      ({ machine }) => (machine.inspect() as KelipsInspection).filetupleCount > 0,
    )
    assert.ok(holders.length >= 2)
  })
})
