import assert from 'node:assert/strict'
import { contentKey, type Key, type LookupOptions, type Outcome } from '@onehop/overlay'
import { equalBytes, SeededRandom } from '@onehop/primitives'
import {
  constantLatency,
  createSimulation,
  hostile,
  type SimulatedNode,
  type Simulation,
  type SimulationOptions,
} from '@onehop/simulator'
import { describe, it } from 'mocha'
import {
  KELIPS_TESTNET,
  type KelipsMachine,
  type KelipsMessage,
  kelips,
  NEGATIVES_TO_CONCLUDE,
} from '../src/index.ts'

const RTT_MS = 40
const NODES = 40
/** Whom a node remembers to come back through. */
const INTRODUCERS = 1
const OPTIONS = { ...KELIPS_TESTNET, contactsPerGroup: 3 }
const LOOKUP: LookupOptions = { limit: 20, deadlineMs: 10_000 }

type Network = Simulation<KelipsMessage>
type Node = SimulatedNode<KelipsMessage>

/** A network in which every group has some ten members and everybody knows three of each. */
function network(seed: number, changes: Partial<SimulationOptions> = {}, factory = kelips(OPTIONS)): Network {
  const latency = constantLatency(RTT_MS / 2)
  const simulation = createSimulation(factory, { nodes: NODES, seed, latency, ...changes })
  simulation.joinAll()
  simulation.clock.runFor(20_000)
  return simulation
}

function machineOf(node: Node): KelipsMachine {
  return node.machine as KelipsMachine
}

function published(simulation: Network, seed: number): { key: Key; asker: Node } {
  const key = contentKey(new SeededRandom(seed).bytes(22))
  assert.equal(simulation.publish(0, { kind: 'content', key }).failure, undefined)
  simulation.clock.runFor(2_000)
  const asker = simulation.nodes.find(
    node => node.number > 0 && node.isAlive && !machineOf(node).state.isHolder(key),
  )!
  return { key, asker }
}

/** The nodes that the asker's lookup would ask first. */
function firstAsked(simulation: Network, asker: Node, key: Key, count: number): Node[] {
  const handles = machineOf(asker).closest(key, count)
  const ids = handles.map(peer => asker.idOf(peer))
  return ids.map(id => simulation.nodes.find(node => equalBytes(node.id, id))!)
}

describe('the ladder of a Kelips lookup', () => {
  it('asks the two best contacts at once: one that is dead costs nothing', () => {
    for (const seed of [1, 2, 3, 4]) {
      const simulation = network(seed)
      const { key, asker } = published(simulation, seed)
      const [best] = firstAsked(simulation, asker, key, 1)
      simulation.kill(best!.number)
      const { failure, hops, attempts, elapsedMs, answeredBy, timeouts } = simulation.lookup(
        asker.number,
        key,
      )
      assert.deepEqual([failure, hops, attempts, elapsedMs], [undefined, 1, 2, RTT_MS], `seed ${seed}`)
      assert.deepEqual([answeredBy, timeouts], ['first try', undefined])
    }
  })

  it('does not wait for the silent: the next contact is asked after half a round trip more', () => {
    const simulation = network(5)
    const { key, asker } = published(simulation, 5)
    for (const { number } of firstAsked(simulation, asker, key, 2)) simulation.kill(number)
    const { failure, elapsedMs, answeredBy, hops } = simulation.lookup(asker.number, key)
    assert.deepEqual([failure, hops, answeredBy], [undefined, 1, 'later try'])
    assert.equal(elapsedMs, 1.5 * RTT_MS + RTT_MS)
  })

  it('goes through members of the own group when all contacts are dead', () => {
    const simulation = network(6)
    const { key, asker } = published(simulation, 6)
    for (const { number } of firstAsked(simulation, asker, key, NODES))
      if (number > 0) simulation.kill(number)
    const { failure, hops, elapsedMs } = simulation.lookup(asker.number, key)
    assert.equal(failure, undefined)
    assert.ok(hops === 1 || hops === 2, `${hops} hops`)
    assert.ok(elapsedMs < 1_000, `${elapsedMs} ms`)
  })

  it('believes that there is nothing when seven who must know say so, and asks no more', () => {
    const simulation = network(7)
    const { asker } = published(simulation, 7)
    const missing = contentKey(new SeededRandom(70).bytes(22))
    const { failure, attempts, elapsedMs, answeredBy } = simulation.lookup(asker.number, missing)
    assert.deepEqual([failure, answeredBy], ['not found', undefined])
    assert.ok(attempts >= NEGATIVES_TO_CONCLUDE - 1 && attempts <= 20, `${attempts} attempts`)
    assert.ok(elapsedMs <= 5 * RTT_MS, `${elapsedMs} ms`)
  })

  it('is quick about what is not there in a network of eight', () => {
    const simulation = createSimulation(kelips(KELIPS_TESTNET), {
      nodes: 8,
      seed: 8,
      latency: constantLatency(20),
    })
    simulation.joinAll()
    simulation.clock.runFor(10_000)
    for (const { number } of simulation.nodes) {
      const missing = contentKey(new SeededRandom(80 + number).bytes(22))
      const { failure, elapsedMs, attempts } = simulation.lookup(number, missing)
      assert.equal(failure, 'not found')
      assert.ok(elapsedMs <= 4 * RTT_MS && attempts <= 7, `${elapsedMs} ms, ${attempts} attempts`)
    }
  })

  it('finds what the contacts deny, through contacts of the own group’s other members', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const liars = new Set<number>()
      const simulation = network(seed, {}, hostile(kelips(OPTIONS), ['lie'], { isHostile: n => n % 4 === 1 }))
      for (const { number } of simulation.nodes) if (number % 4 === 1) liars.add(number)
      const key = contentKey(new SeededRandom(seed).bytes(22))
      simulation.publish(0, { kind: 'content', key })
      simulation.clock.runFor(2_000)
      for (const { number } of simulation.nodes) {
        if (!liars.has(number))
          assert.equal(simulation.lookup(number, key).failure, undefined, `seed ${seed}, ${number}`)
      }
    }
  })

  it('asks the silent again, for messages get lost', () => {
    const simulation = network(9, { nodes: 2, lossFraction: 0.4 })
    const key = contentKey(new SeededRandom(9).bytes(22))
    simulation.publish(1, { kind: 'content', key })
    let found = 0
    for (let i = 0; i < 20; i++) if (simulation.lookup(0, key).failure === undefined) found++
    assert.ok(found >= 18, `${found} of 20`)
  })

  it('tells the addresses of any peer by its id, and that nobody knows a stranger', () => {
    const simulation = network(10)
    const asker = simulation.node(3)
    for (const { id, number } of simulation.nodes) {
      const { outcome, addresses } = located(simulation, asker, id)
      assert.equal(outcome.failure, undefined, `node ${number}`)
      assert.deepEqual(addresses, simulation.node(number).addresses())
      assert.ok(outcome.hops <= 1, `${outcome.hops} hops`)
    }
    const stranger = located(simulation, asker, new SeededRandom(11).bytes(38))
    assert.deepEqual([stranger.outcome.failure, stranger.addresses.length], ['not found', 0])
  })
})

