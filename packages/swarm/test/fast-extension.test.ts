import assert from 'node:assert/strict'
import { sha1 } from '@onehop/primitives'
import {
  ALLOWED_FAST_PIECES,
  Bitfield,
  BLOCK_BYTES,
  type Choker,
  canonicalSet,
  MAX_REFUSED_PIECES,
  pieceCount,
  REFUSAL_MS,
  type WireMessage,
} from '@onehop/swarm'
import { makeContent, type VirtualPeer, type VirtualPeerOptions, VirtualSwarm } from './virtual-swarm.ts'

const PIECE = 4 * BLOCK_BYTES
const { content, info } = makeContent(40 * PIECE, PIECE)

/** Unchokes nobody until it is told to. */
class Gate implements Choker {
  isOpen = false

  choose(peers: Parameters<Choker['choose']>[0]) {
    const slot = this.isOpen ? 'regular' : 'choked'
    return new Map(peers.map(peer => [peer.key, { slot, reason: 'the gate' } as const]))
  }
}

/** Notes what a peer sends. */
function recording(log: WireMessage[]): Pick<VirtualPeerOptions, 'tamper'> {
  return {
    tamper: message => {
      log.push(message)
      return message
    },
  }
}

const typesIn = (log: readonly WireMessage[], ...types: WireMessage['type'][]) =>
  log.map(({ type }) => type).filter(type => types.includes(type))

const ANNOUNCEMENTS = ['bitfield', 'haveAll', 'haveNone'] as const

function fetcherIn(swarm: VirtualSwarm, options: VirtualPeerOptions = {}): VirtualPeer {
  const peer = swarm.addPeer('fetcher', options)
  peer.machine.setFetching(true)
  return peer
}

function piecesUpTo(end: number): Bitfield {
  const have = new Bitfield(pieceCount(info))
  for (let piece = 0; piece < end; piece++) have.set(piece)
  return have
}

describe('what a peer has (BEP 6)', () => {
  const cases = [
    ['all', { content }, true, ['haveAll']],
    ['nothing', {}, true, ['haveNone']],
    ['some', { content, have: piecesUpTo(3) }, true, ['bitfield']],
    ['all, to one who did not agree', { content }, false, ['bitfield']],
    ['nothing, to one who did not agree', {}, false, []],
  ] as const
  for (const [what, options, fast, expected] of cases) {
    it(`is said once: ${what}`, () => {
      const log: WireMessage[] = []
      const swarm = new VirtualSwarm(info)
      swarm.connect(
        swarm.addPeer('speaker', { ...options, ...recording(log) }),
        swarm.addPeer('other', { fast }),
      )
      swarm.run(100)
      assert.deepEqual(typesIn(log, ...ANNOUNCEMENTS), expected)
    })
  }

  it('is known from it, and nothing else is needed to fetch', () => {
    for (const fast of [true, false]) {
      const swarm = new VirtualSwarm(info)
      const peer = fetcherIn(swarm, { fast, knowsInfo: false })
      swarm.connect(peer, swarm.addPeer('seeder', { content }))
      assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    }
  })

  it('makes a seed count for every piece, until it goes', () => {
    const swarm = new VirtualSwarm(info)
    const peer = swarm.addPeer('watcher')
    const [key] = swarm.connect(peer, swarm.addPeer('seeder', { content }))
    swarm.connect(peer, swarm.addPeer('partial', { content, have: piecesUpTo(2) }))
    swarm.run(100)
    assert.deepEqual([...peer.machine.pieceAvailability()!.subarray(0, 4)], [2, 2, 1, 1])
    peer.disconnect(key)
    assert.deepEqual([...peer.machine.pieceAvailability()!.subarray(0, 4)], [1, 1, 0, 0])
  })

  it('counts once, however often it is said, before and after single pieces', () => {
    const swarm = new VirtualSwarm(info)
    const peer = swarm.addPeer('watcher')
    const chatty = swarm.addPeer('chatty')
    const [key, chattyKey] = swarm.connect(peer, chatty)
    for (const message of [{ type: 'have', piece: 1 }, { type: 'haveAll' }, { type: 'haveAll' }] as const) {
      chatty.send(chattyKey, message)
    }
    swarm.run(100)
    assert.ok(peer.machine.pieceAvailability()!.every(copies => copies === 1))
    peer.disconnect(key)
    assert.ok(peer.machine.pieceAvailability()!.every(copies => copies === 0))
  })
})

