import assert from 'node:assert/strict'
import { concatBytes, OK, SeededRandom, sha1, sha256 } from '@onehop/primitives'
import {
  Bitfield,
  BLOCK_BYTES,
  createInfo,
  HASH_REQUESTS_PER_PEER,
  HASH_SERVINGS_PER_PEER,
  HASH_TIMEOUT_MS,
  type HashEnvironment,
  HashExchange,
  type HashMessage,
  type HashPeer,
  type PeerKey,
  PieceLayers,
  pieceCount,
  rootOfPieceLayer,
  type TorrentInfo,
  type WireMessage,
} from '@onehop/swarm'

const PIECE = 2 * BLOCK_BYTES
const random = new SeededRandom(52)

/** A torrent of files of so many pieces each, and the hashes of those. */
function torrentOf(counts: readonly number[]): { info: TorrentInfo; layers: Uint8Array[] } {
  const layers = counts.map(count => random.bytes(32 * count))
  const files = layers.map((layer, i) => ({
    path: [`${i}`],
    lengthBytes: counts[i]! * PIECE,
    piecesRoot: rootOfPieceLayer(layer, PIECE, sha256),
  }))
  const info = createInfo({ name: 'folder', version: 'v2', pieceLengthBytes: PIECE, files }, sha1)
  assert.ok(info.ok, info.ok ? '' : info.detail)
  return { info: info.value, layers }
}

/** One side: what it knows, who its peers are, and what it has sent. */
class Side {
  readonly layers: PieceLayers
  readonly peers = new Map<PeerKey, HashPeer>()
  readonly sent: { peer: PeerKey; message: HashMessage }[] = []
  readonly exchange: HashExchange
  nowMs = 0

  constructor(info: TorrentInfo, known: readonly Uint8Array[] = []) {
    this.layers = new PieceLayers(info, sha256)
    for (const [i, layer] of known.entries())
      assert.deepEqual(this.layers.add(info.files[i]!.piecesRoot!, layer), OK)
    const environment: HashEnvironment = {
      now: () => this.nowMs,
      send: (peer: PeerKey, message: WireMessage) =>
        void this.sent.push({ peer, message: message as HashMessage }),
    }
    this.exchange = new HashExchange(info, this.layers, environment, this.peers, sha256)
  }

  addPeer(info: TorrentInfo, key = 1, have = Bitfield.full(pieceCount(info))): HashPeer {
    const peer = { key: key as PeerKey, have, v2: true }
    this.peers.set(peer.key, peer)
    return peer
  }

  /** Messages since the last call. */
  take(): HashMessage[] {
    return this.sent.splice(0).map(({ message }) => message)
  }
}

/** Has two sides talk until neither has anything to say. */
function talk(fetcher: Side, atFetcher: HashPeer, server: Side, atServer: HashPeer): number {
  let messages = 0
  fetcher.exchange.advance()
  for (let more = true; more; ) {
    const [asked, answered] = [fetcher.take(), server.take()]
    for (const message of asked) assert.deepEqual(server.exchange.onMessage(atServer, message), OK)
    for (const message of answered) assert.deepEqual(fetcher.exchange.onMessage(atFetcher, message), OK)
    messages += asked.length
    more = asked.length + answered.length > 0
  }
  return messages
}

