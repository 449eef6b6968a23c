import assert from 'node:assert/strict'
import type { Outcome, Pointer } from '@onehop/overlay'
import { sha1 } from '@onehop/primitives'
import { RpcError } from '@onehop/rpc'
import { createInfo, encodeTorrentFile } from '@onehop/swarm'
import { findWanted, type OwnMeans, type WantedReference } from '../src/content/content-source.ts'

const INFOHASH = '9a015580e5ad64f8c14fb6ac80677ad93a2d8c31'
const V2 = 'ab'.repeat(32)
const TRACKER = 'udp://127.0.0.1:6969'

/** An overlay that is asked, and knows nothing. */
function emptyOverlay() {
  const asked: Uint8Array[] = []
  const outcome: Outcome = {
    pointers: [],
    hops: 1,
    messages: 1,
    attempts: 1,
    elapsedMs: 1,
    acknowledgements: 0,
  }
  const overlay = {
    isReady: true,
    ready: Promise.resolve(outcome),
    isolation: undefined,
    lookup: async (key: Uint8Array): Promise<Outcome & { pointers: Pointer[] }> => {
      asked.push(key)
      return { ...outcome, pointers: [] }
    },
  }
  return { asked, overlay }
}

function find(wanted: WantedReference, means: Partial<OwnMeans> = {}) {
  const { asked, overlay } = emptyOverlay()
  const { signal } = new AbortController()
  const found = findWanted(overlay, wanted, { isHere: () => false, hasTcp: true, ...means }, signal)
  return { asked, found }
}

function isRefusal(code: number, message: RegExp) {
  return (error: unknown) => error instanceof RpcError && error.code === code && message.test(error.message)
}

describe('what is to be fetched', () => {
  it('is fetched at once where a magnet link names trackers or peers, and the overlay is not waited for', async () => {
    const key = `magnet:?xt=urn:btih:${INFOHASH}&dn=a&tr=${encodeURIComponent(TRACKER)}&x.pe=127.0.0.1:6881&so=0,2-3`
    const { asked, found } = find({ key, trackers: ['http://t.example/announce'], peers: ['[::1]:6882'] })
    const { source, selected, key: cid } = await found
    assert.deepEqual(source, {
      infohash: new Uint8Array(Buffer.from(INFOHASH, 'hex')),
      displayName: 'a',
      trackers: [TRACKER, 'http://t.example/announce'],
      peers: [
        { host: '127.0.0.1', port: 6881 },
        { host: '::1', port: 6882 },
      ],
    })
    assert.deepEqual(selected, [0, 2, 3])
    assert.equal(cid, 'baf5rcfe2afkybznnmt4mct5wvsago6wzhiwyymi')
    assert.equal(asked.length, 0)
  })

  it('is what a .torrent describes', async () => {
    const info = createInfo(
      { name: 'a.bin', lengthBytes: 3, pieceLengthBytes: 16_384, pieceHashes: new Uint8Array(20) },
      sha1,
    )
    assert.ok(info.ok)
    const torrent = encodeTorrentFile({ info: info.value, trackers: [[TRACKER]] })
    const { source, id } = await find({ torrent, peers: ['localhost:1'] }).found
    assert.deepEqual(id.infohash, info.value.infohash)
    assert.ok('torrent' in source)
    assert.deepEqual(source.torrent.trackers, [[TRACKER]])
    assert.deepEqual(source.peers, [{ host: 'localhost', port: 1 }])
  })

  it('has a v2 infohash alone, too', async () => {
    const { id, key } = await find({ key: `magnet:?xt=urn:btmh:1220${V2}&tr=${TRACKER}` }).found
    assert.deepEqual(id.infohashV2, new Uint8Array(Buffer.from(V2, 'hex')))
    assert.deepEqual(id.infohash, id.infohashV2?.subarray(0, 20))
    assert.equal((await find({ key, trackers: [TRACKER] }).found).key, key)
  })

  it('must be known to the overlay where nothing else leads to it', async () => {
    const { asked, found } = find({ key: INFOHASH })
    await assert.rejects(found, isRefusal(-40, /^Nobody provides baf5/))
    assert.equal(asked.length, 1)
    const here = find({ key: INFOHASH }, { isHere: () => true })
    await here.found
    assert.equal(here.asked.length, 0, 'what is here already need not be looked up')
  })

  it('says that trackers are of no use to a node without a BitTorrent port', async () => {
    const { found } = find({ key: INFOHASH, trackers: [TRACKER] }, { hasTcp: false })
    await assert.rejects(
      found,
      isRefusal(-40, /Nobody provides .*\. .*the BitTorrent port is off; see .*--bt-port/),
    )
  })

  it('is refused with a sentence where it makes no sense', async () => {
    const cases: [WantedReference, number, RegExp][] = [
      [
        { key: INFOHASH, trackers: ['ftp://x'] },
        -32602,
        /^A tracker is a URL such as .*, not "ftp:\/\/x"\.$/,
      ],
      [{ key: INFOHASH, peers: ['127.0.0.1'] }, -32602, /^A peer is host:port, .*, not "127\.0\.0\.1"\.$/],
      [{ key: INFOHASH, peers: ['h:0'] }, -32602, /^A peer/],
      [{ key: INFOHASH, peers: ['h:65536'] }, -32602, /^A peer/],
      [{ key: 'magnet:?xt=urn:btih:zzz' }, -8, /magnet link/],
      [{ torrent: new Uint8Array(5) }, -8, /^This \.torrent cannot be used: /],
      [{ key: INFOHASH, trackers: new Array<string>(101).fill(TRACKER) }, -32602, /At most 100 trackers/],
    ]
    for (const [wanted, code, message] of cases)
      await assert.rejects(find(wanted).found, isRefusal(code, message))
  })
})
