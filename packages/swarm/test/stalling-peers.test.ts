import assert from 'node:assert/strict'
import {
  BandwidthLimit,
  BLOCK_BYTES,
  MAX_BUFFERED_BYTES,
  MIN_PIPELINE_DEPTH,
  PIPELINE_HORIZON_MS,
  REQUEST_TIMEOUT_MS,
  SNUB_TIMEOUT_MS,
  type WireMessage,
} from '@onehop/swarm'
import fc from 'fast-check'
import { makeContent, type VirtualPeer, type VirtualPeerOptions, VirtualSwarm } from './virtual-swarm.ts'

const PIECE = 4 * BLOCK_BYTES

function scene(content: Uint8Array, swarm: VirtualSwarm) {
  const peer = swarm.addPeer('fetcher')
  peer.machine.setFetching(true)
  const seeder = (name: string, options: VirtualPeerOptions = {}) =>
    swarm.addPeer(name, { content, ...options })
  return { peer, seeder }
}

const faults = (peer: VirtualPeer) => peer.drops.filter(({ reason }) => !reason.ok)

/** Sends no block at all. */
const silent = (message: WireMessage) => (message.type === 'piece' ? undefined : message)

describe('peers that stall', () => {
  it('do not keep an honest one idle, though they hold all the pieces that fit into memory', () => {
    // Pieces so long that only eight are put together at a time.
    const pieceBytes = MAX_BUFFERED_BYTES / 8
    const { content, info } = makeContent(20 * pieceBytes, pieceBytes)
    const swarm = new VirtualSwarm(info)
    const { peer, seeder } = scene(content, swarm)
    for (let i = 0; i < 12; i++) {
      swarm.connect(peer, seeder(`stalling ${i}`, { uploadBytesPerMs: 0.05 }))
    }
    swarm.run(2000)
    swarm.connect(peer, seeder('honest', { uploadBytesPerMs: 4000 }))
    const beganMs = swarm.nowMs
    assert.ok(swarm.runUntil(() => peer.isComplete, 300_000))
    // Alone it would take 21 s.
    assert.ok(swarm.nowMs - beganMs < 45_000, `${swarm.nowMs - beganMs} ms`)
    assert.deepEqual(faults(peer), [])
  })

  it('get their blocks taken away, and one request to show that they are back', () => {
    const { content, info } = makeContent(100 * PIECE, PIECE)
    const swarm = new VirtualSwarm(info)
    const { peer, seeder } = scene(content, swarm)
    let isSilent = true
    const sleeper = seeder('sleeper', { tamper: m => (isSilent ? silent(m) : m) })
    swarm.connect(peer, sleeper)
    swarm.run(SNUB_TIMEOUT_MS + 2000)
    assert.equal(peer.machine.peerSnapshots()[0]!.isSnubbing, true)
    assert.equal(peer.machine.peerSnapshots()[0]!.requestsOutstanding, 1)
    isSilent = false
    assert.ok(swarm.runUntil(() => peer.isComplete, 2 * SNUB_TIMEOUT_MS))
  })

  it('cannot hold the last blocks by trickling', () => {
    const { content, info } = makeContent(30 * PIECE, PIECE)
    const swarm = new VirtualSwarm(info)
    const { peer, seeder } = scene(content, swarm)
    for (let i = 0; i < 5; i++) swarm.connect(peer, seeder(`slow ${i}`, { uploadBytesPerMs: 1 }))
    swarm.run(3000)
    swarm.connect(peer, seeder('fast', { uploadBytesPerMs: 1000 }))
    const beganMs = swarm.nowMs
    assert.ok(swarm.runUntil(() => peer.isComplete, REQUEST_TIMEOUT_MS))
    assert.ok(swarm.nowMs - beganMs < 10_000, `${swarm.nowMs - beganMs} ms`)
  })

  it('are not those whom our own bandwidth limit keeps waiting', () => {
    const { content, info } = makeContent(40 * PIECE, PIECE)
    const swarm = new VirtualSwarm(info)
    const limit = new BandwidthLimit(swarm.nowMs, 20_000)
    const peer = swarm.addPeer('fetcher', { limits: { upload: [], download: [limit] } })
    peer.machine.setFetching(true)
    for (const name of ['a', 'b', 'c']) swarm.connect(peer, swarm.addPeer(name, { content }))
    const beganMs = swarm.nowMs
    while (!peer.isComplete && swarm.nowMs - beganMs < 300_000) {
      swarm.run(5000)
      for (const snapshot of peer.machine.peerSnapshots()) assert.equal(snapshot.isSnubbing, false)
    }
    assert.ok(peer.isComplete)
    const rate = content.length / ((swarm.nowMs - beganMs) / 1000)
    assert.ok(rate > 16_000 && rate < 22_500, `${rate} bytes a second`)
  })

  it('who choke and unchoke without end are no burden', () => {
    const { content, info } = makeContent(30 * PIECE, PIECE)
    const swarm = new VirtualSwarm(info)
    const { peer, seeder } = scene(content, swarm)
    const fickle = swarm.addPeer('fickle', { content, isDeaf: true })
    const [key] = swarm.connect(fickle, peer)
    const flap = () => {
      fickle.send(key, { type: 'unchoke' })
      swarm.after(20, () => fickle.send(key, { type: 'choke' }))
      if (fickle.links.size > 0) swarm.after(40, flap)
    }
    flap()
    swarm.connect(peer, seeder('honest', { uploadBytesPerMs: 300 }))
    assert.ok(swarm.runUntil(() => peer.isComplete, 60_000))
    assert.deepEqual(faults(peer), [])
  })
})

