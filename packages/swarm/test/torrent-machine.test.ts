import assert from 'node:assert/strict'
import {
  Bitfield,
  BLOCK_BYTES,
  IDLE_TIMEOUT_MS,
  MAX_BUFFERED_BYTES,
  pieceCount,
  SNUB_TIMEOUT_MS,
  type WireMessage,
} from '@onehop/swarm'
import { makeContent, type VirtualPeer, type VirtualPeerOptions, VirtualSwarm } from './virtual-swarm.ts'

const PIECE = 64 * 1024

function scene(lengthBytes = 40 * PIECE + 1234, pieceLengthBytes = PIECE) {
  const { content, info } = makeContent(lengthBytes, pieceLengthBytes)
  const swarm = new VirtualSwarm(info)
  const seeder = (name: string, options: VirtualPeerOptions = {}) =>
    swarm.addPeer(name, { content, ...options })
  const fetcher = (name: string, options: VirtualPeerOptions = {}) => {
    const peer = swarm.addPeer(name, options)
    peer.machine.setFetching(true)
    return peer
  }
  return { content, info, swarm, seeder, fetcher }
}

/** Corrupts every block of the pieces that the condition holds for. */
function lying(about: (piece: number, begin: number) => boolean) {
  return (message: WireMessage): WireMessage => {
    if (message.type !== 'piece' || !about(message.piece, message.begin)) return message
    const block = message.block.slice()
    block[0]! ^= 0xff
    return { ...message, block }
  }
}

function half(info: Parameters<typeof pieceCount>[0], isOurs: (piece: number) => boolean): Bitfield {
  const have = new Bitfield(pieceCount(info))
  for (let piece = 0; piece < have.length; piece++) if (isOurs(piece)) have.set(piece)
  return have
}

function assertComplete(peer: VirtualPeer, content: Uint8Array): void {
  assert.ok(peer.isComplete, `${peer.name} is not complete`)
  assert.ok(Buffer.compare(peer.stored, content) === 0, 'the content differs')
}

const codesOf = (peer: VirtualPeer) =>
  peer.drops.flatMap(({ remotePeer, reason }) => (reason.ok ? [] : [`${remotePeer}: ${reason.code}`]))

