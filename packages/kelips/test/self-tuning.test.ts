import assert from 'node:assert/strict'
import { contentKey, type Key, keyHash32 } from '@onehop/overlay'
import { randomBelow, SeededRandom } from '@onehop/primitives'
import { createSimulation, type Simulation, uniformLatency } from '@onehop/simulator'
import { describe, it } from 'mocha'
import {
  assertKelipsInvariants,
  covers,
  KELIPS_TESTNET,
  type KelipsMachine,
  type KelipsMessage,
  type KelipsOptions,
  kelips,
} from '../src/index.ts'

/** Small groups and short rounds, so that a few hundred nodes go through many depths in a few virtual minutes. */
const OPTIONS: KelipsOptions = {
  ...KELIPS_TESTNET,
  groups: 'auto',
  minimumGroupMembers: 6,
  contactsPerGroup: 2,
  gossipBytesPerSecond: 8_192,
  suspectAfterMs: 8_000,
  memberLifetimeMs: 20_000,
  pointerLifetimeMs: 600_000,
  pointerRefreshMs: 200_000,
}

interface Published {
  readonly key: Key
  readonly owner: number
}

/** A network that grows and shrinks, with publications of those who stay. */
class Town {
  readonly simulation: Simulation<KelipsMessage>
  readonly living: number[] = []
  readonly published: Published[] = []
  private readonly random: SeededRandom

  constructor(seed: number) {
    const latency = uniformLatency(1, 40)
    this.simulation = createSimulation(kelips(OPTIONS, { tables: 'shared' }), { nodes: 0, seed, latency })
    this.random = new SeededRandom(seed)
  }

  state(node: number) {
    return (this.simulation.node(node).machine as KelipsMachine).state
  }

  get depths(): number[] {
    return this.living.map(node => this.state(node).own.depth)
  }

  /** Adds nodes, `perSecond` of them in a second. */
  grow(to: number, perSecond: number, look: () => void = () => {}): void {
    while (this.living.length < to) {
      for (let i = 0; i < perSecond && this.living.length < to; i++) {
        const node = this.simulation.addNode()
        const introducer = this.anyLiving()
        node.machine.join(introducer === undefined ? [] : [node.meet(introducer)], () => {})
        this.living.push(node.number)
      }
      this.simulation.clock.runFor(1_000)
      look()
    }
  }

  /** Removes nodes, never the first ones, `perSecond` of them in a second. Every other one says goodbye. */
  shrink(to: number, perSecond: number, look: () => void = () => {}): void {
    while (this.living.length > to) {
      for (let i = 0; i < perSecond && this.living.length > to; i++) {
        const node = this.living.pop() as number
        if (node % 2 === 0) this.simulation.leave(node)
        else this.simulation.kill(node)
      }
      this.simulation.clock.runFor(1_000)
      look()
    }
  }

  publish(owner: number): void {
    const key = contentKey(this.random.bytes(22))
    const { failure } = this.simulation.publish(owner, { kind: 'content', key })
    assert.equal(failure, undefined, `publishing on node ${owner}`)
    this.published.push({ key, owner })
  }

  /** Lookups of random keys from random nodes: those that fail. */
  failures(count: number): string[] {
    const failed: string[] = []
    for (let i = 0; i < count; i++) {
      const from = this.anyLiving() as number
      const { key, owner } = this.published[randomBelow(this.random.next, this.published.length)]!
      const { failure, attempts } = this.simulation.lookup(from, key)
      if (failure === undefined) continue
      const holders = this.living.filter(node => this.state(node).filetuples.find(key, 0, 1).length > 0)
      const covering = this.living.filter(node => this.covers(node, key))
      failed.push(
        `${this.living.length} nodes, from ${from} (depth ${this.state(from).own.depth}) for a key of ${owner}: ` +
          `${failure} after ${attempts}; ${holders.length} hold it, ${covering.length} should`,
      )
    }
    return failed
  }

  covers(node: number, key: Key): boolean {
    const { environment, own } = this.state(node)
    return covers(own.depth, environment.hash32(environment.self), keyHash32(key))
  }

  expectOrder(): void {
    for (const number of this.living) {
      const node = this.simulation.node(number)
      assertKelipsInvariants(node.machine as KelipsMachine)
      assert.deepEqual(node.penalties, [])
    }
  }

  private anyLiving(): number | undefined {
    return this.living.length === 0
      ? undefined
      : this.living[randomBelow(this.random.next, this.living.length)]
  }
}

