import assert from 'node:assert/strict'
import { freePort } from '../../../test/support/free-port.ts'
import { REQUEST_TIMEOUT_MS } from '../src/limits.ts'
import { startNode, stopNodes, type TestNode, until } from './support/nodes.ts'

async function startMany(count: number): Promise<TestNode[]> {
  const first = await startNode()
  const rest = await Promise.all(
    Array.from({ length: count - 1 }, () => startNode({ bootstrap: first.network.addresses() })),
  )
  return [first, ...rest]
}

function separate(left: readonly TestNode[], right: readonly TestNode[]): void {
  for (const a of left)
    for (const b of right) {
      a.network.ban(b.network.peerId)
      b.network.ban(a.network.peerId)
    }
}

function reunite(left: readonly TestNode[], right: readonly TestNode[]): void {
  for (const a of left)
    for (const b of right) {
      a.network.unban(b.network.peerId)
      b.network.unban(a.network.peerId)
    }
}

describe('a network', () => {
  afterEach(stopNodes)

  it('of eight is well connected though each was given one address', async () => {
    const nodes = await startMany(8)
    await until('everybody has most of the others', () =>
      nodes.every(node => node.network.peers().length >= 6),
    )
    await nodes[5]!.chain.mine(3)
    await until('all are at the tip', () => nodes.every(node => node.chain.height === 3))
    await Promise.all(nodes.map(node => node.network.overlay.ready))
    assert.ok(nodes.every(node => node.bans.length === 0))
  })

  it('that was split takes the longer branch when it is whole again', async () => {
    const nodes = await startMany(4)
    const [left, right] = [nodes.slice(0, 2), nodes.slice(2)]
    await until('everybody is connected', () => nodes.every(node => node.network.peers().length === 3))
    separate(left, right)
    await until('it is split', () => nodes.every(node => node.network.peers().length <= 1))
    await left[0]!.chain.mine(3, 1)
    await right[0]!.chain.mine(5, 2)
    await until('the sides differ', () => left[1]!.chain.height === 3 && right[1]!.chain.height === 5)
    reunite(left, right)
    await until('all are on the longer branch', () => nodes.every(node => node.chain.height === 5))
    assert.equal(new Set(nodes.map(node => node.chain.tipHash)).size, 1)
    assert.deepEqual(
      nodes.flatMap(node => node.network.banned()),
      [],
    )
  })

  it('finds its introducer again when that was away', async () => {
    const listen = `/ip4/127.0.0.1/tcp/${await freePort()}`
    const first = await startNode({ listen: [listen] })
    const address = first.network.addresses()[0]!
    const second = await startNode({ bootstrap: [address] })
    await until('they are connected', () => second.network.peers().length === 1)
    await first.network.stop()
    await until('the introducer is gone', () => second.network.peers().length === 0)
    const again = await startNode({ listen: [listen] })
    await again.chain.mine(1)
    // Another identity at the same address is not who was meant; the address without an id accepts it.
    await second.network.connect(listen)
    await until('the block came', () => second.chain.height === 1)
  })

  it('keeps to a node that disconnects', async () => {
    const first = await startNode()
    const second = await startNode()
    const peerId = await second.network.connect(first.network.addresses()[0]!)
    assert.equal(peerId, first.network.peerId)
    await until('both see it', () => first.network.peers().length === 1)
    await second.network.disconnect(peerId)
    await until('both see it end', () => first.network.peers().length + second.network.peers().length === 0)
  })

  it('is made of two when a node of each is connected by hand', async () => {
    const [left, right] = [await startMany(2), await startMany(2)]
    await until('both are whole', () => [...left, ...right].every(node => node.network.peers().length === 1))
    await left[1]!.network.connect(right[1]!.network.addresses()[0]!)
    await until('it knows and reaches the others, too', () => left[1]!.network.peers().length === 3)
  })

  it('stops while blocks are on the way, and waits for none of them', async () => {
    const first = await startNode()
    await first.chain.mine(200, 0, 200_000)
    const second = await startNode({ bootstrap: first.network.addresses() })
    await until('blocks come', () => second.chain.height > 0)
    const beganMs = Date.now()
    await Promise.all([first.network.stop(), second.network.stop()])
    assert.ok(Date.now() - beganMs < REQUEST_TIMEOUT_MS)
  })
})