describe('a torrent machine', () => {
  for (const [what, length] of [
    ['an empty file', 0],
    ['one byte', 1],
    ['one block', BLOCK_BYTES],
    ['one piece', PIECE],
    ['a multiple of the piece length', 3 * PIECE],
    ['one byte more', 3 * PIECE + 1],
  ] as const) {
    it(`fetches ${what}, knowing the infohash only`, () => {
      const { content, swarm, seeder, fetcher } = scene(length)
      const peer = fetcher('fetcher', { knowsInfo: false })
      swarm.connect(peer, seeder('seeder'))
      assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
      assertComplete(peer, content)
    })
  }

  it('fetches pieces that are not a multiple of a block', () => {
    const { content, swarm, seeder, fetcher } = scene(10 * 50_001, 50_001)
    const peer = fetcher('fetcher')
    swarm.connect(peer, seeder('seeder'))
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    assertComplete(peer, content)
  })

  it('uses all providers at once, and credits each with what it sent', () => {
    const { content, swarm, seeder, fetcher } = scene(200 * PIECE)
    const peer = fetcher('fetcher')
    for (const name of ['a', 'b', 'c']) swarm.connect(peer, seeder(name, { uploadBytesPerMs: 1000 }))
    assert.ok(swarm.runUntil(() => peer.isComplete))
    assertComplete(peer, content)
    const shares = ['a', 'b', 'c'].map(name => (peer.machine.contributions.get(name) ?? 0) / content.length)
    for (const share of shares) assert.ok(share > 0.25 && share < 0.42, `shares ${shares}`)
    assert.equal(
      [...peer.machine.contributions.values()].reduce((sum, bytes) => sum + bytes),
      content.length,
    )
  })

  it('asks a fast provider for more at once than a slow one', () => {
    const { swarm, seeder, fetcher } = scene(400 * PIECE)
    const peer = fetcher('fetcher')
    swarm.connect(peer, seeder('fast', { uploadBytesPerMs: 8000 }))
    swarm.connect(peer, seeder('slow', { uploadBytesPerMs: 100 }))
    swarm.run(1500)
    const [fast, slow] = peer.machine.peerSnapshots()
    assert.ok(fast!.requestsOutstanding > 4 * slow!.requestsOutstanding)
    assert.ok(slow!.requestsOutstanding > 0)
  })

  it('ends soon though one provider is very slow, by asking others too and cancelling', () => {
    const { content, swarm, seeder, fetcher } = scene(40 * PIECE)
    const peer = fetcher('fetcher')
    swarm.connect(peer, seeder('slow', { uploadBytesPerMs: 4 }))
    swarm.connect(peer, seeder('fast', { uploadBytesPerMs: 4000 }))
    const startedMs = swarm.nowMs
    assert.ok(swarm.runUntil(() => peer.isComplete))
    assertComplete(peer, content)
    assert.ok(swarm.nowMs - startedMs < 3000, `${swarm.nowMs - startedMs} ms`)
    assert.ok(peer.sent.get('cancel')! > 0)
  })

  it('gives the blocks of a provider that falls silent to another', () => {
    const { content, swarm, seeder, fetcher } = scene()
    let isSilent = false
    const peer = fetcher('fetcher')
    swarm.connect(peer, seeder('silent', { tamper: m => (isSilent && m.type === 'piece' ? undefined : m) }))
    swarm.runUntil(() => (peer.machine.have?.count ?? 0) > 0)
    isSilent = true
    swarm.connect(peer, seeder('other', { uploadBytesPerMs: 100 }))
    assert.ok(swarm.runUntil(() => peer.isComplete, SNUB_TIMEOUT_MS + 40_000))
    assertComplete(peer, content)
    assert.deepEqual(codesOf(peer), [])
  })

  it('goes on with the others when a provider goes away', () => {
    const { content, swarm, seeder, fetcher } = scene()
    const peer = fetcher('fetcher')
    const [key] = swarm.connect(peer, seeder('leaving', { uploadBytesPerMs: 100 }))
    swarm.connect(peer, seeder('staying', { uploadBytesPerMs: 100 }))
    swarm.run(300)
    peer.disconnect(key)
    assert.ok(swarm.runUntil(() => peer.isComplete))
    assertComplete(peer, content)
  })

  it('is not held up by pieces that were begun with providers that are gone', () => {
    // So long that only two pieces may be in the making.
    const { content, info, swarm, seeder, fetcher } = scene(
      MAX_BUFFERED_BYTES,
      Math.ceil(MAX_BUFFERED_BYTES / 3) + 16,
    )
    assert.equal(pieceCount(info), 3)
    const peer = fetcher('fetcher')
    const leaving = [0, 1].map(only => {
      const have = half(info, piece => piece === only)
      return swarm.connect(peer, seeder(`has ${only}`, { have, uploadBytesPerMs: 1000 }))[0]
    })
    swarm.run(1000)
    for (const key of leaving) peer.disconnect(key)
    swarm.connect(peer, seeder('has the last', { have: half(info, piece => piece === 2) }))
    assert.ok(swarm.runUntil(() => peer.machine.have?.has(2) === true, 60_000))
    swarm.connect(peer, seeder('has all'))
    assert.ok(swarm.runUntil(() => peer.isComplete))
    assertComplete(peer, content)
  })

  it('serves what it has while it is still fetching', () => {
    const { content, info, swarm, fetcher } = scene()
    const even = fetcher('even', { content, have: half(info, piece => piece % 2 === 0) })
    const odd = fetcher('odd', { content, have: half(info, piece => piece % 2 === 1) })
    even.stored.fill(0, PIECE, 2 * PIECE)
    swarm.connect(even, odd)
    assert.ok(swarm.runUntil(() => even.isComplete && odd.isComplete))
    assertComplete(even, content)
    assertComplete(odd, content)
  })

  it('passes pieces along a chain of fetchers', () => {
    const { content, swarm, seeder, fetcher } = scene()
    const chain = [seeder('seeder'), fetcher('1'), fetcher('2', { knowsInfo: false }), fetcher('3')]
    for (let i = 1; i < chain.length; i++) swarm.connect(chain[i]!, chain[i - 1]!)
    assert.ok(swarm.runUntil(() => chain.slice(1).every(peer => peer.isComplete)))
    for (const peer of chain.slice(1)) assertComplete(peer, content)
  })

  it('closes connections that are of no use to either side any more', () => {
    const { swarm, seeder, fetcher } = scene(PIECE)
    const peer = fetcher('fetcher')
    swarm.connect(peer, seeder('seeder'))
    swarm.runUntil(() => peer.isComplete)
    assert.equal(peer.links.size, 0)
    assert.deepEqual(peer.drops, [{ remotePeer: 'seeder', reason: { ok: true } }])
  })

  it('rotates upload slots, so that everyone is served in the end', () => {
    const { content, swarm, seeder, fetcher } = scene(20 * PIECE)
    const source = seeder('seeder', { uploadBytesPerMs: 50 })
    const peers = Array.from({ length: 12 }, (_, i) => fetcher(`fetcher ${i}`))
    for (const peer of peers) swarm.connect(peer, source)
    assert.ok(swarm.runUntil(() => peers.every(peer => peer.isComplete)))
    for (const peer of peers) assertComplete(peer, content)
  })

  it('stops asking when fetching is turned off, still serves, and goes on when it is turned on', () => {
    const { content, swarm, seeder, fetcher } = scene(100 * PIECE)
    const peer = fetcher('fetcher')
    const other = fetcher('other')
    swarm.connect(peer, seeder('seeder', { uploadBytesPerMs: 500 }))
    swarm.runUntil(() => (peer.machine.have?.count ?? 0) >= 5)
    peer.machine.setFetching(false)
    swarm.run(1000)
    const { count } = peer.machine.have!
    swarm.connect(other, peer)
    swarm.run(5000)
    assert.equal(peer.machine.have!.count, count)
    assert.equal(other.machine.have!.count, count)
    peer.machine.setFetching(true)
    assert.ok(swarm.runUntil(() => other.isComplete))
    assertComplete(other, content)
  })

  it('stops fetching when a piece cannot be written, and blames nobody', () => {
    const { swarm, seeder, fetcher } = scene()
    const peer = fetcher('fetcher')
    peer.failWrites = true
    swarm.connect(peer, seeder('seeder'))
    swarm.run(2000)
    assert.equal(peer.machine.have!.count, 0)
    assert.deepEqual(codesOf(peer), [])
    peer.failWrites = false
    peer.machine.setFetching(true)
    assert.ok(swarm.runUntil(() => peer.isComplete))
  })

  it('keeps quiet connections alive, and drops dead ones', () => {
    const { swarm, fetcher } = scene()
    const [a, b] = [fetcher('a'), fetcher('b')]
    swarm.connect(a, b)
    swarm.run(2 * IDLE_TIMEOUT_MS)
    assert.equal(a.links.size, 1)
    const dead = fetcher('dead', { tamper: () => undefined })
    swarm.connect(a, dead)
    swarm.run(IDLE_TIMEOUT_MS + 1000)
    assert.equal(a.links.size, 1)
  })

  it('is the same run for the same seed', () => {
    const run = () => {
      const { swarm, seeder, fetcher } = scene()
      const peer = fetcher('fetcher')
      for (const name of ['a', 'b']) swarm.connect(peer, seeder(name))
      swarm.runUntil(() => peer.isComplete)
      return [swarm.nowMs, ...peer.machine.contributions]
    }
    assert.deepEqual(run(), run())
  })
})