describe('the pipeline', () => {
  it('fills a fast and distant link within a few round trips', () => {
    const { content, info } = makeContent(64 * 1024 * 1024, 256 * 1024)
    const swarm = new VirtualSwarm(info, { latencyMs: 100 })
    const { peer, seeder } = scene(content, swarm)
    swarm.connect(peer, seeder('far', { uploadBytesPerMs: 10_000 }))
    const beganMs = swarm.nowMs
    assert.ok(swarm.runUntil(() => peer.isComplete, 60_000))
    // The link alone: 6.7 s.
    assert.ok(swarm.nowMs - beganMs < 9000, `${swarm.nowMs - beganMs} ms`)
  })

  it('asks a slow peer for no more than it sends in a few seconds', () => {
    const { content, info } = makeContent(100 * PIECE, PIECE)
    const swarm = new VirtualSwarm(info)
    const { peer, seeder } = scene(content, swarm)
    swarm.connect(peer, seeder('slow', { uploadBytesPerMs: 10 }))
    swarm.run(30_000)
    const { requestsOutstanding } = peer.machine.peerSnapshots()[0]!
    assert.ok(requestsOutstanding >= 2 && requestsOutstanding < MIN_PIPELINE_DEPTH, `${requestsOutstanding}`)
  })

  it('does not grow by the time that blocks wait behind each other', () => {
    const { content, info } = makeContent(1000 * PIECE, PIECE)
    const swarm = new VirtualSwarm(info, { latencyMs: 25 })
    const { peer, seeder } = scene(content, swarm)
    swarm.connect(peer, seeder('steady', { uploadBytesPerMs: 1000 }))
    const enough = (1000 * (50 + PIPELINE_HORIZON_MS)) / BLOCK_BYTES
    for (let second = 0; second < 55; second++) {
      swarm.run(1000)
      const outstanding = peer.machine.peerSnapshots()[0]!.requestsOutstanding
      assert.ok(second < 8 || outstanding < 1.3 * enough, `${outstanding} after ${second} s`)
    }
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
  })

  it('keeps to what the peer says that it keeps', () => {
    const { content, info } = makeContent(400 * PIECE, PIECE)
    const swarm = new VirtualSwarm(info)
    const { peer, seeder } = scene(content, swarm)
    const small = (message: WireMessage): WireMessage =>
      message.type === 'extended' && message.id === 0
        ? { ...message, payload: new TextEncoder().encode('d1:mde4:reqqi5ee') }
        : message
    swarm.connect(peer, seeder('modest', { tamper: small }))
    for (let i = 0; i < 40 && !peer.isComplete; i++) {
      swarm.run(50)
      for (const snapshot of peer.machine.peerSnapshots()) assert.ok(snapshot.requestsOutstanding <= 5)
    }
    assert.ok(swarm.runUntil(() => peer.isComplete, 60_000))
  })
})

describe('a swarm with all kinds of peers', () => {
  const { content, info } = makeContent(30 * PIECE + 777, PIECE)
  const corrupt = (message: WireMessage): WireMessage =>
    message.type === 'piece' ? { ...message, block: message.block.map(byte => byte ^ 0x55) } : message
  const rejecting = (message: WireMessage): WireMessage =>
    message.type === 'piece'
      ? { type: 'reject', piece: message.piece, begin: message.begin, length: message.block.length }
      : message
  const kinds: Record<string, Omit<VirtualPeerOptions, 'content'>> = {
    silent: { tamper: silent },
    liar: { tamper: corrupt },
    unwilling: { tamper: rejecting },
    slow: { uploadBytesPerMs: 2 },
    old: { fast: false, extensions: false },
    mute: { tamper: message => (message.type === 'unchoke' ? undefined : message) },
  }

  it('ends well for every honest fetcher, and nobody honest is banned', () => {
    const crowd = fc.array(fc.constantFrom(...Object.keys(kinds)), { maxLength: 8 })
    fc.assert(
      fc.property(crowd, fc.integer(), fc.boolean(), (crowd, seed, knowsInfo) => {
        const swarm = new VirtualSwarm(info, { seed })
        const seed1 = swarm.addPeer('seeder', { content, uploadBytesPerMs: 200 })
        const fetchers = ['x', 'y', 'z'].map(name =>
          swarm.addPeer(name, { knowsInfo, uploadBytesPerMs: 200 }),
        )
        const strangers = crowd.map((kind, i) => swarm.addPeer(`${kind} ${i}`, { content, ...kinds[kind] }))
        for (const fetcher of fetchers) {
          fetcher.machine.setFetching(true)
          for (const other of [...strangers, seed1]) swarm.connect(fetcher, other)
        }
        swarm.connect(fetchers[0]!, fetchers[1]!)
        swarm.connect(fetchers[1]!, fetchers[2]!)
        assert.ok(swarm.runUntil(() => fetchers.every(fetcher => fetcher.isComplete), 600_000))
        for (const fetcher of fetchers) {
          assert.ok(Buffer.compare(fetcher.stored, content) === 0)
          for (const { remotePeer, reason } of faults(fetcher)) {
            assert.match(remotePeer, /^liar/, JSON.stringify(reason))
          }
        }
      }),
      { numRuns: 25 },
    )
  })
})
