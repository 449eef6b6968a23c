import assert from 'node:assert/strict'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import type { Libp2p } from '@libp2p/interface'
import { tcp } from '@libp2p/tcp'
import { classicOverlay, type OverlayName } from '@onehop/classic-overlays'
import { contentKey } from '@onehop/overlay'
import { createLibp2p } from 'libp2p'
import { type Libp2pOverlay, libp2pOverlay } from '../src/index.ts'
import { until } from './support/overlays.ts'

type Node = Libp2p<{ overlay: Libp2pOverlay<unknown>; [name: string]: unknown }>

const KEY = contentKey(Uint8Array.of(0x12, 0x20, ...new Uint8Array(32).fill(5)))

describe('a provider that nobody can dial', () => {
  const running: Node[] = []

  async function start(name: OverlayName, listen: string[]): Promise<Node> {
    const node = await createLibp2p<{ overlay: Libp2pOverlay<unknown>; [name: string]: unknown }>({
      addresses: { listen },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        overlay: libp2pOverlay({ factory: classicOverlay(name, 'testnet') }),
      },
    })
    running.push(node)
    return node
  }

  afterEach(async () => {
    await Promise.all(running.splice(0).map(node => node.stop()))
  })

  for (const name of ['gnutella', 'napster', 'fasttrack'] as const) {
    it(`comes when it is asked to through the overlay: ${name}`, async () => {
      const middle = await start(name, ['/ip4/127.0.0.1/tcp/0'])
      await middle.services.overlay.join([])
      const introducers = middle.getMultiaddrs().map(String)
      const asking = await start(name, ['/ip4/127.0.0.1/tcp/0'])
      const hidden = await start(name, [])
      for (const node of [hidden, asking])
        assert.equal((await node.services.overlay.join(introducers)).failure, undefined)
      await hidden.services.overlay.publish({ kind: 'content', key: KEY })
      const { pointers } = await asking.services.overlay.lookup(KEY)
      assert.equal(pointers.length, 1)
      assert.deepEqual(pointers[0]!.addresses, [])
      // A neighbour by now, perhaps: then there is nothing to ask.
      await Promise.all(asking.getConnections(hidden.peerId).map(connection => connection.close()))
      await until('it is not connected', () => asking.getConnections(hidden.peerId).length === 0)
      const outcome = await asking.services.overlay.requestDelivery(pointers[0]!)
      assert.equal(outcome?.failure, undefined)
      const [connection] = asking.getConnections(hidden.peerId)
      assert.equal(connection?.direction, 'inbound')
    })
  }

  it('cannot be asked where the overlay has no word for it', async () => {
    const node = await start('chord', [])
    await node.services.overlay.join([])
    await node.services.overlay.publish({ kind: 'content', key: KEY })
    const { pointers } = await node.services.overlay.lookup(KEY)
    assert.equal(await node.services.overlay.requestDelivery(pointers[0]!), undefined)
  })
})
