import assert from 'node:assert/strict'
import { multiaddr } from '@multiformats/multiaddr'
import { bytesToHex } from '@onehop/primitives'
import { FramedStream, openStreamOn } from '../src/index.ts'
import { type ProbedNode, startProbed, stopOverlays, until } from './support/overlays.ts'

const KEY = new Uint8Array(32).fill(7)
const LIMITS = { maxFrameBytes: 10_000_000, maxQueuedBytes: 100_000_000 }

function idOf(node: ProbedNode): Uint8Array {
  return node.node.peerId.toMultihash().bytes
}

function streamsOf(node: ProbedNode): number {
  return node.node
    .getConnections()
    .flatMap(connection => connection.streams)
    .filter(stream => stream.protocol === node.overlay.protocol).length
}

describe('an overlay over libp2p', () => {
  afterEach(stopOverlays)

  async function startThree(): Promise<[ProbedNode, ProbedNode, ProbedNode]> {
    const first = await startProbed()
    assert.equal((await first.overlay.join([])).failure, undefined)
    const second = await startProbed()
    await second.overlay.join([first.address])
    const third = await startProbed()
    await third.overlay.join([first.address])
    await until('everybody knows everybody', () =>
      [first, second, third].every(node => node.overlay.inspect().peers === 2),
    )
    return [first, second, third]
  }

  it('carries messages among three nodes, dialling at addresses that the overlay learned', async () => {
    const [first, second, third] = await startThree()
    assert.deepEqual((await first.overlay.ready).failure, undefined)
    const known = third.overlay.knownPeers().find(peer => peer.peerId === second.node.peerId.toString())
    assert.ok(known !== undefined && known.addresses.length > 0)
    assert.equal(second.node.getConnections(third.node.peerId).length > 0, true)
    const published = await third.overlay.publish({ kind: 'content', key: KEY })
    assert.equal(published.acknowledgements, 1)
    assert.equal((await second.overlay.lookup(KEY)).failure, undefined)
    const stats = first.overlay.stats()
    assert.ok(stats.messagesReceived > 0 && stats.bytesSent > 0 && stats.messagesDropped === 0)
  })

  it('gives what onPointer throws to the caller: neither the machine nor the peer that answered has to do with it', async () => {
    const [, second, third] = await startThree()
    await third.overlay.publish({ kind: 'content', key: KEY })
    const open = streamsOf(second)
    const onPointer = () => {
      throw new Error('a bug of the application')
    }
    await assert.rejects(
      second.overlay.lookup(KEY, { onPointer, deadlineMs: 500 }),
      /a bug of the application/,
    )
    assert.equal((await second.overlay.lookup(KEY)).failure, undefined)
    assert.equal(streamsOf(second), open)
  })

  it('uses one stream in both directions for many messages', async () => {
    const first = await startProbed()
    await first.overlay.join([])
    const second = await startProbed()
    await second.overlay.join([first.address])
    for (let i = 0; i < 50; i++)
      await second.overlay.publish({ kind: 'content', key: new Uint8Array(32).fill(i) })
    assert.equal(streamsOf(first), 1)
    assert.equal(streamsOf(second), 1)
    assert.equal(first.overlay.stats().dials, 0)
  })

  it('tells the machine of a peer that cannot be reached, and does not dial it with every message', async () => {
    const node = await startProbed()
    await node.overlay.join([])
    const gone = await startProbed()
    const { environment } = node.probe
    const peer = environment.intern(idOf(gone))
    environment.learnAddresses(peer, [multiaddr(gone.address).bytes])
    await gone.node.stop()
    environment.send(peer, { type: 'bye' })
    await until('it was reported', () => node.probe.unreachable.length === 1)
    assert.equal(node.probe.unreachable[0], bytesToHex(idOf(gone)))
    for (let i = 0; i < 5; i++) environment.send(environment.intern(idOf(gone)), { type: 'bye' })
    await until('it was reported again', () => node.probe.unreachable.length > 1)
    assert.equal(node.overlay.stats().dials, 1)
  })

  it('tells the machine of a peer without any address, or with an id that is none', async () => {
    const node = await startProbed()
    await node.overlay.join([])
    const { environment } = node.probe
    environment.send(environment.intern(new Uint8Array(38).fill(9)), { type: 'bye' })
    environment.learnAddresses(environment.intern(Uint8Array.of(1)), [
      Uint8Array.of(255),
      new Uint8Array(1_000),
    ])
    environment.send(environment.intern(Uint8Array.of(1)), { type: 'bye' })
    await until('both were reported', () => node.probe.unreachable.length === 2)
  })

  it('fails to join when no introducer answers, and may try again', async () => {
    const gone = await startProbed()
    await gone.node.stop()
    const node = await startProbed()
    assert.equal((await node.overlay.lookup(KEY)).failure, 'no peers')
    const nameless = await node.overlay.join([gone.address.replace(/\/p2p\/.*/, ''), 'no address at all'])
    assert.equal(nameless.failure, 'unreachable')
    assert.equal(nameless.attempts, 2)
    assert.equal(node.probe.unreachable.length, 0)
    assert.equal((await node.overlay.join([gone.address])).failure, 'unreachable')
    assert.equal(node.probe.unreachable.length, 1)
    assert.equal(node.overlay.isReady, false)
    const other = await startProbed()
    await other.overlay.join([])
    assert.equal((await node.overlay.join([gone.address, other.address])).failure, undefined)
  })

  it('bans a peer that sends what is no message', async () => {
    const victim = await startProbed()
    await victim.overlay.join([])
    const liar = await startProbed()
    const stream = await liar.node.dialProtocol(multiaddr(victim.address), victim.overlay.protocol)
    const framed = new FramedStream(stream, LIMITS, { onFrame: () => {}, onClose: () => {} })
    framed.send(new TextEncoder().encode('not json'))
    await until('it is banned', () => victim.overlay.penalties.isBanned(liar.node.peerId.toString()))
    await until('it is gone', () => victim.node.getConnections().length === 0)
    const again = await liar.node.dial(multiaddr(victim.address))
    await assert.rejects(
      openStreamOn(again, victim.overlay.protocol, AbortSignal.timeout(5_000)).then(async refused => {
        await until('its new stream is refused', () => refused.status !== 'open')
        throw new Error('refused')
      }),
      Error,
    )
  })

  it('bans a peer that sends a frame above the limit', async () => {
    const victim = await startProbed()
    await victim.overlay.join([])
    const liar = await startProbed()
    const stream = await liar.node.dialProtocol(multiaddr(victim.address), victim.overlay.protocol)
    new FramedStream(stream, LIMITS, { onFrame: () => {}, onClose: () => {} }).send(
      new Uint8Array(600 * 1024),
    )
    await until('it is banned', () => victim.overlay.penalties.isBanned(liar.node.peerId.toString()))
  })

  it('adds up what the machine blames a peer for', async () => {
    const [first, second] = await startThree()
    const { environment } = second.probe
    for (let i = 0; i < 4; i++) environment.send(environment.intern(idOf(first)), { type: 'lie' })
    await until('it is banned', () => first.overlay.penalties.isBanned(second.node.peerId.toString()))
    await until('the machine heard', () => first.probe.unreachable.includes(bytesToHex(idOf(second))))
  })

  it('ends operations early by signal, by deadline, and when it stops', async () => {
    const [first, second] = await startThree()
    const missing = new Uint8Array(32).fill(1)
    const abort = new AbortController()
    const aborted = first.overlay.lookup(missing, { signal: abort.signal })
    abort.abort(new Error('enough'))
    await assert.rejects(aborted, /enough/)
    await assert.rejects(first.overlay.lookup(missing, { signal: abort.signal }), /enough/)
    assert.equal((await first.overlay.lookup(missing, { deadlineMs: 20 })).failure, 'timed out')
    const cutOff = first.overlay.lookup(missing)
    await first.overlay.stop()
    assert.equal((await cutOff).failure, 'cancelled')
    await assert.rejects(first.overlay.lookup(missing), /does not run/)
    await until('the goodbye arrived', () => second.overlay.inspect().peers === 1)
  })

  it('waits for as long as a timer can for a deadline beyond', async () => {
    const { probe } = await startProbed()
    const rung: string[] = []
    probe.environment.setTimer(Number.POSITIVE_INFINITY, () => rung.push('never'))
    probe.environment.setTimer(50, () => rung.push('soon'))
    await until('one has rung', () => rung.length > 0)
    assert.deepEqual(rung, ['soon'])
  })

  it('frees its timers when it stops', async () => {
    const node = await startProbed()
    await node.overlay.join([])
    let calls = 0
    const { environment } = node.probe
    environment.setTimer(10, () => calls++)
    environment.setTimer(1, () => calls++)()
    await node.overlay.stop()
    environment.setTimer(1, () => calls++)
    await new Promise(resolve => setTimeout(resolve, 30))
    assert.equal(calls, 0)
  })
})
