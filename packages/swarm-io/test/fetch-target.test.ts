import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { sha1 } from '@onehop/primitives'
import { parseTorrentFile } from '@onehop/swarm'
import { content, failsWith, from, Scene, searching, sha256Of } from './session-scene.ts'

const PIECE = 256 * 1024

describe('a fetch to a place', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await Scene.create()
  })
  afterEach(() => scene.close())

  it('refuses a second one elsewhere while it runs', async () => {
    const path = await scene.write('file.bin', content(PIECE))
    const { infohash } = await scene.session('seeder').seed(path)
    const fetcher = scene.session('fetcher')
    const aborter = new AbortController()
    const first = fetcher.fetch(
      { infohash },
      {
        outputPath: scene.path('one'),
        peers: searching(),
        signal: aborter.signal,
      },
    )
    await assert.rejects(
      fetcher.fetch({ infohash }, { outputPath: scene.path('two'), peers: searching() }),
      failsWith('in-use'),
    )
    aborter.abort()
    await assert.rejects(first, failsWith('aborted'))
    assert.deepEqual(fetcher.list(), [])
  })

  it('copies what is here already, and verifies the copy', async () => {
    const path = await scene.write('file.bin', content(3 * PIECE))
    const seeder = scene.session('seeder')
    const { infohash } = await seeder.seed(path)
    const here = await seeder.fetch({ infohash }, { outputPath: path, peers: from() })
    assert.equal(here.path, path)
    const copy = await seeder.fetch({ infohash }, { outputPath: scene.path('copy.bin'), peers: from() })
    assert.equal(await sha256Of(copy.path), await sha256Of(path))
    assert.deepEqual(copy.providers, [])
  })

  it('reuses an identical file at the output path, and never replaces a different one', async () => {
    const bytes = content(3 * PIECE)
    const path = await scene.write('file.bin', bytes)
    const { infohash } = await scene.session('seeder').seed(path)
    await mkdir(scene.path('out'))
    await writeFile(scene.path('out', 'file.bin'), bytes)
    const same = await scene.session('fetcher').fetch(
      { infohash },
      {
        outputDir: scene.path('out'),
        peers: from(scene.source('fetcher', 'seeder')),
      },
    )
    assert.deepEqual(same.providers, [])

    const other = await scene.write('other.bin', Buffer.from('precious'))
    await assert.rejects(
      scene
        .session('second')
        .fetch({ infohash }, { outputPath: other, peers: from(scene.source('second', 'seeder')) }),
      failsWith('output-exists', /other\.bin: a different file is there/),
    )
    assert.equal((await readFile(other)).toString(), 'precious')
  })

  it('takes its room before a piece has come, where that is wanted', async () => {
    const seeder = scene.session('seeder')
    const { infohash } = await seeder.seed(await scene.write('file.bin', content(8 * PIECE)))
    const torrent = parseTorrentFile(await seeder.torrentFile(infohash), { sha1 })
    assert.ok(torrent.ok)
    for (const preallocate of [true, false]) {
      const name = `fetcher ${preallocate}`
      await scene
        .session(name, { preallocate })
        .add({ torrent: torrent.value }, { outputDir: scene.path(name) })
      const [part] = await readdir(scene.path(name))
      const taken = (await stat(scene.path(name, part!))).blocks * 512
      assert.equal(taken >= 8 * PIECE, preallocate, `${taken} bytes`)
    }
  })

  it('says what is wrong with it', async () => {
    const path = await scene.write('file.bin', content(PIECE))
    const { infohash } = await scene.session('seeder').seed(path)
    const peers = () => from(scene.source('fetcher', 'seeder'))
    const fetcher = scene.session('fetcher')
    await assert.rejects(
      fetcher.fetch({ infohash }, { outputPath: scene.path('no', 'such', 'folder'), peers: peers() }),
      failsWith('not-found'),
    )
    await assert.rejects(
      fetcher.fetch({ infohash }, { outputDir: path, peers: peers() }),
      failsWith('output-exists', /Cannot write/),
    )
    await assert.rejects(
      fetcher.fetch({ infohash }, { outputPath: '/proc/x', peers: peers() }),
      failsWith('not-found', /Cannot write/),
    )
    await assert.rejects(
      fetcher.fetch({ infohash }, { outputDir: '/proc/x/y', peers: peers() }),
      failsWith('not-found', /Cannot write/),
    )
  })
})
