import assert from 'node:assert/strict'
import { utf8Encode } from '@onehop/primitives'
import { uniformLatency } from '@onehop/simulator'
import { describe, it } from 'mocha'
import { PastryTown } from './pastry-town.ts'

const GROUP = new Uint8Array(32).fill(0x5c)
const OTHER = new Uint8Array(32).fill(0xa1)

/** Everybody of the list listens; what each has heard. */
function listeners(town: PastryTown, nodes: readonly number[], group = GROUP): Map<number, string[]> {
  const heard = new Map<number, string[]>()
  for (const node of nodes) {
    const list: string[] = []
    heard.set(node, list)
    town.machine(node).scribe.subscribe(group, payload => list.push(String.fromCharCode(...payload)))
  }
  town.run(3_000)
  return heard
}

function say(town: PastryTown, node: number, text: string, group = GROUP): void {
  town.machine(node).scribe.multicast(group, utf8Encode(text))
  town.run(3_000)
}

function evens(town: PastryTown): number[] {
  return town.alive().filter(node => node % 2 === 0)
}

describe('Scribe on Pastry', () => {
  it('brings a multicast to every subscriber once, whoever sends it, and to nobody else', () => {
    const town = new PastryTown(80, 50)
    const heard = listeners(town, evens(town))
    const others = listeners(town, [1, 3], OTHER)
    for (const node of [0, 1, 33, 64]) say(town, node, `from ${node}`)
    for (const [node, list] of heard)
      assert.deepEqual(list, ['from 0', 'from 1', 'from 33', 'from 64'], `node ${node}`)
    for (const list of others.values()) assert.deepEqual(list, [])
  })

  it('makes a tree: one root, the closest node to the key, and every child of one parent', () => {
    const town = new PastryTown(120, 51)
    listeners(town, town.alive())
    const groups = town.alive().map(node => ({ node, group: town.machine(node).scribe.groups.find(GROUP)! }))
    const roots = groups.filter(({ group }) => group.isRoot)
    assert.deepEqual(
      roots.map(({ node }) => node),
      town.closest(GROUP, 1),
    )
    const links = groups.reduce((sum, { group }) => sum + group.children.size, 0)
    assert.equal(links, groups.length - 1)
    assert.ok(Math.max(...groups.map(({ group }) => group.children.size)) < 60, 'the root does it all')
    const deepest = Math.max(...groups.map(({ group }) => group.depth))
    assert.ok(deepest >= 2 && deepest <= 5, `a tree ${deepest} deep`)
  })

  it('repairs the tree when forwarders and the root die', () => {
    const town = new PastryTown(80, 52)
    const heard = listeners(town, evens(town))
    for (let round = 0; round < 3; round++) {
      town.simulation.kill(town.closest(GROUP, 1)[0]!)
      for (const node of town.alive().filter(other => other % 10 === 2 * round + 1))
        town.simulation.kill(node)
      town.run(30_000)
      const from = town.alive()[5]!
      say(town, from, `round ${round}`)
      for (const node of evens(town)) assert.equal(heard.get(node)?.at(-1), `round ${round}`, `node ${node}`)
    }
  })

  it('moves the root to a node that comes and is closer, without losing anybody', () => {
    const town = new PastryTown(20, 53)
    const heard = listeners(town, evens(town))
    const before = town.closest(GROUP, 1)[0]
    for (let i = 0; i < 60 && town.closest(GROUP, 1)[0] === before; i++)
      town.simulation.join(town.simulation.addNode().number, [i % 20])
    assert.notEqual(town.closest(GROUP, 1)[0], before)
    town.run(30_000)
    say(town, 3, 'moved')
    for (const [node, list] of heard) assert.deepEqual(list, ['moved'], `node ${node}`)
    assert.equal(town.machine(town.closest(GROUP, 1)[0]!).scribe.groups.find(GROUP)?.isRoot, true)
  })

  it('takes down the branches that nobody needs', () => {
    const town = new PastryTown(60, 54)
    const cancels = town.alive().map(node => town.machine(node).scribe.subscribe(GROUP, () => {}))
    town.run(5_000)
    for (const cancel of cancels) cancel()
    town.run(30_000)
    for (const node of town.alive()) assert.equal(town.machine(node).scribe.groups.size, 0)
  })

  it('delivers once where messages come late, twice and out of order', () => {
    const town = new PastryTown(
      40,
      55,
      {},
      { latency: uniformLatency(1, 60), duplicateFraction: 0.2, reorderFraction: 0.2, checksCodec: true },
    )
    const heard = listeners(town, evens(town))
    for (let i = 0; i < 10; i++) say(town, i, String(i))
    for (const [node, list] of heard)
      assert.deepEqual(list, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], `node ${node}`)
  })

  it('takes part before the node has entered, and is in the tree when it has', () => {
    const town = new PastryTown(20, 56)
    const late = town.simulation.addNode().number
    const heard = listeners(town, [late])
    town.simulation.join(late, [4])
    town.run(10_000)
    say(town, 2, 'hello')
    assert.deepEqual(heard.get(late), ['hello'])
  })

  it('refuses payloads that are too long', () => {
    const town = new PastryTown(1, 57)
    assert.throws(() => town.machine(0).scribe.multicast(GROUP, new Uint8Array(16_385)), /at most 16384/)
  })
})