function located(simulation: Network, asker: Node, id: Uint8Array) {
  const answers: { outcome: Outcome; addresses: readonly Uint8Array[] }[] = []
  machineOf(asker).locate(id, LOOKUP, (outcome, addresses) => answers.push({ outcome, addresses }))
  simulation.clock.runUntil(() => answers.length > 0, LOOKUP.deadlineMs + 1)
  assert.equal(answers.length, 1)
  return answers[0]!
}

describe('a Kelips lookup on a bad network', () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8])
    it(`ends exactly once and gives back every handle (seed ${seed})`, () => {
      const random = new SeededRandom(seed)
      const bad = {
        lossFraction: 0.2,
        duplicateFraction: 0.1,
        reorderFraction: 0.2,
        verifyMs: seed % 2 === 0 ? 0 : 15,
      }
      const simulation = network(seed, bad)
      const keys = simulation.nodes.slice(0, 10).map(({ number }) => {
        const key = contentKey(random.bytes(22))
        simulation.publish(number, { kind: 'content', key })
        return key
      })
      const ends: number[] = []
      for (let i = 0; i < 120; i++) {
        const asker = simulation.alive()[Math.floor(random.next() * 35)]!
        const key = random.next() < 0.2 ? contentKey(random.bytes(22)) : keys[i % keys.length]!
        const deadlineMs = 20 + Math.floor(random.next() * 3_000)
        ends.push(0)
        const done = () => ends[i]!++
        const cancel =
          random.next() < 0.2
            ? machineOf(asker).locate(simulation.node(i % NODES).id, { deadlineMs }, done)
            : asker.machine.lookup(key, { limit: 3, deadlineMs }, done)
        if (random.next() < 0.3) simulation.clock.setTimer(Math.floor(random.next() * 200), cancel)
        if (i % 30 === 20) simulation.kill(NODES - 1 - Math.floor(i / 30))
        simulation.clock.runFor(Math.floor(random.next() * 60))
      }
      simulation.clock.runFor(10_000)
      const expected = ends.map(() => 1)
      assert.deepEqual(ends, expected)
      // Probes and verifications go on: of several moments, the one with the fewest of them counts.
      const spare = simulation.nodes.map(() => Number.POSITIVE_INFINITY)
      for (let moment = 0; moment < 40; moment++) {
        simulation.clock.runFor(237)
        for (const node of simulation.alive()) {
          const { state, pendingRequests } = machineOf(node)
          const inUse = state.handles.size - INTRODUCERS - state.trust.size - 2 * pendingRequests
          spare[node.number] = Math.min(spare[node.number]!, inUse)
        }
      }
      for (const { number } of simulation.alive())
        assert.ok(spare[number]! <= 0, `node ${number} leaks handles`)
    })
})
