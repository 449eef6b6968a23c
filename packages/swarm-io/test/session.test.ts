import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readdir, rename, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mock } from 'node:test'
import { sha1, sha256 } from '@onehop/primitives'
import {
  encodeHandshake,
  encodeMessage,
  infoHashToHex,
  parseHandshake,
  parseMagnet,
  parseTorrentFile,
  toInfoHash,
} from '@onehop/swarm'
import {
  HANDSHAKE_TIMEOUT_MS,
  IDLE_BEFORE_EVICTION_MS,
  MAX_CONNECTIONS_PER_TORRENT,
  type PeerSource,
  type SwarmSession,
} from '@onehop/swarm-io'
import { connectionPair } from './connection-pair.ts'
import { notedPieces } from './resume-file.ts'
import { content, failsWith, from, Scene, searching, sha256Of, until } from './session-scene.ts'
import { pausing } from './wrapped-connection.ts'

const PIECE = 256 * 1024

describe('a swarm session', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await Scene.create()
  })
  afterEach(() => scene.close())

  async function restarted(name: string): Promise<SwarmSession> {
    await scene.sessions.get(name)?.close()
    return scene.session(name)
  }

  describe('publishing', () => {
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
        const again = await restarted('a')
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
      const again = await restarted('a')
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
      const again = await restarted('a')
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

  describe('after a restart', () => {
    it('offers again what it offered', async () => {
      const path = await scene.write('a.bin', content(2 * PIECE))
      const { infohash } = await scene.session('a').seed(path)
      const again = await restarted('a')
      const [summary] = await again.restore()
      assert.deepEqual([summary!.state, summary!.piecesDone, summary!.path], ['seeding', 2, path])
      await scene.session('b').fetch(
        { infohash },
        {
          outputPath: scene.path('b.bin'),
          peers: from(scene.source('b', 'a')),
        },
      )
      assert.equal(await sha256Of(scene.path('b.bin')), await sha256Of(path))
    })

    it('still has the words that the last publication gave', async () => {
      const path = await scene.write('a.bin', content(PIECE))
      const session = scene.session('a')
      assert.equal((await session.seed(path)).words, undefined)
      assert.deepEqual((await session.seed(path, { words: ['rome', 'été'] })).words, ['rome', 'été'])
      await session.seed(path, { words: ['paris', 'été'] })
      assert.deepEqual((await (await restarted('a')).restore())[0]?.words, ['paris', 'été'])
      await scene.sessions.get('a')?.seed(path, { words: [] })
      assert.deepEqual((await (await restarted('a')).restore())[0]?.words, [])
    })

    it('publishes, fetches and forgets while it is still opening what it had', async () => {
      const paths = await Promise.all(
        Array.from({ length: 20 }, (_, i) => scene.write(`${i}.bin`, content(3 * PIECE, i))),
      )
      const session = scene.session('a')
      const seeded = await Promise.all(paths.map(path => session.seed(path)))
      // Every file has to be hashed again.
      await Promise.all(paths.map(path => utimes(path, 1, 1)))
      const again = await restarted('a')
      const restored = again.restore()
      await until(() => again.list().length > 0)
      const opening = again.list().map(({ infohash }) => infoHashToHex(infohash))
      const [first, second, third] = seeded.filter(({ infohash }) =>
        opening.includes(infoHashToHex(infohash)),
      )
      const [published, fetched, removed] = await Promise.all([
        again.seed(first!.path, { words: ['rome'] }),
        again.fetch(
          { infohash: second!.infohash },
          { outputPath: scene.path('copy.bin'), peers: searching() },
        ),
        again.remove(third!.infohash),
      ])
      assert.deepEqual([published.infohash, published.words], [first!.infohash, ['rome']])
      assert.equal(await sha256Of(fetched.path), await sha256Of(second!.path))
      assert.ok(removed)
      assert.equal((await restored).length, paths.length)
      assert.equal(again.list().filter(({ state }) => state === 'seeding').length, paths.length - 1)
    })

    it('opens nothing any more once it is closed', async () => {
      const session = scene.session('a')
      await session.seed(await scene.write('a.bin', content(10)))
      await session.close()
      const again = scene.session('a')
      const restoring = again.restore()
      await again.close()
      assert.deepEqual(await restoring, [])
    })

    it('hashes a file again whose time has changed, and offers it when it is the same', async () => {
      const path = await scene.write('a.bin', content(2 * PIECE))
      await scene.session('a').seed(path)
      await utimes(path, 1, 1)
      const [summary] = await (await restarted('a')).restore()
      assert.equal(summary!.state, 'seeding')
    })

    it('does not offer a file that is another one now, or is gone, and says so', async () => {
      const [changed, missing] = [
        await scene.write('a.bin', content(2 * PIECE)),
        await scene.write('b.bin', content(PIECE, 2)),
      ]
      const session = scene.session('a')
      await session.seed(changed)
      await session.seed(missing)
      await writeFile(changed, content(2 * PIECE, 3))
      await unlink(missing)
      const again = await restarted('a')
      const problems = (await again.restore()).map(summary => [summary.state, summary.problem])
      assert.deepEqual(
        new Set(problems.map(([, problem]) => problem)),
        new Set([
          `${changed} has changed since it was verified; recheck it to see what is left.`,
          `${missing} is missing; put it back and resume it, or fetch it again.`,
        ]),
      )
      assert.ok(problems.every(([state]) => state === 'paused'))
      await rename(changed, scene.path('elsewhere'))
      await writeFile(changed, content(2 * PIECE))
      assert.equal((await again.seed(changed)).state, 'seeding')
    })

    it('passes over resume files that are damaged', async () => {
      const path = await scene.write('a.bin', content(PIECE))
      const { infohash } = await scene.session('a').seed(path)
      await scene.sessions.get('a')!.close()
      await truncate(join(scene.path('resume-a'), `${infoHashToHex(infohash)}.resume`), 30)
      await writeFile(join(scene.path('resume-a'), 'rubbish.resume'), 'rubbish')
      const logged: unknown[] = []
      const again = scene.session('a', { log: (message, details) => logged.push([message, details]) })
      assert.deepEqual(await again.restore(), [])
      assert.equal(logged.length, 2)
    })

    it('continues a fetch that was stopped cleanly', async () => {
      const path = await scene.write('a.bin', content(20 * PIECE))
      const { infohash } = await scene.session('seeder').seed(path)
      const held: PeerSource = {
        peerId: 'seeder',
        connect: async () => {
          const [ours, theirs] = connectionPair('b', 'seeder')
          scene.sessions.get('seeder')!.accept(theirs)
          return pausing(ours, 8 * PIECE, new Promise(() => {}))
        },
      }
      const session = scene.session('b')
      const fetching = session.fetch(
        { infohash },
        { outputPath: scene.path('b.bin'), peers: searching(held) },
      )
      const rejected = assert.rejects(fetching, failsWith('closed'))
      await until(() => (session.list()[0]?.piecesDone ?? 0) >= 5)
      const again = await restarted('b')
      await rejected
      const [summary] = await again.restore()
      assert.equal(summary!.state, 'fetching')
      assert.ok(summary!.piecesDone >= 5)
      const result = await again.fetch(
        { infohash },
        {
          outputPath: scene.path('b.bin'),
          peers: from(scene.source('b', 'seeder')),
        },
      )
      assert.equal(await sha256Of(result.path), await sha256Of(path))
      assert.equal(again.list()[0]!.downloadedBytes, 20 * PIECE)
    })

    it('continues after SIGKILL: keeps what was noted, verifies the rest, and completes', async () => {
      const path = await scene.write('a.bin', content(40 * PIECE))
      const output = scene.path('b.bin')
      const child = spawnFetch(path, output, scene.path('resume-b'))
      await once(child.stdout!, 'data')
      child.kill('SIGKILL')
      await once(child, 'exit')

      const part = (await readdir(scene.folder)).find(name => name.endsWith('.part'))!
      const session = scene.session('b')
      const [summary] = await session.restore()
      assert.ok(summary!.piecesDone >= 24, `${summary!.piecesDone} pieces`)
      await session.close()
      // The session above has noted all of them. Without a record, nothing is trusted and everything is hashed.
      const have = await notedPieces(scene.path('resume-b'), 40)
      for (const name of await readdir(scene.path('resume-b'))) await unlink(scene.path('resume-b', name))
      await spoil(scene.path(part), [...Array(40).keys()].find(piece => have.has(piece))! * PIECE + 17)

      const { infohash } = await scene.session('seeder').seed(path)
      const again = scene.session('b')
      const result = await again.fetch(
        { infohash },
        {
          outputPath: output,
          peers: from(scene.source('b', 'seeder')),
        },
      )
      assert.equal(await sha256Of(result.path), await sha256Of(path))
      assert.equal(again.list()[0]!.downloadedBytes, (40 - summary!.piecesDone + 1) * PIECE)
      assert.deepEqual(
        (await readdir(scene.folder)).filter(name => name.endsWith('.part')),
        [],
      )
    })
  })

  describe('towards strangers', () => {
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

function spawnFetch(source: string, output: string, resumeDir: string): ChildProcess {
  const program = join(import.meta.dirname, 'fetch-process.ts')
  const child = spawn(
    process.execPath,
    [
      '--conditions=@onehop/source',
      '--disable-warning=ExperimentalWarning',
      program,
      source,
      output,
      resumeDir,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  return child
}

async function spoil(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(Uint8Array.of(0xaa, 0x55), 0, 2, position)
  await file.close()
}