describe('the allowed fast set (BEP 6)', () => {
  const network = Uint8Array.of(80, 4, 4, 0)
  const infohash = new Uint8Array(20).fill(0xaa)

  it('is the one of the specification', () => {
    const nine = [1059, 431, 808, 1217, 287, 376, 1188, 353, 508]
    assert.deepEqual([...canonicalSet(7, 1313, network, infohash, sha1)], nine.slice(0, 7))
    assert.deepEqual([...canonicalSet(9, 1313, network, infohash, sha1)], nine)
  })

  it('is served while the peer is choked, and no more than that', () => {
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm, { address: { host: '80.4.4.200', port: 1 } })
    swarm.connect(peer, swarm.addPeer('seeder', { content, choker: new Gate() }))
    swarm.run(60_000)
    assert.equal(peer.machine.have!.count, ALLOWED_FAST_PIECES)
    assert.deepEqual(peer.drops, [])
    const expected = canonicalSet(ALLOWED_FAST_PIECES, pieceCount(info), network, info.infohash, sha1)
    for (const piece of expected) assert.ok(peer.machine.have!.has(piece), `piece ${piece}`)
  })

  it('is not given to one who has enough already', () => {
    const log: WireMessage[] = []
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm, { content, have: piecesUpTo(ALLOWED_FAST_PIECES) })
    swarm.connect(peer, swarm.addPeer('seeder', { content, choker: new Gate(), ...recording(log) }))
    swarm.run(1000)
    assert.deepEqual(typesIn(log, 'allowedFast'), [])
  })

  it('is served once, however often somebody comes back and asks', () => {
    const swarm = new VirtualSwarm(info)
    const seeder = swarm.addPeer('seeder', { content, choker: new Gate() })
    for (let visit = 0; visit < 4; visit++) {
      const allowed: number[] = []
      const greedy = swarm.addPeer('greedy', { isDeaf: true })
      seeder.observe = message => {
        if (message.type === 'allowedFast') allowed.push(message.piece)
      }
      const [key] = swarm.connect(greedy, seeder)
      swarm.run(100)
      for (let round = 0; round < 3; round++) {
        for (const piece of allowed) {
          for (let begin = 0; begin < PIECE; begin += BLOCK_BYTES) {
            greedy.send(key, { type: 'request', piece, begin, length: BLOCK_BYTES })
          }
        }
      }
      swarm.run(5000)
      greedy.disconnect(key)
      for (const seederKey of [...seeder.links.keys()]) seeder.disconnect(seederKey)
    }
    const setBytes = ALLOWED_FAST_PIECES * PIECE
    const sent = seeder.sentBytes('piece')
    assert.ok(sent > 0.9 * setBytes && sent < 1.1 * setBytes, `${sent} bytes`)
  })
})

