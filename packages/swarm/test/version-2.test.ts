import assert from 'node:assert/strict'
import {
  BLOCK_BYTES,
  pieceCount,
  pieceLengthAt,
  type TorrentFile,
  type TorrentInfo,
  type WireMessage,
} from '@onehop/swarm'
import { PublishedFolder } from './published-content.ts'
import { VirtualSwarm } from './virtual-swarm.ts'

const published = new PublishedFolder()

/** A torrent, and options of a peer that has it. */
function seedOf(file: TorrentFile) {
  const content = published.stream(file.info)
  return { content, ...(file.pieceLayers && { pieceLayers: file.pieceLayers }) }
}

function codesOf(
  drops: readonly { readonly reason: { ok: boolean; code?: string } }[],
): (string | undefined)[] {
  return drops.map(({ reason }) => reason.code)
}

describe('torrents of version 2 (BEP 52)', () => {
  it('are fetched with nothing known but the infohash: metadata, then hashes, then pieces', () => {
    const file = published.torrent('v2')
    const swarm = new VirtualSwarm(file.info)
    const seed = swarm.addPeer('seed', seedOf(file))
    const leech = swarm.addPeer('leech', { knowsInfo: false })
    leech.machine.setFetching(true)
    const order: WireMessage['type'][] = []
    leech.observe = message => void order.push(message.type)
    swarm.connect(leech, seed)
    assert.equal(
      swarm.runUntil(() => leech.isComplete),
      true,
    )
    assert.deepEqual(leech.stored, published.stream(file.info))
    assert.equal(order.indexOf('hashRequest') < order.lastIndexOf('request'), true)
    assert.equal(leech.machine.pieceLayers?.isComplete, true)
    assert.equal(leech.drops.filter(({ reason }) => !reason.ok).length, 0)
  })

  it('are served on to others, hashes too', () => {
    const file = published.torrent('v2')
    const swarm = new VirtualSwarm(file.info)
    const seed = swarm.addPeer('seed', seedOf(file))
    const [first, second] = ['first', 'second'].map(name => swarm.addPeer(name, { knowsInfo: false }))
    for (const leech of [first!, second!]) leech.machine.setFetching(true)
    swarm.connect(first!, seed)
    swarm.connect(second!, first!)
    assert.equal(
      swarm.runUntil(() => second!.isComplete),
      true,
    )
    assert.deepEqual(second!.stored, published.stream(file.info))
    assert.equal(seed.sent.get('hashes') !== undefined && first!.sent.get('hashes') !== undefined, true)
  })

  it('are fetched by who knows the hashes from a peer that does not', () => {
    const file = published.torrent('v2')
    const swarm = new VirtualSwarm(file.info)
    const seed = swarm.addPeer('seed', { content: published.stream(file.info) })
    const leech = swarm.addPeer('leech', { pieceLayers: file.pieceLayers! })
    leech.machine.setFetching(true)
    swarm.connect(leech, seed)
    assert.equal(
      swarm.runUntil(() => leech.isComplete),
      true,
    )
    assert.equal(leech.sent.get('hashRequest'), undefined)
  })

  it('go on in the files of one piece while nobody tells the hashes of the others', () => {
    const file = published.torrent('v2')
    const swarm = new VirtualSwarm(file.info)
    const mute = swarm.addPeer('mute', {
      ...seedOf(file),
      tamper: message => (message.type === 'hashes' ? undefined : message),
    })
    const leech = swarm.addPeer('leech')
    leech.machine.setFetching(true)
    swarm.connect(leech, mute)
    swarm.run(60_000)
    const small = file.info.files.filter(({ lengthBytes }) => lengthBytes <= file.info.pieceLengthBytes)
    assert.equal(leech.machine.have?.count, small.filter(({ lengthBytes }) => lengthBytes > 0).length)
    swarm.connect(leech, swarm.addPeer('seed', seedOf(file)))
    assert.equal(
      swarm.runUntil(() => leech.isComplete),
      true,
    )
  })

  it('ban whoever sends wrong hashes or wrong pieces, and are fetched from others', () => {
    const file = published.torrent('v2')
    const swarm = new VirtualSwarm(file.info)
    const spoil = (type: 'hashes' | 'piece') => (message: WireMessage) => {
      if (type === 'hashes' && message.type === 'hashes')
        return { ...message, hashes: message.hashes.map(b => b ^ 1) }
      return type === 'piece' && message.type === 'piece'
        ? { ...message, block: message.block.map(b => b ^ 1) }
        : message
    }
    const liars = (['hashes', 'piece'] as const).map(type =>
      swarm.addPeer(type, { ...seedOf(file), tamper: spoil(type) }),
    )
    const leech = swarm.addPeer('leech')
    leech.machine.setFetching(true)
    for (const liar of liars) swarm.connect(leech, liar)
    assert.equal(
      swarm.runUntil(() => leech.drops.length === liars.length),
      true,
    )
    assert.deepEqual(codesOf(leech.drops).sort(), ['corrupt-hashes', 'corrupt-piece'])
    swarm.connect(leech, swarm.addPeer('seed', seedOf(file)))
    assert.equal(
      swarm.runUntil(() => leech.isComplete),
      true,
    )
    assert.deepEqual(leech.stored, published.stream(file.info))
  })

  it('are served with the zeros behind a file to whoever asks for them with its last block, as libtorrent does', () => {
    const file = published.torrent('v2')
    const swarm = new VirtualSwarm(file.info)
    const seed = swarm.addPeer('seed', seedOf(file))
    const asker = swarm.addPeer('asker', { isDeaf: true })
    const [key] = swarm.connect(asker, seed)
    const last = pieceCount(file.info) - 1
    const short = pieceLengthAt(file.info, last)
    const begin = short - (short % BLOCK_BYTES)
    asker.send(key, { type: 'interested' })
    swarm.run(20_000)
    asker.send(key, { type: 'request', piece: last, begin, length: BLOCK_BYTES })
    swarm.run(1000)
    assert.equal(seed.sent.get('piece'), 1)
    asker.send(key, { type: 'request', piece: last, begin: begin + BLOCK_BYTES, length: BLOCK_BYTES })
    swarm.run(1000)
    assert.deepEqual(codesOf(seed.drops), ['bad-request'])
  })

  for (const v2 of [false, true]) {
    const how = v2 ? 'with the hashes that peers have who know v2' : 'without hashes where nobody knows v2'
    it(`that are hybrids are fetched under either infohash, ${how}`, () => {
      const file = published.torrent('hybrid')
      for (const infohash of file.info.infohashes) {
        const info: TorrentInfo = { ...file.info, infohash }
        const swarm = new VirtualSwarm(info)
        const seed = swarm.addPeer('seed', { ...seedOf(file), v2 })
        const leech = swarm.addPeer('leech', { knowsInfo: false })
        leech.machine.setFetching(true)
        swarm.connect(leech, seed)
        assert.equal(
          swarm.runUntil(() => leech.isComplete),
          true,
        )
        assert.deepEqual(leech.stored, published.stream(info))
        assert.deepEqual(leech.machine.info?.infohash, infohash)
        assert.equal(leech.sent.get('hashRequest') !== undefined, v2)
        const known = [...(leech.machine.pieceLayers?.entries() ?? [])]
        assert.equal(known.length > 0, v2)
      }
    })
  }
})
