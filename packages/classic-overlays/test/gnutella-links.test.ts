import assert from 'node:assert/strict'
import { contentKey } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { createSimulation, LIVE_CONNECTIONS, type Simulation } from '@onehop/simulator'
import { describe, it } from 'mocha'
import {
  checkGnutellaOptions,
  GNUTELLA_04,
  GNUTELLA_DEFAULT,
  GNUTELLA_TESTNET,
  type GnutellaMachine,
  type GnutellaMessage,
  gnutella,
} from '../src/gnutella/index.ts'
import { MAX_HOSTS } from '../src/gnutella/limits.ts'
import { GnutellaNetwork, line } from './gnutella-network.ts'

const NODES = 60
const LIVELY = { pingMs: 2_000, discoveryMs: 10_000, exploreMs: 20_000, hostRetryMs: 2_000 }

function machines(simulation: Simulation<GnutellaMessage>): GnutellaMachine[] {
  return simulation.alive().map(({ machine }) => machine as GnutellaMachine)
}

function degrees(simulation: Simulation<GnutellaMessage>): number[] {
  return machines(simulation).map(({ state }) => state.neighbours.size)
}

/** Nodes that the first living one reaches over links. */
function together(simulation: Simulation<GnutellaMessage>): number {
  const byId = new Map(simulation.alive().map(node => [node.id.join(), node]))
  const [first] = simulation.alive()
  const reached = new Set([first!.id.join()])
  for (const name of reached) {
    const node = byId.get(name)!
    for (const { peer } of (node.machine as GnutellaMachine).state.neighbours.list) {
      const other = node.idOf(peer).join()
      if (byId.has(other)) reached.add(other)
    }
  }
  return reached.size
}

function grown(seed: number, options = GNUTELLA_DEFAULT): Simulation<GnutellaMessage> {
  const simulation = createSimulation(gnutella({ ...options, ...LIVELY }), { nodes: NODES, seed })
  simulation.joinAll()
  simulation.clock.runFor(120_000)
  return simulation
}

describe('the links of Gnutella', () => {
  for (const seed of [1, 2, 3])
    it(`hold everybody together with few neighbours each, though all came at once (seed ${seed})`, () => {
      const simulation = grown(seed)
      const all = degrees(simulation)
      const mean = all.reduce((sum, degree) => sum + degree, 0) / NODES
      assert.ok(Math.min(...all) >= 2, `somebody has ${Math.min(...all)}`)
      assert.ok(Math.max(...all) <= GNUTELLA_DEFAULT.mostNeighbours)
      assert.ok(mean >= 3 && mean <= 5.5, `${mean} on average`)
      assert.equal(together(simulation), NODES)
    })

  it('are found anew when a third dies at once', () => {
    const simulation = grown(4)
    for (let node = 0; node < NODES; node += 3) simulation.kill(node)
    simulation.clock.runFor(60_000)
    assert.equal(together(simulation), NODES - 20)
    assert.ok(Math.min(...degrees(simulation)) >= 2)
  })

  it('are as many as everybody wants for itself', () => {
    const wants = (own: number) => ({
      ...GNUTELLA_DEFAULT,
      ...LIVELY,
      ...{ leastNeighbours: own, enoughNeighbours: own, mostNeighbours: Math.min(56, own + 4) },
    })
    const simulation = createSimulation(gnutella(wants(2)), { nodes: 0, seed: 5 })
    for (let node = 0; node < NODES; node++) simulation.addNode(gnutella(wants(node < 5 ? 16 : 2)))
    simulation.joinAll()
    simulation.clock.runFor(120_000)
    const all = degrees(simulation)
    assert.ok(Math.min(...all.slice(0, 5)) > Math.max(...all.slice(5)), all.join())
  })

  it('grow together again after half of the network was cut off for longer than anybody waits', () => {
    const simulation = grown(6)
    const half = Array.from({ length: NODES / 2 }, (_, node) => node)
    simulation.network.partition([half, half.map(node => node + NODES / 2)])
    simulation.clock.runFor(60_000)
    simulation.network.heal()
    simulation.clock.runFor(120_000)
    assert.equal(together(simulation), NODES)
  })

  it('bring two networks together when somebody joins the other one', () => {
    const simulation = createSimulation(gnutella(GNUTELLA_TESTNET), { nodes: 12, seed: 7 })
    for (let node = 0; node < 12; node++) simulation.join(node, node % 6 === 0 ? [] : [node < 6 ? 0 : 6])
    simulation.clock.runFor(10_000)
    const key = contentKey(new SeededRandom(1).bytes(34))
    simulation.publish(11, { kind: 'content', key })
    assert.equal(simulation.lookup(2, key).failure, 'not found')
    assert.equal(simulation.join(3, [8]).failure, undefined)
    simulation.clock.runFor(30_000)
    assert.equal(simulation.lookup(2, key).failure, undefined)
  })

  it('leave a newcomer a place, though its introducer has none', () => {
    const network = new GnutellaNetwork(line(4), { mostNeighbours: 2, enoughNeighbours: 2 })
    const { simulation } = network
    network.machine(1).state.hosts.learn({
      id: simulation.node(3).id,
      addresses: simulation.node(3).addresses(),
    })
    const newcomer = simulation.addNode()
    const outcome = simulation.join(newcomer.number, [1])
    assert.equal(outcome.failure, undefined)
    assert.ok(outcome.attempts > 1)
    assert.deepEqual(network.take('bye').length, 1)
  })

  it('are given up politely by who leaves, which holds no handle then but its own', () => {
    const simulation = grown(8)
    const key = contentKey(new SeededRandom(2).bytes(34))
    simulation.publish(3, { kind: 'content', key })
    simulation.beginLookup(4, key, {}, () => {})
    simulation.beginJoin(4, [9], () => {})
    for (const node of [3, 4]) simulation.leave(node)
    simulation.clock.runFor(30_000)
    assert.deepEqual(
      [3, 4].map(node => simulation.node(node).handlesHeld),
      [1, 1],
    )
    assert.equal(together(simulation), NODES - 2)
  })

  it('never hold more handles than neighbours, introducers and attempts need', () => {
    const simulation = grown(9)
    for (const node of simulation.alive())
      assert.ok(node.handlesHeld <= 1 + 8 + 8 + 4, `node ${node.number} holds ${node.handlesHeld}`)
    for (const { state } of machines(simulation)) assert.ok(state.hosts.size <= MAX_HOSTS)
  })
})

