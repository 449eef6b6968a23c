import assert from 'node:assert/strict'
import { contentKey, contentPublications } from '@onehop/overlay'
import { describe, it } from 'mocha'
import { GnutellaNetwork, line, ring, type Sent } from './gnutella-network.ts'

function links(sent: readonly Sent[]): string[] {
  return sent.map(({ from, to }) => `${from}-${to}`)
}

describe('a query of Gnutella', () => {
  it('goes as far as its TTL, and no further', () => {
    const network = new GnutellaNetwork(line(10))
    const near = network.publish(7)
    const far = network.publish(8)
    const found = network.lookup(0, near)
    assert.equal(found.failure, undefined)
    assert.equal(found.hops, 7)
    network.take('query')
    assert.equal(network.lookup(0, far).failure, 'not found')
    assert.deepEqual(links(network.take('query')), ['0-1', '1-2', '2-3', '3-4', '4-5', '5-6', '6-7'])
  })

  it('counts its hops up and its TTL down', () => {
    const network = new GnutellaNetwork(line(4))
    network.lookup(0, network.newKey())
    const steps = network.take('query').map(({ message }) => message as { ttl: number; hops: number })
    assert.deepEqual(
      steps.map(({ ttl, hops }) => [ttl, hops]),
      [
        [7, 0],
        [6, 1],
        [5, 2],
      ],
    )
  })

  it('is passed on once, to all neighbours but the one it came from, and ends in a loop', () => {
    const network = new GnutellaNetwork([...ring(6), [0, 3]], { ttl: 15 })
    network.lookup(0, network.newKey())
    const sent = links(network.take('query'))
    assert.equal(new Set(sent).size, sent.length, `something went twice: ${sent}`)
    assert.equal(sent.length, 2 * 7 - 5, 'both ways over every link, but for those that brought it')
  })

  it('is answered along the way that it came, and nowhere else', () => {
    const network = new GnutellaNetwork([...line(5), [1, 5], [5, 6], [2, 6]])
    const key = network.publish(4)
    network.sent.length = 0
    assert.equal(network.lookup(0, key).hops, 4)
    assert.deepEqual(links(network.take('query-hit')), ['4-3', '3-2', '2-1', '1-0'])
  })

  it('by words finds contents that have them all, with every word’s pointer', () => {
    const network = new GnutellaNetwork(line(3))
    const multihash = network.random.bytes(34)
    const words = ['roman', 'holiday', 'mp4']
    for (const publication of contentPublications({ multihash, name: 'Roman Holiday.mp4', bytes: 5, words }))
      network.simulation.publish(2, publication)
    let found = 0
    network.machine(0).search(['holiday', 'roman'], { limit: 5, deadlineMs: 9_000 }, ({ pointers }) => {
      found = pointers.length
    })
    let missed: unknown
    network.machine(0).search(['holiday', 'paris'], { limit: 5, deadlineMs: 9_000 }, ({ failure }) => {
      missed = failure
    })
    network.simulation.clock.runFor(9_000)
    assert.equal(found, 2)
    assert.equal(missed, 'not found')
  })

  it('with expanding rings stays near when something is near', () => {
    const network = new GnutellaNetwork(line(8), { ringTtls: [1, 3, 7] })
    const [near, far] = [network.publish(1), network.publish(6)]
    network.sent.length = 0
    assert.equal(network.lookup(0, near).failure, undefined)
    assert.equal(network.take('query').length, 1)
    const outcome = network.lookup(0, far)
    assert.equal(outcome.failure, undefined)
    assert.equal(outcome.answeredBy, 'later try')
    assert.equal(network.take('query').length, 1 + 3 + 7)
  })

  it('is answered on the way where answers are kept, and goes no further there', () => {
    const network = new GnutellaNetwork(line(6), { hitCacheMs: 60_000 })
    const key = network.publish(5)
    assert.equal(network.lookup(0, key).hops, 5)
    network.sent.length = 0
    const again = network.lookup(0, key)
    assert.equal(again.hops, 1)
    assert.equal(network.take('query').length, 1)
    assert.equal(network.machine(1).inspect().load, 1)
    network.simulation.clock.runFor(120_000)
    assert.equal(network.lookup(0, key).hops, 5)
  })

  it('ends as not found when everybody who could answer had the time to', () => {
    const network = new GnutellaNetwork(line(8))
    const { failure, elapsedMs } = network.lookup(0, contentKey(network.random.bytes(34)))
    assert.equal(failure, 'not found')
    assert.ok(elapsedMs >= 7 * 40 && elapsedMs < 5_000, `${elapsedMs} ms`)
  })
})

describe('a Ping of Gnutella', () => {
  const ping = { leastNeighbours: 1, pingMs: 1_000, discoveryMs: 100 }

  it('is flooded in 0.4, and answered by everybody along the way back', () => {
    const network = new GnutellaNetwork(line(5), { ...ping, pongCaching: false })
    network.simulation.clock.runFor(1_500)
    const pings = network.sent.filter(({ message }) => message.type === 'ping')
    const far = pings.filter(({ message }) => (message as { hops: number }).hops === 3)
    assert.ok(far.length >= 2, 'none went through the whole line')
    const pongs = network.take('pong').filter(({ message }) => (message as { hops: number }).hops > 0)
    assert.ok(pongs.length > 0, 'nothing came back through others')
    assert.ok(network.machine(0).state.hosts.size >= 4, 'not everybody is known')
  })

  it('goes no further than the neighbour where Pongs are cached, and still tells of others', () => {
    const network = new GnutellaNetwork(line(5), { ...ping, pongCaching: true })
    network.simulation.clock.runFor(10_000)
    const pings = network.take('ping').map(({ message }) => (message as { hops: number }).hops)
    assert.ok(pings.length > 0 && pings.every(hops => hops === 0))
    assert.equal(network.machine(0).inspect().hosts, 4)
  })

  it('measures the neighbours’ round trips', () => {
    const network = new GnutellaNetwork(line(2), { ...ping, pongCaching: true })
    network.simulation.clock.runFor(3_000)
    assert.equal(network.machine(0).state.neighbours.slowestMs(), 40)
  })
})
