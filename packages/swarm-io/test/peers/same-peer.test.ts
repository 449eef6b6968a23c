import assert from 'node:assert/strict'
import type { WireConnection } from '@onehop/swarm'
import { peerIdentity } from '../../src/peers/peer-identity.ts'
import { type Established, survives } from '../../src/peers/same-peer.ts'

const [LOW, HIGH] = ['11', 'ee']

function connection(remotePeer: string, host?: string): WireConnection {
  const tcp = host === undefined ? {} : { transport: 'tcp' as const, address: { host, port: 5 } }
  return { remotePeer, ...tcp, send: () => true, onData() {}, onDrain() {}, onClose() {}, close() {} }
}

function link(remotePeer: string, changes: Partial<Established> & { host?: string } = {}): Established {
  const { host, ...rest } = changes
  return {
    connection: connection(remotePeer, host),
    isOutbound: true,
    peerIdHex: HIGH,
    sinceMs: 0,
    ...rest,
  }
}

describe('two connections to the same peer', () => {
  it('are told by where they lead, and by what the other end says of itself', () => {
    assert.equal(survives(link('a', { peerIdHex: LOW }), link('b'), LOW), undefined)
    assert.notEqual(survives(link('a', { peerIdHex: LOW }), link('a'), LOW), undefined)
    assert.notEqual(survives(link('a'), link('b'), LOW), undefined)
  })

  it('that were dialled from both sides at once leave the one of the lower peer id, on both sides', () => {
    const ours = link('x', { isOutbound: true, peerIdHex: HIGH })
    const theirs = link('x', { isOutbound: false, peerIdHex: HIGH })
    // We are the lower one: ours stays, in whichever order they came.
    assert.equal(survives(ours, theirs, LOW), 'older')
    assert.equal(survives(theirs, ours, LOW), 'newer')
    // The same two, as the other side sees them.
    const [mirrored, mirroredOurs] = [
      link('y', { isOutbound: true, peerIdHex: LOW }),
      link('y', { isOutbound: false, peerIdHex: LOW }),
    ]
    assert.equal(survives(mirrored, mirroredOurs, HIGH), 'newer')
    assert.equal(survives(mirroredOurs, mirrored, HIGH), 'older')
  })

  it('that the same side opened to the same place leave the newer: who opened it knows that the older is dead', () => {
    assert.equal(survives(link('x'), link('x', { sinceMs: 60_000 }), LOW), 'newer')
    const inbound = { isOutbound: false, host: '9.9.9.9' }
    assert.equal(
      survives(link('9.9.9.9:1', inbound), link('9.9.9.9:2', { ...inbound, sinceMs: 60_000 }), LOW),
      'newer',
    )
  })

  it('leave the libp2p stream of a stream and a TCP connection that came together', () => {
    const [stream, tcp] = [link('12D3'), link('9.9.9.9:1', { host: '9.9.9.9' })]
    assert.equal(survives(stream, tcp, LOW), 'older')
    assert.equal(survives(tcp, stream, LOW), 'newer')
  })

  it('leave what has been there for a while, if only a peer id that anyone may claim speaks against it', () => {
    const claimed = link('8.8.8.8:1', { host: '8.8.8.8', isOutbound: false, sinceMs: 60_000 })
    assert.equal(survives(link('9.9.9.9:1', { host: '9.9.9.9' }), claimed, LOW), 'older')
  })
})

describe('what a peer is banned by', () => {
  const peerId = new Uint8Array(20).fill(0xab)
  it('is its libp2p id, or its public address', () => {
    assert.equal(peerIdentity(connection('12D3'), peerId), '12D3')
    assert.equal(peerIdentity(connection('9.9.9.9:1', '9.9.9.9'), peerId), '9.9.9.9')
  })

  it('is the address and the peer id where many share an address', () => {
    for (const host of ['127.0.0.1', '10.1.2.3', '::1', 'fe80::1']) {
      assert.equal(peerIdentity(connection(`${host}:1`, host), peerId), `${host}#${'ab'.repeat(20)}`)
    }
  })
})