describe('Push in Gnutella', () => {
  const cabled = { connections: LIVE_CONNECTIONS }

  it('lets a provider that nobody can dial come to who asks', () => {
    const network = new GnutellaNetwork(line(4), {}, cabled)
    const { simulation } = network
    network.lookup(0, network.newKey())
    simulation.network.setDialable(3, false)
    const key = network.publish(3)
    const [pointer] = network.lookup(0, key).pointers
    const [asker, provider] = [simulation.node(0), simulation.node(3)]
    assert.equal(asker.isConnected(asker.meet(3)), false)
    network.sent.length = 0
    assert.equal(network.deliver(0, pointer!).failure, undefined)
    assert.equal(asker.isConnected(asker.meet(3)), true)
    assert.equal(provider.isConnected(provider.meet(0)), true)
    assert.deepEqual(
      network.take('push').map(({ from, to }) => `${from}-${to}`),
      ['0-1', '1-2', '2-3'],
    )
  })

  it('finds the way anew where it is forgotten', () => {
    const network = new GnutellaNetwork(line(3), {}, cabled)
    const key = network.publish(2)
    const [pointer] = network.lookup(0, key).pointers
    const other = new GnutellaNetwork(line(3), {}, cabled)
    other.simulation.publish(2, { kind: 'content', key })
    assert.equal(other.deliver(0, pointer!).failure, undefined)
  })

  it('fails when the provider is gone, and says so', () => {
    const network = new GnutellaNetwork(line(3), {}, cabled)
    const key = network.publish(2)
    const [pointer] = network.lookup(0, key).pointers
    network.simulation.kill(2)
    assert.equal(network.deliver(0, pointer!).failure, 'timed out')
    const stranger = new GnutellaNetwork(line(3), {}, cabled)
    assert.equal(stranger.deliver(0, pointer!).failure, 'unreachable')
  })

  it('is given up by who cannot be dialled either: there Gnutella ends, and a relay begins', () => {
    const network = new GnutellaNetwork(line(4), {}, cabled)
    network.lookup(0, network.newKey())
    for (const node of [0, 3]) network.simulation.network.setDialable(node, false)
    const [pointer] = network.lookup(0, network.publish(3)).pointers
    assert.equal(network.deliver(0, pointer!).failure, 'timed out')
  })
})

describe('the options of Gnutella', () => {
  it('have presets that make sense', () => {
    for (const options of [GNUTELLA_DEFAULT, GNUTELLA_04, GNUTELLA_TESTNET])
      assert.deepEqual(checkGnutellaOptions(options), { ok: true })
  })

  it('are refused in one clear sentence where they do not', () => {
    const said = (options: object) => {
      const verdict = checkGnutellaOptions({ ...GNUTELLA_DEFAULT, ...options })
      return verdict.ok ? '' : (verdict.detail ?? '')
    }
    assert.match(said({ ttl: 0 }), /ttl must be an integer from 1/)
    assert.match(said({ leastNeighbours: 9 }), /leastNeighbours \(9\) must not be more than enoughNeighbours/)
    assert.match(said({ ringTtls: [3, 2, 7] }), /ringTtls must rise to the TTL/)
    assert.throws(() => gnutella({ pingMs: 1 }), /pingMs/)
    assert.equal(gnutella({ ttl: 3 }).protocol, 'gnutella/1')
  })
})
