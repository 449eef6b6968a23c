import assert from 'node:assert/strict'
import { KEEP_ALIVE } from '@libp2p/interface'
import { MAX_SERVING_CONNECTIONS } from '../src/index.ts'
import { leastUsefulLink } from '../src/link-room.ts'
import { directoryOverlay } from './support/directory-overlay.ts'
import {
  type OverlayNode,
  type ProbedNode,
  startOverlay,
  startProbed,
  stopOverlays,
  until,
} from './support/overlays.ts'

function link(usedAtMs: number, isInbound = false) {
  return { usedAtMs, isInbound }
}

describe('room for links', () => {
  const NOW = 1_000_000

  it('is there up to the limit', () => {
    assert.equal(leastUsefulLink([link(0), link(1)], 2, NOW), undefined)
  })

  it('is made by closing the one that was unused for longest', () => {
    assert.deepEqual(leastUsefulLink([link(3), link(1), link(2)], 2, NOW), link(1))
  })

  it('is made among those who dialled us when they are more than half', () => {
    const links = [link(0), link(5, true), link(4, true), link(6, true)]
    assert.deepEqual(leastUsefulLink(links, 3, NOW), link(4, true))
  })

  it('waits for those in use, but not without end', () => {
    const busy = Array.from({ length: 5 }, (_, i) => link(NOW - i))
    assert.equal(leastUsefulLink(busy.slice(0, 4), 2, NOW), undefined)
    assert.deepEqual(leastUsefulLink(busy, 2, NOW), link(NOW - 4))
  })
})

describe('links of an overlay', () => {
  afterEach(stopOverlays)

  function meet(node: ProbedNode, other: ProbedNode) {
    const { environment } = node.probe
    const peer = environment.intern(other.node.peerId.toMultihash().bytes)
    environment.learnAddresses(peer, [new Uint8Array(other.node.getMultiaddrs()[0]!.bytes)])
    return peer
  }

  async function tagsOf(node: OverlayNode<unknown>, other: OverlayNode<unknown>): Promise<string[]> {
    const peer = await node.peerStore.get(other.peerId)
    return [...peer.tags.keys()]
  }

  it('are tagged for libp2p while they are open, and know at once who is connected', async () => {
    const [first, second] = [await startProbed(), await startProbed()]
    const peer = meet(first, second)
    assert.equal(first.probe.environment.isConnected(peer), false)
    first.probe.environment.send(peer, { type: 'ask', key: 'ab' })
    await until('it arrived', () => second.probe.received.length === 1)
    assert.equal(first.probe.environment.isConnected(peer), true)
    await until('it is tagged', async () =>
      (await tagsOf(first.node, second.node)).includes('onehop-overlay'),
    )
    await second.node.stop()
    await until('it is known to be gone', () => !first.probe.environment.isConnected(peer))
    await until('the tag is gone', async () => (await tagsOf(first.node, second.node)).length === 0)
  })

  it('stay below the limit: what the overlay dialled and nobody uses is closed again', async () => {
    let now = Date.now()
    const hub = await startProbed({ maxConnections: 4, clock: () => now })
    const others = await Promise.all(Array.from({ length: 6 }, () => startProbed()))
    for (const [index, other] of others.entries()) {
      hub.probe.environment.send(meet(hub, other), { type: 'ask', key: 'ab' })
      await until('it arrived', () => other.probe.received.length === 1)
      now += 10_000 + index
    }
    await until('four are left', () => hub.node.getConnections().length === 4)
    assert.equal(hub.overlay.linkCount, 4)
    assert.equal(hub.overlay.stats().linksEvicted, 2)
    const left = hub.node.getConnections().map(({ remotePeer }) => remotePeer.toString())
    assert.deepEqual(
      left.sort(),
      others
        .slice(2)
        .map(({ node }) => node.peerId.toString())
        .sort(),
    )
    hub.probe.environment.send(meet(hub, others[0]!), { type: 'ask', key: 'ab' })
    await until('a closed one is reached again', () => others[0]!.probe.received.length === 2)
    assert.equal(hub.probe.unreachable.length, 0)
  })

  it('are as many as the machine wants while it serves others', async () => {
    const hub = await startProbed({ maxConnections: 4 })
    Object.assign(hub.probe.machine, { connectionsWanted: 5 })
    assert.equal(hub.overlay.connectionsWanted, 5)
    Object.assign(hub.probe.machine, { connectionsWanted: 3 })
    assert.equal(hub.overlay.connectionsWanted, 4)
    Object.assign(hub.probe.machine, { connectionsWanted: 1_000_000 })
    assert.equal(hub.overlay.connectionsWanted, MAX_SERVING_CONNECTIONS)
  })

  it('outlive a connection that ends with the message that it brought', async () => {
    const [first, second] = [await startProbed(), await startProbed()]
    const { environment } = second.probe
    const peer = meet(second, first)
    meet(first, second)
    for (let round = 1; round <= 8; round++) {
      environment.send(peer, { type: 'ask', key: 'ab' })
      environment.send(peer, { type: 'store', key: 'ab' })
      await until('both are connected', () => environment.isConnected(peer))
      await until('the stream is open', () => second.overlay.linkCount === 1)
      await Promise.all(second.node.getConnections().map(connection => connection.close()))
      await until('the connection is gone', () => second.overlay.linkCount === 0)
    }
    environment.send(peer, { type: 'ask', key: 'ab' })
    await until('an answer comes', () => second.probe.received.some(({ type }) => type === 'found'))
    assert.deepEqual([...first.probe.unreachable, ...second.probe.unreachable], [])
  })

  it('leave alone what another protocol holds on to', async () => {
    let now = Date.now()
    const hub = await startProbed({ maxConnections: 4, clock: () => now })
    const others = await Promise.all(Array.from({ length: 5 }, () => startProbed()))
    for (const other of others) {
      hub.probe.environment.send(meet(hub, other), { type: 'ask', key: 'ab' })
      await until('it arrived', () => other.probe.received.length === 1)
      await hub.node.peerStore.merge(other.node.peerId, { tags: { [`${KEEP_ALIVE}-friend`]: { value: 1 } } })
      now += 10_000
    }
    await until('four links are left', () => hub.overlay.linkCount === 4)
    await until('the fifth is cold', async () => {
      const tags = await tagsOf(hub.node, others[0]!.node)
      return !tags.includes('onehop-overlay')
    })
    assert.equal(hub.node.getConnections().length, 5)
  })

  it('count what they carry, framing and dials included', async () => {
    const [first, second] = [await startProbed(), await startProbed()]
    first.probe.environment.send(meet(first, second), { type: 'ask', key: 'ab' })
    await until('it arrived', () => second.probe.received.length === 1)
    const sent = first.overlay.stats()
    const received = second.overlay.stats()
    assert.equal(sent.dials, 1)
    assert.equal(received.dialsReceived, 1)
    assert.equal(sent.trafficSent, received.trafficReceived)
    assert.ok(sent.trafficSent > 2_000 + sent.bytesSent)
    assert.ok(sent.sentBytesPerSecond > 0 && received.receivedBytesPerSecond > 0)
  })

  it('need no address of a peer that is connected already', async () => {
    const [first, second] = [await startProbed(), await startOverlay(directoryOverlay())]
    await second.dial(first.node.getMultiaddrs())
    const { environment } = first.probe
    const peer = environment.intern(second.peerId.toMultihash().bytes)
    await until('it is connected', () => environment.isConnected(peer))
  })
})