describe('a torrent machine among liars', () => {
  it('bans the one provider that corrupts every block, and completes from the others', () => {
    const { content, swarm, seeder, fetcher } = scene()
    const peer = fetcher('fetcher')
    swarm.connect(peer, seeder('honest', { uploadBytesPerMs: 200 }))
    swarm.connect(peer, seeder('liar', { tamper: lying(() => true), uploadBytesPerMs: 200 }))
    swarm.connect(peer, seeder('honest too', { uploadBytesPerMs: 200 }))
    assert.ok(swarm.runUntil(() => peer.isComplete))
    assertComplete(peer, content)
    assert.deepEqual(codesOf(peer), ['liar: corrupt-piece'])
    assert.equal(peer.machine.isBanned('liar'), true)
    assert.equal(peer.machine.contributions.has('liar'), false)
  })

  // More blocks than a pipeline is deep at first, so that several peers work on one piece.
  const large = makeContent(12 * 48 * BLOCK_BYTES, 48 * BLOCK_BYTES)
  for (let seed = 1; seed <= 8; seed++) {
    it(`finds liars in pieces that several made, and bans nobody else (seed ${seed})`, () => {
      const { content, info } = large
      const swarm = new VirtualSwarm(info, { seed, latencyMs: 5 + seed })
      const peer = swarm.addPeer('fetcher')
      peer.machine.setFetching(true)
      const liar = lying((piece, begin) => (piece + begin / BLOCK_BYTES) % 3 === 0)
      for (const [name, tamper] of [['a'], ['b'], ['liar 1', liar], ['c'], ['liar 2', liar]] as const) {
        swarm.connect(
          peer,
          swarm.addPeer(name, { content, uploadBytesPerMs: 100, ...(tamper ? { tamper } : {}) }),
        )
      }
      assert.ok(swarm.runUntil(() => peer.isComplete))
      assertComplete(peer, content)
      for (const name of ['a', 'b', 'c']) assert.equal(peer.machine.isBanned(name), false, name)
      for (const code of codesOf(peer)) assert.match(code, /^liar \d: corrupt-piece$/)
      assert.ok(codesOf(peer).length > 0)
    })
  }

  it('refuses a banned peer that comes back', () => {
    const { swarm, seeder, fetcher } = scene()
    const peer = fetcher('fetcher')
    const liar = seeder('liar', { tamper: lying(() => true) })
    swarm.connect(peer, liar)
    assert.ok(swarm.runUntil(() => peer.machine.isBanned('liar')))
    swarm.connect(peer, liar)
    assert.equal(peer.machine.peerSnapshots().length, 0)
  })

  it('keeps a liar out of the pieces being made, so that a lone honest provider is enough', () => {
    const { content, swarm, seeder, fetcher } = scene(100 * PIECE)
    const peer = fetcher('fetcher')
    swarm.connect(peer, seeder('honest', { uploadBytesPerMs: 50 }))
    for (let i = 0; i < 6; i++) {
      swarm.connect(
        peer,
        seeder(`liar ${i}`, { tamper: lying(piece => piece % 2 === 0), uploadBytesPerMs: 300 }),
      )
    }
    assert.ok(swarm.runUntil(() => peer.isComplete))
    assertComplete(peer, content)
    assert.equal(peer.machine.isBanned('honest'), false)
  })
})
