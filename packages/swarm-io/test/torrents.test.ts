import assert from 'node:assert/strict'
import { mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FilePriority } from '@onehop/swarm'
import { SwarmError, type SwarmSession, type SwarmSessionOptions } from '@onehop/swarm-io'
import type { TorrentList } from '../src/torrent/torrent-list.ts'
import { content, failsWith, Scene, searching, sha256Of, until } from './session-scene.ts'

const PIECE = 256 * 1024

describe('torrents of a session', () => {
  let scene: Scene

  beforeEach(async () => {
    scene = await Scene.create()
  })

  afterEach(() => scene.close())

  async function listening(name: string, options: Partial<SwarmSessionOptions> = {}): Promise<SwarmSession> {
    const session = scene.session(name, { tcp: { port: 0 }, ...options })
    await session.start()
    return session
  }

  async function seeding(bytes: number, options: Partial<SwarmSessionOptions> = {}) {
    const seeder = await listening('seeder', options)
    const path = await scene.write('file.bin', content(bytes))
    const { infohash } = await seeder.seed(path)
    return { seeder, path, infohash, peers: [{ host: '127.0.0.1', port: seeder.btPort }] }
  }

  async function again(name: string): Promise<SwarmSession> {
    await scene.sessions.get(name)!.close()
    const session = await listening(name)
    await session.restore()
    return session
  }

  /** Changes a byte in the middle of a file. */
  async function damage(path: string, position: number): Promise<void> {
    const file = await open(path, 'r+')
    await file.write(Uint8Array.of(1, 2, 3), 0, 3, position)
    await file.close()
  }

  describe('without a caller', () => {
    it('go on until they are complete, and say what happens', async () => {
      const { path, infohash, peers } = await seeding(8 * PIECE)
      const fetcher = await listening('fetcher')
      const told: string[] = []
      for (const event of ['added', 'firstPiece', 'completed', 'removed'] as const) {
        fetcher.on(event, () => told.push(event))
      }
      await fetcher.add({ infohash, peers }, { outputDir: scene.path('out') })
      await until(() => fetcher.get(infohash)!.state === 'seeding')
      assert.equal(await sha256Of(scene.path('out', 'file.bin')), await sha256Of(path))
      await fetcher.remove(infohash, { deleteFiles: true })
      await assert.rejects(stat(scene.path('out', 'file.bin')))
      assert.deepEqual(told, ['added', 'firstPiece', 'completed', 'removed'])
    })

    it('are there after a restart, with all that was said about them, before anything is known of them', async () => {
      const { path, infohash, peers } = await seeding(3 * PIECE)
      const nowhere = [{ host: '127.0.0.1', port: 1 }]
      const limits = { downloadBytesPerSecond: 1e9 }
      const options = { outputDir: scene.path('out'), sequential: true, limits, goals: { seedRatio: 2 } }
      await (await listening('fetcher')).add({ infohash, displayName: 'soon', peers: nowhere }, options)
      const fetcher = await again('fetcher')
      const { state, name, limits: kept, isSequential } = fetcher.details(infohash)!
      assert.deepEqual([state, name, isSequential], ['fetching', 'soon', true])
      assert.deepEqual(kept, { downloadBytesPerSecond: 1e9, seedRatio: 2 })
      await fetcher.add({ infohash, peers }, { outputDir: scene.path('elsewhere') })
      await until(() => fetcher.get(infohash)!.state === 'seeding')
      assert.equal(await sha256Of(scene.path('out', 'file.bin')), await sha256Of(path))
    })

    it('stay as they are when what is said of them makes no sense', async () => {
      const { infohash, peers } = await seeding(PIECE)
      const fetcher = await listening('fetcher')
      const target = { outputPath: scene.path('no', 'such', 'folder') }
      await assert.rejects(fetcher.fetch({ infohash, peers }, target), failsWith('not-found'))
      assert.deepEqual(fetcher.list(), [])
    })
  })

  describe('paused', () => {
    it('give nothing and take nothing, until they are resumed, also after a restart', async () => {
      const { seeder, infohash, path, peers } = await seeding(6 * PIECE)
      await seeder.pause(infohash)
      assert.equal(seeder.get(infohash)!.state, 'paused')
      const fetcher = await listening('fetcher')
      const options = { outputDir: scene.path('out'), stallTimeoutMs: 300 }
      await assert.rejects(fetcher.fetch({ infohash, peers }, options), failsWith('no-providers'))
      const seederAgain = await again('seeder')
      assert.equal(seederAgain.get(infohash)!.state, 'paused')
      await seederAgain.resume(infohash)
      const moved = [{ host: '127.0.0.1', port: seederAgain.btPort }]
      const result = await fetcher.fetch({ infohash, peers: moved }, { outputDir: scene.path('out') })
      assert.equal(await sha256Of(result.path), await sha256Of(path))
    })

    it('are resumed by whoever fetches them', async () => {
      const { infohash, peers } = await seeding(4 * PIECE)
      const fetcher = await listening('fetcher')
      await fetcher.add({ infohash, peers }, { outputDir: scene.path('out') })
      await fetcher.pause(infohash)
      // What has come by then is opened first.
      await until(() => fetcher.get(infohash)!.state === 'paused')
      await fetcher.fetch({ infohash }, { outputDir: scene.path('out') })
      assert.equal(fetcher.get(infohash)!.state, 'seeding')
    })

    it('say why, when a goal was reached, and go beyond it when they are resumed', async () => {
      const { seeder, infohash, peers } = await seeding(4 * PIECE)
      await seeder.setLimits(infohash, { seedRatio: 1 })
      const fetcher = await listening('fetcher')
      await fetcher.fetch({ infohash, peers }, { outputDir: scene.path('out') })
      await until(() => seeder.get(infohash)!.state === 'paused')
      assert.match(seeder.get(infohash)!.reason!, /goal is reached: 1 times/)
      await seeder.resume(infohash)
      assert.deepEqual([seeder.get(infohash)!.state, seeder.get(infohash)!.reason], ['seeding', undefined])
    })

    it('fail the fetch that waits for them', async () => {
      const { infohash } = await seeding(PIECE)
      const fetcher = await listening('fetcher')
      const options = { outputDir: scene.path('out'), peers: searching() }
      const waiting = assert.rejects(fetcher.fetch({ infohash }, options), failsWith('aborted', /paused/))
      await until(() => fetcher.list().length === 1)
      await fetcher.pause(infohash)
      await waiting
    })
  })

  describe('on the disk', () => {
    it('are checked when that is asked for, and mended when they are resumed', async () => {
      const { infohash, peers, path } = await seeding(8 * PIECE)
      const fetcher = await listening('fetcher')
      const { path: out } = await fetcher.fetch({ infohash, peers }, { outputDir: scene.path('out') })
      await damage(out, 5 * PIECE + 17)
      const checked = await fetcher.recheck(infohash)
      assert.deepEqual([checked.state, checked.piecesDone], ['paused', 7])
      assert.match(checked.problem!, /^1 of 8 pieces of file.bin are damaged or missing; resume it/)
      await fetcher.add({ infohash, peers }, { outputDir: scene.path('out') })
      await until(() => fetcher.get(infohash)!.state === 'seeding')
      assert.equal(await sha256Of(out), await sha256Of(path))
    })

    it('tell what is left of them when they were changed, and are mended when that is said', async () => {
      const { infohash, peers, path } = await seeding(8 * PIECE)
      const fetcher = await listening('fetcher')
      const { path: out } = await fetcher.fetch({ infohash, peers }, { outputDir: scene.path('out') })
      await damage(out, 2 * PIECE)
      const changed = await again('fetcher')
      assert.match(changed.get(infohash)!.problem!, /has changed since it was verified; recheck it/)
      const { state, piecesDone, problem } = await changed.recheck(infohash)
      assert.deepEqual([state, piecesDone], ['paused', 7])
      assert.match(problem!, /^1 of 8 pieces/)
      const later = await again('fetcher')
      assert.deepEqual([later.get(infohash)!.state, later.get(infohash)!.reason], ['paused', problem])
      await later.recheck(infohash)
      await later.fetch({ infohash, peers }, { outputDir: scene.path('out') })
      assert.equal(await sha256Of(out), await sha256Of(path))
    })

    it('go on being checked when a reading that began before finds that they were changed', async () => {
      const { seeder, infohash, path } = await seeding(8 * PIECE)
      await damage(path, PIECE)
      const checking = seeder.recheck(infohash)
      while (seeder.get(infohash)!.state !== 'checking') await nextTurn()
      const { torrents } = seeder as unknown as { torrents: TorrentList }
      torrents.get(infohash)!.onReadFailed(new SwarmError('file-changed', 'It has changed.'))
      const { state, piecesDone } = await checking
      assert.deepEqual([state, piecesDone], ['paused', 7])
    })

    it('can be moved, and are found there after a restart', async () => {
      const { seeder, infohash, path } = await seeding(4 * PIECE)
      await mkdir(scene.path('new'))
      const moved = await seeder.move(infohash, scene.path('new', 'name.bin'))
      assert.equal(moved.path, scene.path('new', 'name.bin'))
      await assert.rejects(stat(path))
      const seederAgain = await again('seeder')
      assert.deepEqual(
        [seederAgain.get(infohash)!.state, seederAgain.get(infohash)!.path],
        ['seeding', scene.path('new', 'name.bin')],
      )
      await writeFile(scene.path('new', 'taken'), 'x')
      await assert.rejects(seederAgain.move(infohash, scene.path('new', 'taken')), failsWith('output-exists'))
      assert.equal(seederAgain.get(infohash)!.state, 'seeding')
    })
  })

  describe('of several files', () => {
    const files = { 'a.bin': 3 * PIECE + 5, 'sub/b.bin': 2 * PIECE, 'sub/c.bin': 100 }

    async function seedingFolder(options: Partial<SwarmSessionOptions> = {}) {
      const seeder = await listening('seeder', options)
      await mkdir(scene.path('album', 'sub'), { recursive: true })
      for (const [name, bytes] of Object.entries(files)) {
        await scene.write(join('album', name), content(bytes, name.length))
      }
      const { infohash } = await seeder.seed(scene.path('album'))
      return { seeder, infohash, peers: [{ host: '127.0.0.1', port: seeder.btPort }] }
    }

    async function assertFetched(name: string): Promise<void> {
      assert.equal(
        await sha256Of(scene.path('out', 'album', name)),
        await sha256Of(scene.path('album', name)),
      )
    }

    it('bring only those that are wanted, and the others when they are wanted later', async () => {
      const { infohash, peers } = await seedingFolder()
      const fetcher = await listening('fetcher')
      const only = (wanted: string) => (all: readonly { readonly path: readonly string[] }[]) =>
        all.map(({ path }): FilePriority => (path.at(-1) === wanted ? 'normal' : 'skip'))
      const result = await fetcher.fetch(
        { infohash, peers },
        { outputDir: scene.path('out'), files: only('b.bin') },
      )
      assert.equal(result.path, scene.path('out', 'album'))
      await assertFetched('sub/b.bin')
      assert.deepEqual(await readdir(scene.path('out', 'album')), ['sub'])
      const { files: details, state, bytesWanted } = fetcher.details(infohash)!
      assert.deepEqual([state, bytesWanted], ['seeding', 2 * PIECE])
      assert.deepEqual(
        details.map(({ path, priority }) => [path, priority]),
        [
          ['a.bin', 'skip'],
          ['sub/b.bin', 'normal'],
          ['sub/c.bin', 'skip'],
        ],
      )
      await fetcher.setFiles(infohash, ['high', 'normal', 'normal'])
      await fetcher.fetch({ infohash, peers }, { outputDir: scene.path('out') })
      for (const name of Object.keys(files)) await assertFetched(name)
    })

    it('take another choice while they are checked, and what is damaged then is not what was not wanted', async () => {
      const { infohash, peers } = await seedingFolder()
      const fetcher = await listening('fetcher')
      const wanted: FilePriority[] = ['skip', 'normal', 'skip']
      await fetcher.fetch({ infohash, peers }, { outputDir: scene.path('out'), files: () => wanted })
      const checking = fetcher.recheck(infohash)
      await fetcher.setFiles(infohash, ['normal', 'normal', 'normal'])
      await checking
      assert.equal(fetcher.get(infohash)!.problem, undefined)
      await until(() => fetcher.get(infohash)!.state === 'seeding')
      for (const name of Object.keys(files)) await assertFetched(name)
    })

    it('put a file in its place that was set aside when it was whole', async () => {
      const { infohash, peers } = await seedingFolder()
      const fetcher = await listening('fetcher', { limits: { downloadBytesPerSecond: PIECE } })
      const isHere = (index: number) => {
        const { bytes, bytesDone } = fetcher.details(infohash)!.files[index]!
        return bytes === bytesDone
      }
      const files: FilePriority[] = ['low', 'low', 'high']
      await fetcher.add({ infohash, peers }, { outputDir: scene.path('out'), files: () => files })
      await until(() => fetcher.details(infohash)!.files.length === 3 && isHere(2))
      assert.equal(isHere(1), false)
      await fetcher.setFiles(infohash, ['low', 'low', 'skip'])
      await fetcher.setLimits('all', { downloadBytesPerSecond: null })
      await until(() => fetcher.get(infohash)!.state === 'seeding')
      await fetcher.setFiles(infohash, ['low', 'low', 'normal'])
      await assertFetched('sub/c.bin')
      assert.equal(fetcher.get(infohash)!.state, 'seeding')
      const restarted = await again('fetcher')
      assert.equal(restarted.get(infohash)!.problem, undefined)
    })

    it('fail where the choice of files fails', async () => {
      const { infohash, peers } = await seedingFolder()
      const fetcher = await listening('fetcher')
      const choice = () => {
        throw new Error('There is no such file.')
      }
      const options = { outputDir: scene.path('out'), files: choice }
      await assert.rejects(fetcher.fetch({ infohash, peers }, options), /no such file/)
      assert.deepEqual(fetcher.list(), [])
    })

    it('rename a file below their folder', async () => {
      const { seeder, infohash } = await seedingFolder()
      await seeder.renameFile(infohash, 1, ['deep', 'er', 'b2.bin'])
      assert.equal((await stat(scene.path('album', 'deep', 'er', 'b2.bin'))).size, 2 * PIECE)
      assert.equal(seeder.details(infohash)!.files[1]!.path, 'deep/er/b2.bin')
      await assert.rejects(seeder.renameFile(infohash, 1, ['..', 'out']), failsWith('bad-name'))
    })

    it('write a .torrent that another session takes', async () => {
      const { seeder, infohash, peers } = await seedingFolder()
      const bytes = await seeder.torrentFile(infohash)
      const { parseTorrentFile } = await import('@onehop/swarm')
      const { createHash } = await import('node:crypto')
      const sha1 = (message: Uint8Array) => new Uint8Array(createHash('sha1').update(message).digest())
      const torrent = parseTorrentFile(bytes, { sha1 })
      assert.ok(torrent.ok)
      const fetcher = await listening('fetcher')
      await fetcher.fetch({ torrent: torrent.value, peers }, { outputDir: scene.path('out') })
      for (const name of Object.keys(files)) await assertFetched(name)
    })
  })

  describe('read while they come', () => {
    it('give the bytes of a range in order, and fetch those first', async () => {
      const limits = { uploadBytesPerSecond: 8 * PIECE }
      const { infohash, peers, path } = await seeding(16 * PIECE, { limits })
      const fetcher = await listening('fetcher')
      await fetcher.add({ infohash, peers }, { outputDir: scene.path('out') })
      await until(() => fetcher.details(infohash)!.files.length === 1)
      const range = { start: 13 * PIECE + 7, end: 14 * PIECE + 9 }
      const parts: Uint8Array[] = []
      for await (const part of fetcher.openContent(infohash, 0, range)) parts.push(part)
      assert.ok(fetcher.get(infohash)!.piecesDone < 16)
      const whole = new Uint8Array(await readFile(path))
      assert.deepEqual(Buffer.concat(parts), Buffer.from(whole.subarray(range.start, range.end)))
    })

    it('say that nothing comes any more, instead of waiting for ever', async () => {
      const { infohash, peers } = await seeding(PIECE, { limits: { uploadBytesPerSecond: 20_000 } })
      const fetcher = await listening('fetcher')
      await fetcher.add({ infohash, peers }, { outputDir: scene.path('out') })
      await until(() => fetcher.details(infohash)!.files.length === 1)
      const reading = fetcher.openContent(infohash, 0).next()
      const failing = assert.rejects(reading, failsWith('not-found', /not here yet/))
      await fetcher.pause(infohash)
      await failing
    })
  })

  it('that are private are looked for at their trackers only', async () => {
    const asked: string[] = []
    const findPeers: SwarmSessionOptions['findPeers'] = ({ isComplete }) => {
      asked.push(isComplete ? 'complete' : 'missing')
      return searching()
    }
    const session = await listening('a', { findPeers })
    await session.seed(await scene.write('public.bin', content(10)))
    await session.seed(await scene.write('private.bin', content(11)), { isPrivate: true })
    assert.deepEqual(asked, ['complete'])
  })

  it('that find a liar at the address of others shut out nobody else', async () => {
    const { path, infohash, peers } = await seeding(30 * PIECE)
    const liar = await listening('liar')
    const twin = await scene.write('twin.bin', content(30 * PIECE))
    await liar.seed(twin, { name: 'file.bin' })
    const fetcher = await listening('fetcher')
    const all = [...peers, { host: '127.0.0.1', port: liar.btPort }]
    await damage(twin, 100)
    const result = await fetcher.fetch({ infohash, peers: all }, { outputDir: scene.path('out') })
    assert.equal(await sha256Of(result.path), await sha256Of(path))
  })

  it('know what is to be said of them', async () => {
    const { seeder, infohash, peers } = await seeding(4 * PIECE, { limits: { uploadBytesPerSecond: PIECE } })
    const fetcher = await listening('fetcher')
    await fetcher.add({ infohash, peers }, { outputDir: scene.path('out') })
    await until(() => (fetcher.get(infohash)?.piecesDone ?? 0) > 0)
    const { peerList, availability, trackers } = fetcher.details(infohash)!
    assert.deepEqual(trackers, [])
    assert.equal(availability, 1)
    assert.deepEqual(
      peerList.map(({ remotePeer, transport, isSeed }) => [remotePeer, transport, isSeed]),
      [[`127.0.0.1:${seeder.btPort}`, 'tcp', true]],
    )
    assert.equal(seeder.peersOf(infohash)[0]!.isOutbound, false)
  })
})
