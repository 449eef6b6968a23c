import assert from 'node:assert/strict'
import { contentPublications, contentWords, rankContents } from '@onehop/overlay'
import { describe, it } from 'mocha'
import { NAPSTER_TESTNET, napster } from '../src/napster/index.ts'
import { NapsterTown } from './napster-town.ts'

const { sessionTimeoutMs, rejoinIntervalMs } = NAPSTER_TESTNET
/** Until a server that died is noticed by everybody, and clients have found another. */
const DEATH_MS = 2 * sessionTimeoutMs
/** Until those that have lost a server have looked for it again. */
const RETURN_MS = 3 * rejoinIntervalMs + sessionTimeoutMs

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i)
}

describe('Napster’s servers', () => {
  it('answer in one hop and two messages, however many clients there are', () => {
    for (const clients of [5, 20, 60]) {
      const town = new NapsterTown(1, clients)
      const before = town.simulation.network.trafficOf(1).messagesSent
      const { hops, messages, elapsedMs } = town.lookup(1, town.keys[clients]!)
      assert.deepEqual([hops, messages], [1, 1])
      assert.equal(elapsedMs, 40)
      assert.equal(town.simulation.network.trafficOf(1).messagesSent - before, 1)
      assert.equal(town.inspect(0).load, clients + 1)
    }
  })

  it('confirm what clients publish, and hold it under their name', () => {
    const town = new NapsterTown(1, 2)
    const { acknowledgements, messages } = town.publish(1)
    assert.deepEqual([acknowledgements, messages], [1, 1])
    assert.equal(town.inspect(0).clientCount, 2)
    assert.equal(town.inspect(1).role, 'client')
    assert.ok(town.inspect(0).settled && town.inspect(1).settled)
  })

  it('search their lists together: two hops where another server has it', () => {
    const town = new NapsterTown(3, 9)
    town.run(3_000)
    for (const server of range(0, 3)) {
      assert.equal(town.inspect(server).servers.length, 2)
      assert.equal(town.inspect(server).clientCount, 3)
    }
    town.expectFound(range(0, 12))
    assert.equal(town.lookup(3, town.keys[6]!).hops, 1)
    assert.equal(town.lookup(3, town.keys[7]!).hops, 2)
    assert.equal(town.lookup(0, town.keys[7]!).hops, 1)
    assert.equal(town.lookup(4, town.newKey()).failure, 'not found')
    assert.equal(town.expectBlamed([]).size, 0)
  })

  it('rank by words what their lists have together', () => {
    const town = new NapsterTown(2, 6)
    town.run(3_000)
    const [popular, rare] = [new Uint8Array(22).fill(1), new Uint8Array(22).fill(2)]
    const publish = (node: number, multihash: Uint8Array, name: string) => {
      const content = { multihash, name, bytes: 9, words: contentWords(name) }
      for (const publication of contentPublications(content)) town.simulation.publish(node, publication)
    }
    for (const node of [2, 3, 4]) publish(node, popular, 'Roman Holiday.mp4')
    publish(5, rare, 'holiday.mp4')
    for (const node of range(0, 8)) {
      let pointers: Parameters<typeof rankContents>[1] = []
      const words = ['mp4', 'holiday']
      town.machine(node).search(words, { limit: 5, deadlineMs: 5_000 }, outcome => {
        pointers = outcome.pointers
      })
      town.run(1_000)
      const contents = rankContents(words, pointers)
      assert.deepEqual(
        contents.map(({ multihash, providers }) => [multihash[0], providers]),
        [
          [1, 3],
          [2, 1],
        ],
      )
    }
  })

  it('take everything with them when the only one dies: lookups fail within seconds, and say so', () => {
    const town = new NapsterTown(1, 6)
    town.simulation.kill(0)
    for (const node of [1, 2]) {
      const { failure, elapsedMs, pointers } = town.lookup(node, town.keys[3]!)
      assert.ok(failure === 'unreachable' || failure === 'timed out', failure)
      assert.equal(pointers.length, 0)
      assert.ok(elapsedMs < 3_000, `${elapsedMs} ms`)
    }
    const lost = town.simulation.publish(4, { kind: 'content', key: town.newKey() })
    assert.ok(lost.failure === 'unreachable' || lost.failure === 'timed out', lost.failure)
    town.run(DEATH_MS)
    assert.equal(town.inspect(3).phase, 'lost')
    assert.equal(town.inspect(3).settled, false)
    assert.equal(town.lookup(3, town.keys[5]!).failure, 'unreachable')
  })

  it('find their clients again when they come back, and everything with them, also what was published meanwhile', () => {
    const town = new NapsterTown(1, 6)
    town.simulation.kill(0)
    town.run(DEATH_MS)
    const key = town.newKey()
    assert.ok(town.simulation.publish(2, { kind: 'content', key }).failure !== undefined)
    town.keys[2] = key
    town.simulation.restart(0, napster({ ...NAPSTER_TESTNET, role: 'server' }))
    town.simulation.join(0, [])
    town.run(RETURN_MS)
    assert.equal(town.inspect(0).clientCount, 6)
    town.expectFound(range(1, 7))
  })

  it('become servers again when their former clients say that they are, whatever their role', () => {
    const town = new NapsterTown(1, 3)
    town.simulation.kill(0)
    town.run(1_000)
    town.simulation.restart(0)
    assert.equal(town.simulation.join(0, [2]).failure, undefined)
    town.run(RETURN_MS)
    assert.equal(town.inspect(0).role, 'server')
    town.expectFound([1, 2, 3])
  })

  it('stand in for one that dies: its clients upload to another, and all is found', () => {
    for (const seed of [1, 2, 3]) {
      const town = new NapsterTown(3, 9, {}, { seed })
      town.run(3_000)
      town.simulation.kill(1)
      const during = town.lookup(4, town.keys[3]!)
      assert.equal(during.failure, undefined, `seed ${seed}: a lookup of a client whose server just died`)
      town.run(DEATH_MS)
      town.expectFound([0, 2, ...range(3, 12)])
      for (const client of range(3, 12)) assert.equal(town.inspect(client).phase, 'in')
      assert.equal(town.inspect(0).servers.length, 1)
      assert.equal(town.lookup(5, town.newKey()).failure, 'not found')
    }
  })

  it('say so while another is silent: nothing found is then not the same as nothing there', () => {
    const town = new NapsterTown(2, 4)
    town.run(3_000)
    town.simulation.network.partition([
      [0, 2, 4],
      [1, 3, 5],
    ])
    assert.equal(town.lookup(2, town.keys[3]!).failure, 'timed out')
    town.run(DEATH_MS)
    assert.equal(town.lookup(2, town.keys[3]!).failure, 'not found')
    town.expectFound([0, 2, 4], [0, 2, 4])
    town.expectFound([1, 3, 5], [1, 3, 5])
    town.simulation.network.heal()
    town.run(RETURN_MS)
    town.expectFound(range(0, 6))
  })

  it('are out of reach for clients that are cut off from the only one, until the network heals', () => {
    const town = new NapsterTown(1, 5)
    town.simulation.network.partition([
      [0, 1, 2],
      [3, 4, 5],
    ])
    town.run(DEATH_MS)
    town.expectFound([0, 1, 2], [0, 1, 2])
    assert.equal(town.lookup(1, town.keys[4]!).failure, 'not found')
    assert.ok(town.lookup(3, town.keys[4]!).failure !== undefined)
    town.simulation.network.heal()
    town.run(RETURN_MS)
    town.expectFound(range(0, 6))
  })

  it('that leave send their clients to the others at once', () => {
    const town = new NapsterTown(2, 6)
    town.run(3_000)
    town.simulation.leave(0)
    town.run(500)
    for (const client of range(2, 8)) assert.equal(town.inspect(client).phase, 'in')
    town.expectFound(range(1, 8))
    assert.equal(town.simulation.node(0).handlesHeld, 1)
  })

  it('of two networks become linked when a node of one joins a node of the other, server or client', () => {
    for (const joiner of [0, 4]) {
      const town = new NapsterTown(0, 4)
      for (const node of range(4, 8)) {
        town.simulation.addNode()
        town.simulation.join(node, node === 4 ? [] : [4])
        town.publish(node)
      }
      assert.equal(town.lookup(1, town.keys[6]!).failure, 'not found')
      const from = joiner === 0 ? 0 : 5
      assert.equal(town.simulation.join(from, [joiner === 0 ? 6 : 2]).failure, undefined)
      town.run(3_000)
      for (const node of range(0, 8))
        for (const owner of range(0, 8))
          assert.equal(town.lookup(node, town.keys[owner]!).failure, undefined, `${node} and ${owner}`)
    }
  })

  it('that are full send clients to another', () => {
    const town = new NapsterTown(2, 6, { maxClients: 3 })
    const late = town.simulation.addNode().number
    assert.equal(town.simulation.join(late, [0]).failure, 'no peers')
    town.simulation.leave(2)
    town.run(RETURN_MS)
    assert.equal(town.inspect(late).phase, 'in')
    assert.equal(town.inspect(0).clientCount + town.inspect(1).clientCount, 6)
  })

  it('that nobody trusts are not linked, and no client logs in there', () => {
    const town = new NapsterTown(1, 2)
    const trusted = [town.simulation.node(0).id]
    const options = { ...NAPSTER_TESTNET, trustedServers: trusted }
    const [picky, other] = [
      town.simulation.addNode(napster({ ...options, role: 'client' })).number,
      town.simulation.addNode(napster({ ...NAPSTER_TESTNET, role: 'server' })).number,
    ]
    town.simulation.join(other, [])
    assert.equal(town.simulation.join(picky, [other]).failure, 'no peers')
    assert.equal(town.simulation.join(picky, [0]).failure, undefined)
  })
})
