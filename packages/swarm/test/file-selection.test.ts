import assert from 'node:assert/strict'
import {
  BLOCK_BYTES,
  type FilePriority,
  pieceCount,
  pieceLengthAt,
  URGENT_LATE_BLOCK_MS,
  type WireMessage,
} from '@onehop/swarm'
import fc from 'fast-check'
import { infoOf, torrentOfFiles } from './torrent-of-files.ts'
import { makeContent, type VirtualPeer, type VirtualPeerOptions, VirtualSwarm } from './virtual-swarm.ts'

const PIECE = 4 * BLOCK_BYTES

/** Files of ten pieces each; the borders lie within pieces. */
const FILES = ['a', 'b', 'c'].map(name => ({ name, bytes: 10 * PIECE + 1000 }))
const folder = torrentOfFiles(FILES, PIECE)

/** Without the Fast extension: what it allows a newcomer comes first in any case. */
function scene({ content, info } = folder, fetcherOptions: VirtualPeerOptions = {}) {
  const swarm = new VirtualSwarm(info)
  const peer = swarm.addPeer('fetcher', { fast: false, ...fetcherOptions })
  const order: number[] = []
  peer.onVerified = piece => order.push(piece)
  const seeder = (name: string, options: VirtualPeerOptions = {}) =>
    swarm.addPeer(name, { content, ...options })
  return { swarm, peer, order, seeder, content, info }
}

/** Pieces asked for, in the order in which they were first asked for. */
function askedBy(peer: VirtualPeer): number[] {
  const asked = new Set<number>()
  const order: number[] = []
  peer.observe = (message: WireMessage) => {
    if (message.type !== 'request' || asked.has(message.piece)) return
    asked.add(message.piece)
    order.push(message.piece)
  }
  return order
}

const isAscending = (numbers: readonly number[]) => numbers.every((n, i) => i === 0 || numbers[i - 1]! < n)

