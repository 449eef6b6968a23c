import assert from 'node:assert/strict'
import { contentKey, type Key } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { createSimulation, type Simulation, uniformLatency } from '@onehop/simulator'
import { describe, it } from 'mocha'
import {
  assertKelipsInvariants,
  KELIPS_TESTNET,
  type KelipsMachine,
  type KelipsMessage,
  type KelipsOptions,
  kelips,
} from '../src/index.ts'

const SEEDS = Array.from({ length: 8 }, (_, i) => i + 1)
const SETTLE_MS = 5_000
const DEATH_MS = 12_000

interface Published {
  readonly key: Key
  readonly owner: number
}

class Town {
  readonly simulation: Simulation<KelipsMessage>
  readonly published: Published[] = []
  private readonly random: SeededRandom
  private readonly label: string

  constructor(nodes: number, seed: number, options: KelipsOptions = KELIPS_TESTNET) {
    const latency = uniformLatency(1, 40)
    this.simulation = createSimulation(kelips(options), { nodes, seed, latency })
    this.random = new SeededRandom(seed)
    this.label = `${nodes} nodes, seed ${seed}`
    this.simulation.joinAll()
    this.simulation.clock.runFor(SETTLE_MS)
    for (let owner = 0; owner < nodes; owner++) this.publish(owner)
  }

  publish(owner: number): void {
    const key = contentKey(this.random.bytes(22))
    const { failure, acknowledgements } = this.simulation.publish(owner, { kind: 'content', key })
    assert.equal(failure, undefined, `${this.label}: publishing on node ${owner}`)
    if (this.simulation.alive().length > 1) assert.ok(acknowledgements > 0, this.label)
    this.published.push({ key, owner })
  }

  /** Every node finds every living owner's key in one hop at most. */
  expectAllFound(when: string): void {
    for (const node of this.simulation.alive()) {
      for (const { key, owner } of this.published) {
        if (!this.simulation.node(owner).isAlive) continue
        const { failure, hops, pointers } = this.simulation.lookup(node.number, key)
        const label = `${this.label}, ${when}: node ${node.number} and the key of node ${owner}`
        assert.equal(failure, undefined, label)
        assert.ok(hops <= 1, `${label}: ${hops} hops`)
        assert.equal(pointers.length, 1, label)
      }
    }
    this.expectOrder()
  }

  expectOrder(): void {
    for (const node of this.simulation.alive()) {
      assertKelipsInvariants(node.machine as KelipsMachine)
      assert.deepEqual(node.penalties, [], this.label)
    }
  }
}

describe('small Kelips networks with four groups, most of them thin or empty', () => {
  for (const nodes of [1, 2, 3, 5, 8, 13])
    it(`of ${nodes} find every key from every node in at most one hop`, () => {
      for (const seed of SEEDS) {
        const town = new Town(nodes, seed)
        town.expectAllFound('at once')
        town.simulation.clock.runFor(40_000)
        town.expectAllFound('later')
      }
    })

  it('go on finding everything while nodes join, also into groups that were empty', () => {
    let filled = 0
    for (const seed of SEEDS) {
      const town = new Town(3, seed)
      const { simulation } = town
      for (let i = 0; i < 4; i++) {
        const node = simulation.addNode()
        const group = (node.machine as KelipsMachine).state.ownGroup
        const groupOf = (other: { machine: unknown }) => (other.machine as KelipsMachine).state.ownGroup
        if (!simulation.nodes.slice(0, -1).some(other => groupOf(other) === group)) filled++
        node.machine.join([node.meet(i % 3)], () => {})
        town.expectAllFound('while a node joins')
        simulation.clock.runFor(200)
        town.expectAllFound('just after')
        town.publish(node.number)
        simulation.clock.runFor(SETTLE_MS)
        town.expectAllFound('when it has settled')
      }
    }
    assert.ok(filled > 3, `only ${filled} empty groups were filled`)
  })

  it('let a node that enters through several members at once find everything from its first lookup on', () => {
    for (const seed of SEEDS) {
      const simulation = createSimulation(kelips(KELIPS_TESTNET), { nodes: 7, seed, verifyMs: 5 })
      simulation.joinAll()
      simulation.clock.runFor(SETTLE_MS)
      const key = contentKey(new SeededRandom(seed).bytes(22))
      simulation.publish(0, { kind: 'content', key })
      const { number } = simulation.addNode()
      const everybody = Array.from({ length: number }, (_, i) => i)
      assert.equal(simulation.join(number, everybody).failure, undefined, `seed ${seed}`)
      const { failure, hops } = simulation.lookup(number, key)
      assert.equal(failure, undefined, `seed ${seed}`)
      assert.ok(hops <= 1, `seed ${seed}: ${hops} hops`)
    }
  })

  it('keep every living owner’s keys when nodes die, one after the other', () => {
    for (const seed of SEEDS) {
      const town = new Town(8, seed)
      for (const victim of [7, 2, 5, 0, 3]) {
        town.simulation.kill(victim)
        town.simulation.clock.runFor(DEATH_MS)
        town.expectAllFound(`after node ${victim} died`)
      }
    }
  })

  it('move keys to the groups that become responsible at once, long before their next refresh', () => {
    const slow = { ...KELIPS_TESTNET, pointerRefreshMs: 200_000, pointerLifetimeMs: 300_000 }
    for (const seed of SEEDS) {
      const town = new Town(8, seed, slow)
      for (const victim of [7, 2, 5, 0, 3]) {
        town.simulation.kill(victim)
        town.simulation.clock.runFor(DEATH_MS)
        town.expectAllFound(`after node ${victim} died`)
      }
    }
  })

  it('find a key even in the second after the death of a member that held it', () => {
    for (const seed of SEEDS) {
      const town = new Town(8, seed)
      town.simulation.kill(4)
      town.simulation.clock.runFor(100)
      town.expectAllFound('0.1 s after a death')
    }
  })

  it('forget the dead within ten seconds, and those who leave at once', () => {
    for (const seed of SEEDS) {
      const { simulation } = new Town(8, seed)
      const knows = (node: { machine: unknown }, other: number) => {
        const machine = node.machine as KelipsMachine
        const { roster } = machine.state
        return [...roster.peers()].some(
          peer => roster.recordOf(peer)?.id.join() === simulation.node(other).id.join(),
        )
      }
      simulation.leave(6)
      simulation.clock.runFor(500)
      assert.ok(!simulation.alive().some(node => knows(node, 6)), `seed ${seed}: it left`)
      simulation.kill(3)
      simulation.clock.runFor(10_000)
      assert.ok(!simulation.alive().some(node => knows(node, 3)), `seed ${seed}: it died`)
    }
  })

  it('hold on to no handle that they do not need', () => {
    for (const seed of SEEDS.slice(0, 3)) {
      const town = new Town(8, seed)
      town.simulation.kill(7)
      town.simulation.clock.runFor(60_000)
      town.expectAllFound('later')
      for (const node of town.simulation.alive())
        assert.ok(node.handlesHeld <= 8, `${node.handlesHeld} handles`)
    }
  })
})