describe('requests of one who agreed on the Fast extension', () => {
  it('are rejected one by one when we choke it, and all is answered', () => {
    const answered = new Map<string, string>()
    const nameOf = ({ piece, begin }: { piece: number; begin: number }) => `${piece}:${begin}`
    const gate = new Gate()
    gate.isOpen = true
    const swarm = new VirtualSwarm(info)
    const seeder = swarm.addPeer('seeder', { content, choker: gate, uploadBytesPerMs: 16 })
    const asker = swarm.addPeer('asker')
    seeder.observe = message => {
      if (message.type === 'piece' || message.type === 'reject') {
        assert.equal(answered.has(nameOf(message)), false, `a second answer for ${nameOf(message)}`)
        answered.set(nameOf(message), message.type)
      }
    }
    const [key] = swarm.connect(asker, seeder)
    asker.send(key, { type: 'interested' })
    swarm.run(2000)
    for (let piece = 20; piece < 30; piece++) {
      for (let begin = 0; begin < PIECE; begin += BLOCK_BYTES) {
        asker.send(key, { type: 'request', piece, begin, length: BLOCK_BYTES })
      }
    }
    asker.send(key, { type: 'cancel', piece: 29, begin: 0, length: BLOCK_BYTES })
    swarm.run(3000)
    gate.isOpen = false
    swarm.run(15_000)
    assert.equal(answered.size, 40)
    assert.equal(answered.get('29:0'), 'reject')
    const kinds = new Set(answered.values())
    assert.deepEqual([...kinds].sort(), ['piece', 'reject'])
  })

  it('are rejected while it is choked', () => {
    const swarm = new VirtualSwarm(info)
    const seeder = swarm.addPeer('seeder', { content, choker: new Gate() })
    const asker = swarm.addPeer('asker', { content, have: piecesUpTo(20) })
    const [key] = swarm.connect(asker, seeder)
    swarm.run(100)
    asker.send(key, { type: 'request', piece: 30, begin: 0, length: BLOCK_BYTES })
    swarm.run(100)
    assert.equal(seeder.sent.get('reject'), 1)
    assert.equal(seeder.sent.get('piece'), undefined)
  })
})

describe('a fetcher whose requests are rejected', () => {
  it('asks others, and is not held up', () => {
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm)
    const unwilling = swarm.addPeer('unwilling', { content, tamper: rejecting(() => true) })
    swarm.connect(peer, unwilling)
    swarm.connect(peer, swarm.addPeer('seeder', { content, uploadBytesPerMs: 1000 }))
    assert.ok(swarm.runUntil(() => peer.isComplete, 30_000))
    assert.deepEqual(
      peer.drops.filter(({ reason }) => !reason.ok),
      [],
    )
  })

  it('fetches the other pieces from one who refuses some, and those when it gives them after all', () => {
    let refuses = true
    const swarm = new VirtualSwarm(info)
    const peer = fetcherIn(swarm)
    const moody = swarm.addPeer('moody', { content, tamper: rejecting(piece => refuses && piece % 2 === 0) })
    swarm.connect(peer, moody)
    assert.ok(swarm.runUntil(() => peer.machine.have!.count === pieceCount(info) / 2, 30_000))
    refuses = false
    assert.ok(swarm.runUntil(() => peer.isComplete, REFUSAL_MS + 10_000))
  })

  it('does not take the answers to its cancels for refusals of what it asked for once more', () => {
    const swarm = new VirtualSwarm(info, { latencyMs: 50 })
    const peer = fetcherIn(swarm)
    swarm.connect(peer, swarm.addPeer('seeder', { content, uploadBytesPerMs: 200 }))
    const readers = [0, 20, 39, 10].map(piece => ({ piece, count: 1 }))
    for (let jump = 0; !peer.isComplete && jump < 200; jump++) {
      peer.machine.setReadAhead([readers[jump % readers.length]!])
      swarm.run(jump % 3 === 0 ? 10 : 60)
    }
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
  })

  it('does not ask again and again one who rejects everything', () => {
    const swarm = new VirtualSwarm(info, { latencyMs: 1 })
    const peer = fetcherIn(swarm)
    swarm.connect(peer, swarm.addPeer('unwilling', { content, tamper: rejecting(() => true) }))
    swarm.run(REFUSAL_MS - 5000)
    assert.ok(
      peer.sent.get('request')! <= (MAX_REFUSED_PIECES + 1) * 4,
      `${peer.sent.get('request')} requests`,
    )
  })
})

/** Says no to requests of certain pieces in place of sending blocks. */
function rejecting(isRefused: (piece: number) => boolean) {
  return (message: WireMessage): WireMessage =>
    message.type === 'piece' && isRefused(message.piece)
      ? { type: 'reject', piece: message.piece, begin: message.begin, length: message.block.length }
      : message
}