describe('a selection of files', () => {
  it('fetches the pieces of the wanted files, and is complete with them', () => {
    const { swarm, peer, seeder } = scene()
    peer.machine.setFilePriorities(['skip', 'normal', 'skip'])
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder'))
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    // File b begins in the middle of piece 10 and ends in piece 20.
    assert.deepEqual([...peer.havePieces()], [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20])
    assert.equal(peer.machine.isComplete, true)
    assert.equal(peer.machine.have!.isFull, false)
    assert.equal(peer.machine.wantedBytesLeft, 0)
  })

  it('holds for one who fetches the info dictionary first', () => {
    const { swarm, peer, seeder } = scene(folder, { knowsInfo: false })
    peer.machine.setFilePriorities(['skip', 'skip', 'normal'])
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder'))
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    assert.equal(peer.machine.have!.has(0), false)
  })

  it('goes on when more is wanted afterwards, and completes again', () => {
    const { swarm, peer, seeder } = scene()
    peer.machine.setFilePriorities(['normal', 'skip', 'skip'])
    peer.machine.setFetching(true)
    const source = seeder('seeder')
    swarm.connect(peer, source)
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    peer.completedAtMs = undefined
    peer.machine.setFilePriorities([])
    swarm.connect(peer, source)
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    assert.equal(peer.machine.have!.isFull, true)
  })

  it('takes back what it asked for when that is wanted no more', () => {
    const { swarm, peer, seeder } = scene()
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder', { uploadBytesPerMs: 50 }))
    swarm.run(1000)
    peer.machine.setFilePriorities(['skip', 'skip', 'normal'])
    swarm.run(200)
    const asked = askedBy(peer)
    assert.ok(swarm.runUntil(() => peer.isComplete, 60_000))
    assert.ok(peer.sent.get('cancel')! > 0)
    assert.ok(asked.every(piece => piece >= 20))
    assert.deepEqual(
      peer.drops.filter(({ reason }) => !reason.ok),
      [],
    )
  })

  it('is complete at once when what is missing is wanted no more', () => {
    const { swarm, peer, seeder } = scene()
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder', { uploadBytesPerMs: 20 }))
    swarm.run(500)
    peer.machine.setFilePriorities(['skip', 'skip', 'skip'])
    assert.equal(peer.isComplete, true)
    assert.equal(peer.machine.peerSnapshots()[0]?.amInterested ?? false, false)
  })

  it('fetches files of a higher priority first', () => {
    const { swarm, peer, seeder } = scene()
    const asked = askedBy(peer)
    peer.machine.setFilePriorities(['low', 'normal', 'high'])
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder'))
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    const rank = (piece: number) => (piece >= 20 ? 0 : piece >= 10 ? 1 : 2)
    assert.deepEqual(asked.map(rank), asked.map(rank).sort())
  })

  it('leaves nothing out, whatever the priorities and their changes', () => {
    const priority = fc.constantFrom<FilePriority>('skip', 'low', 'normal', 'high')
    const step = fc.tuple(fc.array(priority, { minLength: 3, maxLength: 3 }), fc.nat(300))
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), fc.boolean(), (steps, sequential) => {
        const { swarm, peer, seeder, content, info } = scene()
        peer.machine.setSequential(sequential)
        peer.machine.setFetching(true)
        const source = seeder('seeder', { uploadBytesPerMs: 500 })
        swarm.connect(peer, source)
        for (const [priorities, waitMs] of steps) {
          peer.machine.setFilePriorities(priorities)
          swarm.run(waitMs)
        }
        if (peer.links.size === 0) swarm.connect(peer, source)
        assert.ok(swarm.runUntil(() => peer.machine.isComplete, 60_000))
        const [wanted] = steps.at(-1)!
        for (const [file, priority] of wanted.entries()) {
          const { offsetBytes, lengthBytes } = info.files[file]!
          const [from, to] = [offsetBytes, offsetBytes + lengthBytes]
          if (priority === 'skip') continue
          assert.ok(Buffer.compare(peer.stored.subarray(from, to), content.subarray(from, to)) === 0)
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('sequential fetching', () => {
  const { content, info } = makeContent(60 * PIECE, PIECE)

  it('asks for pieces in order', () => {
    const { swarm, peer, seeder } = scene({ content, info })
    const asked = askedBy(peer)
    peer.machine.setSequential(true)
    peer.machine.setFetching(true)
    for (const name of ['a', 'b', 'c']) swarm.connect(peer, seeder(name, { uploadBytesPerMs: 300 }))
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    assert.equal(asked.length, 60)
    assert.ok(isAscending(asked), String(asked))
  })

  it('can be turned on when it has begun', () => {
    const { swarm, peer, seeder } = scene({ content, info })
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder', { uploadBytesPerMs: 500 }))
    swarm.run(400)
    peer.machine.setSequential(true)
    const asked = askedBy(peer)
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    const begun = asked.findIndex((_, i) => isAscending(asked.slice(i)))
    assert.ok(begun >= 0 && begun < 40 && asked.length - begun > 10, String(asked))
  })
})

describe('what readers wait for', () => {
  const { content, info } = makeContent(200 * PIECE, PIECE)

  it('comes before all else, for several readers in turn', () => {
    const { swarm, peer, seeder } = scene({ content, info })
    const asked = askedBy(peer)
    peer.machine.setReadAhead([
      { piece: 150, count: 4 },
      { piece: 20, count: 2 },
    ])
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder'))
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    assert.deepEqual(asked.slice(0, 6), [150, 20, 151, 21, 152, 153])
  })

  it('comes soon after the reader has jumped, though everything else was asked for', () => {
    const { swarm, peer, seeder } = scene({ content, info })
    peer.machine.setFetching(true)
    for (const name of ['a', 'b']) swarm.connect(peer, seeder(name, { uploadBytesPerMs: 100 }))
    swarm.run(2000)
    const wanted = [...Array(200).keys()].filter(piece => !peer.machine.have!.has(piece)).slice(-2)
    peer.machine.setReadAhead(wanted.map(piece => ({ piece, count: 1 })))
    const beganMs = swarm.nowMs
    assert.ok(swarm.runUntil(() => wanted.every(piece => peer.machine.have!.has(piece)), 20_000))
    assert.ok(swarm.nowMs - beganMs < 3000, `${swarm.nowMs - beganMs} ms`)
  })

  it('does not wait for one who is slow: the fastest is asked as well', () => {
    const { swarm, peer, seeder } = scene({ content, info })
    let isStuck = false
    const stuck = seeder('stuck', { tamper: m => (isStuck && m.type === 'piece' ? undefined : m) })
    swarm.connect(peer, stuck)
    peer.machine.setFetching(true)
    swarm.runUntil(() => peer.machine.have!.count > 3)
    isStuck = true
    peer.machine.setReadAhead([{ piece: 100, count: 3 }])
    swarm.run(50)
    swarm.connect(peer, seeder('fast', { uploadBytesPerMs: 1000 }))
    const beganMs = swarm.nowMs
    assert.ok(swarm.runUntil(() => [100, 101, 102].every(piece => peer.machine.have!.has(piece)), 20_000))
    assert.ok(swarm.nowMs - beganMs < 4 * URGENT_LATE_BLOCK_MS, `${swarm.nowMs - beganMs} ms`)
  })

  it('may be beyond the end, or nothing', () => {
    const { swarm, peer, seeder } = scene({ content, info })
    peer.machine.setReadAhead([
      { piece: 199, count: 1_000_000 },
      { piece: 5000, count: 3 },
    ])
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder'))
    swarm.run(100)
    peer.machine.setReadAhead([])
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
  })
})

describe('padding (BEP 47)', () => {
  const files = [
    { name: 'a', bytes: PIECE + 5000 },
    { name: '1', bytes: PIECE - 5000, isPadding: true },
    { name: 'b', bytes: 100 },
    { name: '2', bytes: 3 * PIECE - 100, isPadding: true },
    { name: 'c', bytes: 2 * PIECE },
  ]
  const padded = torrentOfFiles(files, PIECE)

  it('is not asked for, and the torrent completes', () => {
    const { swarm, peer, seeder, content, info } = scene(padded)
    const asked: { piece: number; begin: number }[] = []
    peer.observe = message => {
      if (message.type === 'request') asked.push(message)
    }
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder'))
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    assert.ok(Buffer.compare(peer.stored, content) === 0)
    const blocks = asked.map(({ piece, begin }) => (piece * PIECE + begin) / BLOCK_BYTES)
    // Of a: pieces 0 and the first block of 1; of b: one block; of c: two pieces.
    assert.deepEqual(
      blocks.sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 8, 20, 21, 22, 23, 24, 25, 26, 27],
    )
    assert.equal(pieceCount(info), 7)
  })

  it('is wanted by who wants everything, and not by who wants some files', () => {
    const { swarm, peer, seeder } = scene(padded)
    peer.machine.setFilePriorities(['normal', 'normal', 'skip'])
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder'))
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
    assert.deepEqual([...peer.havePieces()], [0, 1, 5, 6])
  })

  it('that is not zeros is fetched after all, and nobody is blamed', () => {
    const content = padded.content.slice()
    content.fill(7, 2 * PIECE - 3 * BLOCK_BYTES, 2 * PIECE)
    content.fill(7, 3 * PIECE, 4 * PIECE)
    const info = infoOf(files, content, PIECE)
    const { swarm, peer, seeder } = scene({ content, info })
    peer.machine.setFetching(true)
    for (const name of ['a', 'b']) swarm.connect(peer, seeder(name))
    assert.ok(swarm.runUntil(() => peer.isComplete, 60_000))
    assert.ok(Buffer.compare(peer.stored, content) === 0)
    assert.deepEqual(
      peer.drops.filter(({ reason }) => !reason.ok),
      [],
    )
  })

  it('does not hide a liar', () => {
    const lie = (message: WireMessage): WireMessage =>
      message.type === 'piece' ? { ...message, block: message.block.map(byte => byte ^ 1) } : message
    const { swarm, peer, seeder } = scene(padded)
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('liar', { tamper: lie }))
    assert.ok(swarm.runUntil(() => peer.machine.isBanned('liar'), 60_000))
    swarm.connect(peer, seeder('honest'))
    assert.ok(swarm.runUntil(() => peer.isComplete, 60_000))
  })
})

describe('two who have all that they want (BEP 21)', () => {
  it('part, though neither has everything', () => {
    const { swarm, peer, seeder } = scene()
    peer.machine.setFilePriorities(['normal', 'skip', 'skip'])
    peer.machine.setFetching(true)
    const other = swarm.addPeer('other')
    other.machine.setFilePriorities(['skip', 'normal', 'skip'])
    other.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder'))
    swarm.connect(other, peer)
    swarm.connect(other, seeder('seeder of the other'))
    assert.ok(swarm.runUntil(() => peer.isComplete && other.isComplete, 20_000))
    swarm.run(1000)
    assert.deepEqual([peer.links.size, other.links.size], [0, 0])
    for (const { reason } of [...peer.drops, ...other.drops]) assert.equal(reason.ok, true)
  })

  it('stay together when one of them wants more', () => {
    const { swarm, peer } = scene()
    const other = swarm.addPeer('other', { content: folder.content })
    other.machine.setFilePriorities(['normal', 'skip', 'skip'])
    swarm.connect(peer, other)
    peer.machine.setFetching(true)
    swarm.run(100)
    assert.ok(peer.machine.have!.count > 0 || peer.links.size === 1)
    assert.ok(swarm.runUntil(() => peer.isComplete, 20_000))
  })
})

describe('the bytes that are left', () => {
  it('are those of the wanted pieces that are missing', () => {
    const { swarm, peer, seeder, info } = scene()
    peer.machine.setFilePriorities(['skip', 'normal', 'normal'])
    peer.machine.setFetching(true)
    swarm.connect(peer, seeder('seeder', { uploadBytesPerMs: 100 }))
    for (let round = 0; round < 10; round++) {
      swarm.run(100)
      let left = 0
      for (let piece = 10; piece < pieceCount(info); piece++) {
        if (!peer.machine.have!.has(piece)) left += pieceLengthAt(info, piece)
      }
      assert.equal(peer.machine.wantedBytesLeft, left)
    }
  })
})