describe('k that tunes itself', () => {
  it('follows a network from 3 nodes to 240 and back to 10, and no lookup fails on the way', () => {
    const town = new Town(31)
    const failed: string[] = []
    const look = () => failed.push(...town.failures(3))
    town.grow(3, 1)
    for (let i = 0; i < 12; i++) town.publish(i % 3)
    town.grow(15, 1, look)
    assert.equal(Math.max(...town.depths), 0, 'fifteen nodes are one group')
    town.grow(240, 4, look)
    town.simulation.clock.runFor(60_000)
    const grown = town.depths
    assert.ok(Math.min(...grown) >= 2 && Math.max(...grown) <= 5, `depths ${[...new Set(grown)]}`)
    town.expectOrder()
    town.shrink(10, 4, look)
    town.simulation.clock.runFor(60_000)
    assert.ok(Math.max(...town.depths) <= 1, 'ten nodes are one group or two')
    failed.push(...town.failures(100))
    assert.deepEqual(failed, [])
    town.expectOrder()
  })

  it('leaves nobody without holders when most of a network dies at once: the owners bring everything again', () => {
    const town = new Town(32)
    town.grow(120, 8)
    for (let owner = 0; owner < 10; owner++) for (let i = 0; i < 4; i++) town.publish(owner)
    town.simulation.clock.runFor(60_000)
    assert.ok(Math.min(...town.depths) >= 2)
    town.shrink(10, 110)
    town.simulation.clock.runFor(120_000)
    assert.ok(Math.max(...town.depths) <= 1)
    assert.deepEqual(town.failures(200), [])
  })

  it('lets neighbours disagree: whoever is two levels deeper or shallower is still answered in one hop', () => {
    const town = new Town(33)
    town.grow(160, 8)
    for (let owner = 0; owner < 24; owner++) town.publish(owner)
    town.simulation.clock.runFor(60_000)
    for (const node of town.living) {
      const { prefixes, own } = town.state(node)
      const change = (node % 3) - 1
      const depth = Math.max(0, own.depth + change)
      prefixes!.saidDepth = depth
      own.depth = depth
      if (change < 0) town.state(node).setTableDepth(depth)
    }
    assert.ok(new Set(town.depths).size >= 3)
    town.simulation.clock.runFor(2_000)
    let oneHop = 0
    for (let i = 0; i < 300; i++) {
      const { key } = town.published[i % town.published.length]!
      const { failure, hops } = town.simulation.lookup(town.living[(i * 7) % town.living.length]!, key)
      assert.equal(failure, undefined)
      if (hops <= 1) oneHop++
    }
    assert.ok(oneHop >= 270, `${oneHop} of 300 in one hop`)
  })
})

describe('a new filetuple', () => {
  it('is known to 99 of 100 members of its group within a second', () => {
    const town = new Town(34)
    town.grow(200, 8)
    town.simulation.clock.runFor(60_000)
    for (let i = 0; i < 10; i++) {
      town.publish(i)
      const { key } = town.published.at(-1)!
      town.simulation.clock.runFor(1_000)
      const covering = town.living.filter(node => town.covers(node, key))
      const holding = covering.filter(node => town.state(node).filetuples.find(key, 0, 1).length > 0)
      assert.ok(holding.length >= 0.99 * covering.length - 1, `${holding.length} of ${covering.length}`)
    }
  })
})

for (const [nodes, rounds] of [
  [100, 6],
  [400, 13],
] as const)
  describe(`${nodes} nodes that enter at once`, () => {
    it(`know each other in fewer than ${rounds} rounds`, () => {
      const options = { ...OPTIONS, groups: 10, contactsPerGroup: 2 }
      const simulation = createSimulation(kelips(options, { tables: 'shared' }), { nodes, seed: 35 })
      simulation.joinAll()
      const completeness = () => {
        let known = 0
        let all = 0
        for (const { machine } of simulation.nodes) {
          const { roster, ownGroup } = (machine as KelipsMachine).state
          const members = simulation.nodes.filter(
            other => (other.machine as KelipsMachine).state.ownGroup === ownGroup,
          )
          known += roster.viewSize
          all += members.length - 1
        }
        return known / all
      }
      let taken = 0
      for (; completeness() < 0.99 && taken < rounds; taken++)
        simulation.clock.runFor(options.gossipIntervalMs)
      assert.ok(taken < rounds, `after ${taken} rounds only ${completeness()} are known`)
    })
  })
