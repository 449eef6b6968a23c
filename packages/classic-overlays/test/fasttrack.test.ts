import assert from 'node:assert/strict'
import { contentPublications, nameKey, type Outcome, rankContents } from '@onehop/overlay'
import { LIVE_CONNECTIONS, uniformLatency } from '@onehop/simulator'
import { checkFastTrackOptions, FASTTRACK_DEFAULT, FASTTRACK_TESTNET } from '../src/fasttrack/index.ts'
import { FastTrackNetwork } from './fasttrack-network.ts'

const seconds = (count: number) => count * 1000

describe('FastTrack', () => {
  it('sends queries among supernodes only, each at most once over a link in each direction', () => {
    const network = new FastTrackNetwork({}, { nodes: 24, seed: 1 }).joinAll().pass(seconds(10))
    const key = network.publishNew(network.ordinary()[0]!)
    const supernodes = network.supernodes()
    assert.ok(supernodes.length >= 4)
    const sent = network.record()
    for (const node of network.ordinary()) assert.ok(network.finds(node, key))
    const queries = sent.flatMap(({ from, to, message }) =>
      message.type === 'query' ? [{ from, to, id: `${message.high}/${message.low}` }] : [],
    )
    assert.ok(queries.length > 0)
    for (const { from, to } of queries) assert.ok(supernodes.includes(from) && supernodes.includes(to))
    const crossings = queries.map(({ from, to, id }) => `${from}>${to} ${id}`)
    assert.equal(new Set(crossings).size, crossings.length)
  })

  it('answers what its own children have without a query when as much is found as is wanted', () => {
    const network = new FastTrackNetwork({}, { nodes: 24, seed: 2 }).joinAll().pass(seconds(10))
    const supernode = network.supernodes().find(node => network.childrenOf(node).length >= 2)!
    const [one, other] = network.childrenOf(supernode)
    const key = network.publishNew(one!)
    const sent = network.record()
    const outcome = network.simulation.lookup(other!, key, { limit: 1 })
    assert.equal(outcome.hops, 1)
    assert.deepEqual(
      sent.map(({ message }) => message.type).filter(type => type === 'query'),
      [],
    )
  })

  it('sends all words of a search in one query, and is answered content by content', () => {
    const network = new FastTrackNetwork({}, { nodes: 16, seed: 12 }).joinAll().pass(seconds(10))
    const publisher = network.ordinary()[0]!
    const words = ['roman', 'holiday', 'mp4']
    for (const number of [1, 2]) {
      const multihash = Uint8Array.of(0x11, 0x02, 7, number)
      const content = { multihash, name: `Roman Holiday ${number}.mp4`, bytes: 1, words }
      for (const publication of contentPublications(content))
        network.simulation.publish(publisher, publication)
    }
    const asker = network.ordinary().find(node => network.parentOf(node) !== network.parentOf(publisher))!
    const sent = network.record()
    const found: Outcome[] = []
    network.machine(asker).search(words, { limit: 5, deadlineMs: 10_000 }, outcome => found.push(outcome))
    network.pass(seconds(10))
    const ids = sent.flatMap(({ message }) =>
      message.type === 'query' ? [`${message.high}/${message.low}`] : [],
    )
    assert.equal(new Set(ids).size, 1)
    assert.equal(rankContents(words, found[0]!.pointers).length, 2)
  })

  it('does not find what is farther away than its time to live', () => {
    // Three links at most on a graph of dozens: some are more than a hop away.
    const network = new FastTrackNetwork(
      { ttl: 1, neighbours: 3, childrenMost: 2, opinions: 1 },
      { nodes: 40, seed: 3 },
    )
    network.joinAll().pass(seconds(10))
    const [first] = network.supernodes()
    const near = new Set(network.neighboursOf(first!))
    const far = network.supernodes().find(node => node !== first && !near.has(node))
    assert.ok(far !== undefined)
    const key = network.publishNew(far)
    assert.equal(network.finds(first!, key), false)
    for (const node of near) {
      const key = network.publishNew(node)
      if (network.neighboursOf(first!).includes(node)) assert.equal(network.finds(first!, key), true)
    }
  })

  it('finds a user by name from anywhere, before and after the user is somewhere else (Skype)', () => {
    const network = new FastTrackNetwork({}, { nodes: 16, seed: 4 }).joinAll().pass(seconds(5))
    const alice = network.ordinary()[0]!
    const key = nameKey('alice')
    // A peer id is a multihash: a name leads to it as to any content.
    network.simulation.publish(alice, { kind: 'name', key, target: network.node(alice).id })
    const locate = (node: number) => network.simulation.lookup(node, key).pointers[0]
    for (const { number } of network.simulation.alive())
      assert.deepEqual(locate(number)?.addresses, network.node(alice).addresses())
    network.simulation.kill(network.parentOf(alice)!)
    network.pass(seconds(10))
    for (const { number } of network.simulation.alive())
      assert.deepEqual(locate(number)?.provider, network.node(alice).id)
  })

  it('brings a firewalled provider to who asks for it, through its supernode', () => {
    const network = new FastTrackNetwork(
      {},
      { nodes: 12, seed: 5, connections: LIVE_CONNECTIONS, latency: uniformLatency(5, 20) },
    )
    network.joinAll().pass(seconds(10))
    const provider = network.ordinary()[0]!
    const key = network.publishNew(provider)
    const asker = network.ordinary().find(node => network.parentOf(node) !== network.parentOf(provider))!
    network.simulation.network.setDialable(provider, false)
    const [pointer] = network.simulation.lookup(asker, key).pointers
    let acknowledgements = 0
    network.machine(asker).requestDelivery(pointer!, outcome => {
      acknowledgements = outcome.acknowledgements
    })
    network.pass(seconds(10))
    assert.equal(acknowledgements, 1)
  })

  it('remembers supernodes over a restart, and joins through them without an introducer', () => {
    const network = new FastTrackNetwork({}, { nodes: 12, seed: 6 }).joinAll().pass(seconds(5))
    const node = network.ordinary()[0]!
    const hosts = network.machine(node).hosts()
    assert.ok(hosts.length >= 2)
    network.simulation.kill(node)
    network.simulation.restart(node)
    network.machine(node).adoptHosts(hosts)
    assert.equal(network.simulation.join(node, []).failure, undefined)
    assert.ok(network.parentOf(node) !== undefined)
  })

  it('holds no handle but its own after it has left', () => {
    for (const seed of [7, 8, 9]) {
      const network = new FastTrackNetwork({}, { nodes: 16, seed }).joinAll().pass(seconds(5))
      for (const node of [1, 5]) network.publishNew(node)
      network.simulation.kill(3)
      network.pass(seconds(20))
      const key = network.publishNew(2)
      for (const { number } of network.simulation.alive()) network.finds(number, key)
      network.machine(4).search(['a', 'b'], { limit: 1, deadlineMs: 10_000 }, () => {})
      for (const node of [...network.simulation.alive()]) {
        node.machine.leave()
        assert.equal(node.handlesHeld, 1, `node ${node.number} (seed ${seed})`)
        node.kill()
        network.pass(300)
      }
    }
  })

  it('says what is wrong with options that make no sense', () => {
    for (const options of [FASTTRACK_DEFAULT, FASTTRACK_TESTNET])
      assert.equal(checkFastTrackOptions(options).ok, true)
    for (const change of [
      { ttl: 0 },
      { childrenMost: 1.5 },
      { silentAfterMs: 40_000 },
      { childrenLeast: 100 },
    ]) {
      const verdict = checkFastTrackOptions({ ...FASTTRACK_DEFAULT, ...change })
      assert.ok(!verdict.ok && verdict.detail?.includes(Object.keys(change)[0]!))
    }
  })
})