describe('hashes of pieces (BEP 52)', () => {
  it('come from a peer, 512 at a time, each answer with its proof', () => {
    const { info, layers } = torrentOf([1, 2, 3, 512, 513, 2500])
    // A file of one piece has no layer.
    const server = new Side(info, [])
    for (const [i, layer] of layers.entries()) if (i > 0) server.layers.add(info.files[i]!.piecesRoot!, layer)
    const fetcher = new Side(info)
    const messages = talk(fetcher, fetcher.addPeer(info), server, server.addPeer(info))
    assert.equal(messages, 1 + 1 + 1 + 2 + 5)
    assert.equal(fetcher.layers.isComplete, true)
    for (const [i, layer] of layers.entries())
      if (i > 0) assert.deepEqual(fetcher.layers.get(info.files[i]!.piecesRoot!), layer)
  })

  it('are asked for a few at a time, from all who have pieces', () => {
    const { info } = torrentOf([20_000])
    const fetcher = new Side(info)
    const [one, two] = [1, 2].map(key => fetcher.addPeer(info, key))
    const none = fetcher.addPeer(info, 3, new Bitfield(pieceCount(info)))
    fetcher.exchange.advance()
    const asked = (peer: HashPeer) => fetcher.sent.filter(sent => sent.peer === peer.key).length
    assert.deepEqual(
      [one, two, none].map(peer => asked(peer!)),
      [HASH_REQUESTS_PER_PEER, HASH_REQUESTS_PER_PEER, 0],
    )
  })

  it('that are wrong have an author', () => {
    const { info, layers } = torrentOf([600])
    const server = new Side(info, layers)
    const fetcher = new Side(info)
    const [atFetcher, atServer] = [fetcher.addPeer(info), server.addPeer(info)]
    fetcher.exchange.advance()
    for (const message of fetcher.take()) server.exchange.onMessage(atServer, message)
    for (const message of server.take()) {
      assert.ok(message.type === 'hashes')
      for (const [at, length] of [
        [3, message.hashes.length],
        [message.hashes.length - 1, message.hashes.length],
        [0, 32],
      ] as const) {
        const hashes = message.hashes.slice(0, length)
        hashes[at % length]! ^= 1
        const verdict = fetcher.exchange.onMessage(atFetcher, { ...message, hashes })
        assert.equal(verdict.ok ? 'accepted' : verdict.code, 'corrupt-hashes')
      }
      assert.equal(fetcher.layers.isComplete, false)
    }
  })

  it('are asked of others when a peer refuses, is silent or goes, and answers that nobody asked for are ignored', () => {
    const { info, layers } = torrentOf([4])
    const fetcher = new Side(info)
    const [refuser, silent, leaver, last] = [1, 2, 3, 4].map(key => fetcher.addPeer(info, key))
    const server = new Side(info, layers)
    const atServer = server.addPeer(info)
    fetcher.exchange.advance()
    const [request] = fetcher.take()
    assert.ok(request?.type === 'hashRequest')
    server.exchange.onMessage(atServer, request)
    const [answer] = server.take()
    assert.deepEqual(fetcher.exchange.onMessage(silent!, answer!), OK)
    assert.equal(fetcher.layers.isComplete, false)
    fetcher.exchange.onMessage(refuser!, { ...request, type: 'hashReject' })
    fetcher.exchange.advance()
    assert.deepEqual(
      fetcher.sent.map(sent => sent.peer),
      [silent!.key],
    )
    fetcher.take()
    fetcher.nowMs = HASH_TIMEOUT_MS - 1
    fetcher.exchange.onMessage(refuser!, { ...request, type: 'hashReject' })
    fetcher.exchange.advance()
    assert.deepEqual(fetcher.take(), [])
    fetcher.peers.delete(refuser!.key)
    fetcher.nowMs = HASH_TIMEOUT_MS
    fetcher.exchange.advance()
    assert.deepEqual(
      fetcher.sent.map(sent => sent.peer),
      [leaver!.key],
    )
    fetcher.take()
    fetcher.peers.delete(leaver!.key)
    fetcher.exchange.onPeerGone(leaver!)
    fetcher.exchange.advance()
    assert.deepEqual(
      fetcher.sent.map(sent => sent.peer),
      [last!.key],
    )
    assert.deepEqual(fetcher.exchange.onMessage(last!, answer!), OK)
    assert.equal(fetcher.layers.isComplete, true)
  })

  it('are refused where they are unknown, of blocks, absurdly many, or asked for again and again', () => {
    const { info, layers } = torrentOf([600])
    const server = new Side(info, layers)
    const peer = server.addPeer(info)
    const piecesRoot = info.files[0]!.piecesRoot!
    const good = {
      type: 'hashRequest' as const,
      piecesRoot,
      baseLayer: 1,
      index: 0,
      length: 512,
      proofLayers: 9,
    }
    const answerTo = (message: HashMessage) => {
      assert.deepEqual(server.exchange.onMessage(peer, message), OK)
      return server.take()[0]!.type
    }
    assert.equal(answerTo(good), 'hashes')
    assert.equal(answerTo({ ...good, index: 512, length: 128, proofLayers: 9 }), 'hashes')
    for (const change of [
      { piecesRoot: new Uint8Array(32) },
      { baseLayer: 0 },
      { baseLayer: 2 },
      { length: 0 },
      { length: 100 },
      { length: 1024 },
      { index: 1 },
      { index: 1024 },
      { index: 2 ** 32 - 512 },
      { proofLayers: 10 },
      { proofLayers: 2 ** 32 - 1 },
    ])
      assert.equal(answerTo({ ...good, ...change }), 'hashReject', JSON.stringify(change))
    let served = 0
    while (served < 1000 && answerTo(good) === 'hashes') served++
    assert.equal(served < 2 * HASH_SERVINGS_PER_PEER + 4, true)
  })

  it('that prove others count like those that were asked for', () => {
    const { info, layers } = torrentOf([4096])
    const server = new Side(info, layers)
    const peer = server.addPeer(info)
    let hashes = 0
    for (let index = 0; ; index = (index + 1) % 4096) {
      const range = {
        piecesRoot: info.files[0]!.piecesRoot!,
        baseLayer: 1,
        index,
        length: 1,
        proofLayers: 11,
      }
      server.exchange.onMessage(peer, { type: 'hashRequest', ...range })
      const [answer] = server.take()
      if (answer?.type !== 'hashes') break
      hashes += answer.hashes.length / 32
    }
    assert.ok(hashes <= HASH_SERVINGS_PER_PEER * (4096 + 512) + 12, `${hashes}`)
  })

  it('of layers given to a torrent are served as they are', () => {
    const { info, layers } = torrentOf([3])
    const server = new Side(info, layers)
    const piecesRoot = info.files[0]!.piecesRoot!
    server.exchange.onMessage(server.addPeer(info), {
      type: 'hashRequest',
      piecesRoot,
      baseLayer: 1,
      index: 0,
      length: 2,
      proofLayers: 1,
    })
    const [answer] = server.take()
    assert.ok(answer?.type === 'hashes')
    assert.deepEqual(answer.hashes.subarray(0, 64), layers[0]!.subarray(0, 64))
    const right = concatBytes(layers[0]!.subarray(64), sha256(new Uint8Array(64)))
    assert.deepEqual(answer.hashes.subarray(64), sha256(right))
  })
})
