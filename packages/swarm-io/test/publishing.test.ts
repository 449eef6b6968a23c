import assert from 'node:assert/strict'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { sha1, sha256 } from '@onehop/primitives'
import { encodeHandshake, infoHashToHex, parseMagnet, parseTorrentFile } from '@onehop/swarm'
import { connectionPair } from './connection-pair.ts'
import { content, failsWith, from, Scene, sha256Of, until } from './session-scene.ts'

const PIECE = 256 * 1024

describe('publishing', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await Scene.create()
  })
  afterEach(() => scene.close())

  it('gives the same infohash as an independent program', async () => {
    const bytes = new Uint8Array(600_000).map((_, i) => 7 * i + 3)
    const summary = await scene.session('a').seed(await scene.write('answer.bin', bytes))
    // Computed with Python's hashlib; see the metainfo tests of @onehop/swarm.
    assert.equal(infoHashToHex(summary.infohash), 'a8f94f6b8efdc26b2fc13b52d6e9c4bbb21eb14d')
    assert.deepEqual([summary.state, summary.pieces, summary.piecesDone], ['seeding', 3, 3])
    const magnet = parseMagnet(summary.magnet)
    assert.ok(magnet.ok)
    assert.deepEqual(magnet.value, {
      infohash: summary.infohash,
      trackers: [],
      peers: [],
      displayName: 'answer.bin',
      lengthBytes: 600_000,
    })
  })

  it('twice is one torrent', async () => {
    const path = await scene.write('a.bin', content(PIECE))
    const session = scene.session('a')
    const first = await session.seed(path)
    assert.deepEqual(await session.seed(path), first)
    assert.equal(session.list().length, 1)
  })

  it('twice at once is one torrent, too', async () => {
    const path = await scene.write('a.bin', content(PIECE))
    const session = scene.session('a')
    let added = 0
    session.on('added', () => added++)
    const [first, second] = await Promise.all([session.seed(path), session.seed(path)])
    assert.deepEqual(first.infohash, second.infohash)
    assert.equal(added, 1)
  })

  it('takes a name and a piece length', async () => {
    const path = await scene.write('a.bin', content(PIECE))
    const summary = await scene.session('a').seed(path, { name: 'b.bin', pieceLengthBytes: 65536 })
    assert.deepEqual([summary.name, summary.pieces], ['b.bin', 4])
  })

  it('reports how far it is', async () => {
    const reports: number[] = []
    const path = await scene.write('a.bin', content(3 * PIECE + 1))
    await scene.session('a').seed(path, { onProgress: done => reports.push(done) })
    assert.equal(reports.at(-1), 3 * PIECE + 1)
  })

  it('says what is wrong with a file', async () => {
    const session = scene.session('a')
    await assert.rejects(session.seed(scene.path('missing')), failsWith('not-found', /it does not exist/))
    await assert.rejects(session.seed(scene.folder), failsWith('not-a-file'))
    const path = await scene.write('a.bin', content(10))
    await assert.rejects(session.seed(path, { name: '../a' }), failsWith('bad-name', /path separator/))
    await assert.rejects(session.seed(path, { pieceLengthBytes: 3 }), failsWith('bad-metainfo'))
    assert.deepEqual(session.list(), [])
  })

  it('can be taken back: the file stays, and nobody is served', async () => {
    const path = await scene.write('a.bin', content(PIECE))
    const session = scene.session('a')
    const { infohash } = await session.seed(path)
    assert.equal(await session.remove(infohash), true)
    assert.equal(await session.remove(infohash), false)
    assert.deepEqual(await readdir(scene.path('resume-a')), [])
    assert.ok(await sha256Of(path))
    const [ours, theirs] = connectionPair('x', 'a')
    session.accept(theirs)
    ours.send(encodeHandshake({ infohash, peerId: new Uint8Array(20), extensions: true }))
    await new Promise<void>(resolve => ours.onClose(() => resolve()))
  })

  for (const [change, bytes] of [
    ['changed', 2 * PIECE],
    ['made longer', 3 * PIECE],
  ] as const) {
    it(`of a file that was ${change} since forgets what it was`, async () => {
      const path = await scene.write('a.bin', content(2 * PIECE))
      const session = scene.session('a')
      const removed: string[] = []
      session.on('removed', torrent => removed.push(infoHashToHex(torrent.infohash)))
      const first = await session.seed(path)
      await writeFile(path, content(bytes, 2))
      const second = await session.seed(path)
      assert.deepEqual(session.list(), [second])
      assert.deepEqual(removed, [infoHashToHex(first.infohash)])
      const again = await scene.restarted('a')
      await again.restore()
      assert.deepEqual(
        again.list().map(({ infohash, state }) => [infoHashToHex(infohash), state]),
        [[infoHashToHex(second.infohash), 'seeding']],
      )
    })
  }

  it('of a folder that a file has replaced forgets what it was', async () => {
    const path = scene.path('a')
    await mkdir(path)
    await scene.write('a/b.bin', content(PIECE))
    const session = scene.session('a')
    await session.seed(path)
    await rm(path, { recursive: true })
    await writeFile(path, content(PIECE, 2))
    const second = await session.seed(path)
    assert.deepEqual(session.list(), [second])
  })

  it('of a file that was found to be changed forgets what it was', async () => {
    const path = await scene.write('a.bin', content(2 * PIECE))
    const session = scene.session('a')
    const { infohash } = await session.seed(path)
    await writeFile(path, content(2 * PIECE, 2))
    await session.recheck(infohash)
    const second = await session.seed(path)
    assert.deepEqual(session.list(), [second])
    assert.equal(await sha256Of(path), await sha256Of(await scene.write('b.bin', content(2 * PIECE, 2))))
  })

  it('of one file in several versions shares it, also after a restart', async () => {
    const path = await scene.write('a.bin', content(2 * PIECE))
    const session = scene.session('a')
    await session.seed(path)
    for (const version of ['v2', 'hybrid'] as const) await session.seed(path, { version })
    await session.seed(path, { pieceLengthBytes: 65_536 })
    const again = await scene.restarted('a')
    await again.restore()
    assert.deepEqual(
      again.list().map(({ state, path }) => [state, path]),
      Array(4).fill(['seeding', path]),
    )
  })

  it('of a file that is offered twice lets nobody move or delete it', async () => {
    const path = await scene.write('a.bin', content(PIECE))
    const session = scene.session('a')
    const first = await session.seed(path)
    const second = await session.seed(path, { version: 'v2' })
    const isShared = failsWith(
      'in-use',
      new RegExp(`a.bin \\(${infoHashToHex(second.infohash)}\\) is offered`),
    )
    await assert.rejects(session.move(first.infohash, scene.path('b.bin')), isShared)
    await assert.rejects(session.remove(first.infohash, { deleteFiles: true }), isShared)
    assert.equal(session.list().length, 2)
    await session.remove(second.infohash)
    await session.move(first.infohash, scene.path('b.bin'))
    assert.deepEqual(
      session.list().map(({ path }) => path),
      [scene.path('b.bin')],
    )
  })

  it('is refused where something is being fetched to, and leaves nothing behind', async () => {
    const other = await scene.session('b').seed(await scene.write('b.bin', content(PIECE)))
    const torrent = parseTorrentFile(await scene.sessions.get('b')!.torrentFile(other.infohash), {
      sha1,
      sha256,
    })
    assert.ok(torrent.ok)
    const session = scene.session('a')
    await session.add({ torrent: torrent.value }, { outputPath: scene.path('a.bin') })
    await until(() => session.get(other.infohash)!.path !== '')
    const publishing = session.seed(await scene.write('a.bin', content(PIECE, 2)))
    await assert.rejects(publishing, failsWith('in-use', /b.bin \(.{40}\) is being fetched to it/))
    const again = await scene.restarted('a')
    await again.restore()
    assert.deepEqual(
      again.list().map(({ name }) => name),
      ['b.bin'],
    )
  })

  it('does not let anything else be fetched to its place', async () => {
    const path = await scene.write('a.bin', content(PIECE))
    const session = scene.session('a')
    const { infohash } = await scene.session('b').seed(await scene.write('b.bin', content(PIECE, 2)))
    await session.seed(path)
    await assert.rejects(
      session.fetch({ infohash }, { outputPath: path, peers: from(scene.source('a', 'b')) }),
      failsWith('in-use', /a.bin \(.{40}\) is offered from there; remove that first/),
    )
  })

  it('stops offering a file that changes under it, instead of serving corrupt pieces', async () => {
    const path = await scene.write('a.bin', content(4 * PIECE))
    const session = scene.session('a')
    const { infohash } = await session.seed(path)
    await writeFile(path, content(4 * PIECE, 2))
    const failing = scene.session('b').fetch(
      { infohash },
      {
        outputPath: scene.path('b.bin'),
        peers: from(scene.source('b', 'a')),
      },
    )
    await assert.rejects(failing, failsWith('no-providers'))
    assert.match(session.list()[0]!.problem!, /has changed since it was verified/)
    assert.equal(session.list()[0]!.state, 'paused')
    assert.deepEqual(scene.misbehaviours, [])
  })
})
