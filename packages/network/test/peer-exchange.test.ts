import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import type { Outcome, OverlayFactory } from '@onehop/overlay'
import { DecodeError, ProtobufWriter } from '@onehop/primitives'
import fc from 'fast-check'
import type { DirectoryMessage } from '../../libp2p-overlay/test/support/directory-overlay.ts'
import { MAX_TOLD_ADDRESSES } from '../src/limits.ts'
import { decodePeerList, encodePeerList } from '../src/peer-list.ts'
import { libp2pOf, startNode, stopNodes, until } from './support/nodes.ts'

const DONE: Outcome = { pointers: [], hops: 0, messages: 0, attempts: 0, elapsedMs: 0, acknowledgements: 0 }
const PEER = '12D3KooWGtPChEkYu4ARQJVoLDgbASHt8RSeYYvkebkiKc8CHyDb'

/** An overlay that knows nobody and says nothing. */
const silent: OverlayFactory<DirectoryMessage> = {
  protocol: 'silent/1',
  codec: {
    encode: () => new Uint8Array(0),
    decode: () => ({ type: 'bye' }),
    encodedLength: () => 0,
  },
  create: () => ({
    guarantee: 'best effort',
    join: (_introducers, done) => done(DONE),
    leave: () => {},
    receive: () => {},
    onUnreachable: () => {},
    publish: (_publication, done) => done(DONE),
    withdraw: (_key, done) => done(DONE),
    lookup: (_key, _options, done) => {
      done(DONE)
      return () => {}
    },
    inspect: () => ({}),
  }),
}

describe('peers of a chain whose overlay tells of nobody', () => {
  afterEach(stopNodes)

  it('tell each other of peers, so that the chain survives the one through which all came', async () => {
    const first = await startNode({ overlay: silent })
    const bootstrap = first.network.addresses()
    const others = await Promise.all([1, 2, 3].map(() => startNode({ overlay: silent, bootstrap })))
    await until('everybody knows everybody', () => others.every(node => node.network.peers().length === 3))
    await first.network.stop()
    await others[0]!.chain.mine(1)
    await until('a block is everywhere', () => others.every(({ chain }) => chain.tip().height === 1))
    assert.equal(others[0]!.network.peers()[0]?.overlay, 'silent/1')
  })

  it('leave out who cannot be dialled, and who dials others all the same', async () => {
    const first = await startNode({ overlay: silent })
    const bootstrap = first.network.addresses()
    const hidden = await startNode({ overlay: silent, bootstrap, listen: [] })
    await until('it has an address', () => hidden.network.addresses().length > 0)
    const other = await startNode({ overlay: silent, bootstrap })
    await until('all have met', () => other.network.peers().length === 2)
    const met = other.network.peers().find(({ peerId }) => peerId === hidden.network.peerId)!
    assert.equal(met.direction, 'inbound')
    assert.doesNotMatch(met.address, /p2p-circuit/)
  })

  const list = encodePeerList([{ peerId: PEER, addresses: [multiaddr('/ip4/127.0.0.1/tcp/1')] }])
  const lies: [string, Uint8Array][] = [
    ['nonsense', Uint8Array.of(3, 0xff, 0xff, 0xff)],
    ['more lists than they were asked for', Uint8Array.of(list.length, ...list, list.length, ...list)],
  ]
  for (const [what, bytes] of lies)
    it(`are dropped when they tell ${what}`, async () => {
      const node = await startNode({ overlay: silent })
      const liar = await startNode({ overlay: silent })
      const libp2p = libp2pOf(liar)
      const protocol = libp2p.getProtocols().find(name => name.endsWith('/peers/1'))!
      await libp2p.unhandle(protocol)
      await libp2p.handle(protocol, stream => {
        stream.send(bytes)
      })
      await liar.network.connect(node.network.addresses()[0]!)
      await until('the liar is banned', () => node.bans.includes(liar.network.peerId))
    })
})

describe('a list of peers', () => {
  it('is read as it was written', () => {
    const addresses = [multiaddr('/ip4/10.0.0.1/tcp/4001'), multiaddr('/dns4/example.org/tcp/1')]
    const read = decodePeerList(encodePeerList([{ peerId: PEER, addresses }]))
    assert.deepEqual(
      read.map(peer => [peer.peerId, peer.addresses.map(String)]),
      addresses.map(address => [PEER, [`${address}/p2p/${PEER}`]]),
    )
  })

  it('of any bytes is a list, or refused as one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
        try {
          decodePeerList(bytes)
        } catch (error) {
          assert.ok(error instanceof DecodeError)
        }
      }),
    )
  })

  it('is refused with an address that is relayed or names nobody, and with too many', () => {
    const list = (...addresses: string[]) => {
      const writer = new ProtobufWriter()
      for (const address of addresses) writer.bytes(1, multiaddr(address).bytes)
      return writer.toBytes()
    }
    const good = `/ip4/10.0.0.1/tcp/1/p2p/${PEER}`
    for (const wrong of ['/ip4/10.0.0.1/tcp/1', `${good}/p2p-circuit`, `${good}/p2p-circuit/p2p/${PEER}`])
      assert.throws(() => decodePeerList(list(good, wrong)), DecodeError, wrong)
    const many = Array.from({ length: MAX_TOLD_ADDRESSES + 1 }, () => good)
    assert.throws(() => decodePeerList(list(...many)), DecodeError)
  })
})
