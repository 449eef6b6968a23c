import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { encodeHandshake, encodeMessage, parseHandshake, toInfoHash } from '@onehop/swarm'
import { HANDSHAKE_TIMEOUT_MS, IDLE_BEFORE_EVICTION_MS, MAX_CONNECTIONS_PER_TORRENT } from '@onehop/swarm-io'
import { connectionPair } from './connection-pair.ts'
import { content, failsWith, from, Scene, sha256Of, until } from './session-scene.ts'

const PIECE = 256 * 1024

describe('a swarm session towards strangers', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await Scene.create()
  })
  afterEach(() => scene.close())

  it('closes at once what does not begin like BitTorrent', async () => {
    const [ours, theirs] = connectionPair('x', 'a')
    scene.session('a').accept(theirs)
    ours.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await new Promise<void>(resolve => ours.onClose(() => resolve()))
  })

  it('closes a handshake for content that it does not have, and its own', async () => {
    const session = scene.session('a')
    const { infohash } = await session.seed(await scene.write('a.bin', content(PIECE)))
    for (const handshake of [
      { infohash: toInfoHash(new Uint8Array(20)), peerId: new Uint8Array(20), extensions: true },
      { infohash, peerId: session.peerId, extensions: true },
    ]) {
      const [ours, theirs] = connectionPair('x', 'a')
      session.accept(theirs)
      ours.send(encodeHandshake(handshake))
      await new Promise<void>(resolve => ours.onClose(() => resolve()))
    }
  })

  it('says who it is to whom it turns away, so that he knows that he is connected already', async () => {
    const session = scene.session('a')
    const { infohash } = await session.seed(await scene.write('a.bin', content(PIECE)))
    const [ours, theirs] = connectionPair('x', 'a')
    const received: Uint8Array[] = []
    ours.onData(bytes => received.push(bytes))
    session.accept(theirs)
    ours.send(encodeHandshake({ infohash, peerId: session.peerId, extensions: true }))
    await new Promise<void>(resolve => ours.onClose(() => resolve()))
    assert.deepEqual(parseHandshake(new Uint8Array(Buffer.concat(received))).peerId, session.peerId)
  })

  it('closes a connection that does not shake hands in time', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const [ours, theirs] = connectionPair('x', 'a')
      let isClosed = false
      ours.onClose(() => {
        isClosed = true
      })
      scene.session('a').accept(theirs)
      ours.send(Uint8Array.of(0x13))
      mock.timers.tick(HANDSHAKE_TIMEOUT_MS - 1)
      await new Promise(resolve => setImmediate(resolve))
      assert.equal(isClosed, false)
      mock.timers.tick(1)
      await new Promise(resolve => setImmediate(resolve))
      assert.equal(isClosed, true)
    } finally {
      mock.timers.reset()
    }
  })

  it('takes a limited number of connections for one torrent', async () => {
    const session = scene.session('a')
    const { infohash } = await session.seed(await scene.write('a.bin', content(PIECE)))
    let closed = 0
    for (let i = 0; i < MAX_CONNECTIONS_PER_TORRENT + 5; i++) {
      const [ours, theirs] = connectionPair(`peer ${i}`, 'a')
      ours.onClose(() => {
        closed++
      })
      session.accept(theirs)
      ours.send(encodeHandshake({ infohash, peerId: new Uint8Array(20).fill(i), extensions: false }))
    }
    await until(() => closed === 5)
    assert.equal(session.list()[0]!.peers, MAX_CONNECTIONS_PER_TORRENT)
  })

  it('lets who wants nothing make room for others after a while', async () => {
    let nowMs = 0
    const session = scene.session('a', { nowMs: () => nowMs })
    const { infohash } = await session.seed(await scene.write('a.bin', content(PIECE)))
    const connect = (i: number) => {
      const [ours, theirs] = connectionPair(`peer ${i}`, 'a')
      session.accept(theirs)
      ours.send(encodeHandshake({ infohash, peerId: new Uint8Array(20).fill(i), extensions: false }))
      return ours
    }
    let isFirstGone = false
    connect(0).onClose(() => {
      isFirstGone = true
    })
    for (let i = 1; i < MAX_CONNECTIONS_PER_TORRENT; i++) connect(i)
    await until(() => session.list()[0]!.peers === MAX_CONNECTIONS_PER_TORRENT)
    nowMs += IDLE_BEFORE_EVICTION_MS
    connect(MAX_CONNECTIONS_PER_TORRENT)
    await until(() => isFirstGone)
    assert.equal(session.list()[0]!.peers, MAX_CONNECTIONS_PER_TORRENT)
  })

  it('reports and drops who sends absurd messages, and serves the others on', async () => {
    const session = scene.session('a')
    const path = await scene.write('a.bin', content(PIECE))
    const { infohash } = await session.seed(path)
    const [ours, theirs] = connectionPair('vandal', 'a')
    session.accept(theirs)
    ours.send(encodeHandshake({ infohash, peerId: new Uint8Array(20), extensions: true }))
    ours.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 7))
    await new Promise<void>(resolve => ours.onClose(() => resolve()))
    assert.deepEqual(scene.misbehaviours, ['a: vandal message-too-long'])
    await scene.session('b').fetch(
      { infohash },
      {
        outputPath: scene.path('b.bin'),
        peers: from(scene.source('b', 'a')),
      },
    )
    assert.equal(await sha256Of(scene.path('b.bin')), await sha256Of(path))
  })

  it('does not keep more than a bound in memory for a peer that asks and never reads', async () => {
    const session = scene.session('a')
    const { infohash } = await session.seed(await scene.write('a.bin', content(32 * PIECE)))
    const [ours, theirs] = connectionPair('sloth', 'a')
    // A connection that is full after the first send, for ever.
    let sent = 0
    session.accept({
      remotePeer: 'sloth',
      send: bytes => {
        sent += bytes.length
        return false
      },
      onData: listener => theirs.onData(listener),
      onDrain: () => {},
      onClose: listener => theirs.onClose(listener),
      close: () => theirs.close(),
    })
    ours.send(encodeHandshake({ infohash, peerId: new Uint8Array(20), extensions: false }))
    ours.send(encodeMessage({ type: 'interested' }))
    const request = { type: 'request', piece: 0, begin: 0, length: 16_384 } as const
    for (let i = 0; i < 1000; i++) ours.send(encodeMessage({ ...request, piece: i % 32 }))
    await until(() => sent > 68)
    for (let turn = 0; turn < 50; turn++) await new Promise(resolve => setImmediate(resolve))
    assert.ok(sent < 1024 * 1024, `${sent} bytes`)
  })

  it('does nothing more once it is closed', async () => {
    const session = scene.session('a')
    await session.close()
    await session.close()
    await assert.rejects(session.seed(scene.path('x')), failsWith('closed'))
    const [ours, theirs] = connectionPair('x', 'a')
    session.accept(theirs)
    await new Promise<void>(resolve => ours.onClose(() => resolve()))
  })
})
