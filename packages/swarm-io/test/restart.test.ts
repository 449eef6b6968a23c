import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readdir, rename, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { infoHashToHex } from '@onehop/swarm'
import type { PeerSource } from '@onehop/swarm-io'
import { connectionPair } from './connection-pair.ts'
import { notedPieces } from './resume-file.ts'
import { content, failsWith, from, Scene, searching, sha256Of, until } from './session-scene.ts'
import { pausing } from './wrapped-connection.ts'

const PIECE = 256 * 1024

describe('a swarm session after a restart', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await Scene.create()
  })
  afterEach(() => scene.close())

  it('offers again what it offered', async () => {
    const path = await scene.write('a.bin', content(2 * PIECE))
    const { infohash } = await scene.session('a').seed(path)
    const again = await scene.restarted('a')
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
    assert.deepEqual((await (await scene.restarted('a')).restore())[0]?.words, ['paris', 'été'])
    await scene.sessions.get('a')?.seed(path, { words: [] })
    assert.deepEqual((await (await scene.restarted('a')).restore())[0]?.words, [])
  })

  it('publishes, fetches and forgets while it is still opening what it had', async () => {
    const paths = await Promise.all(
      Array.from({ length: 20 }, (_, i) => scene.write(`${i}.bin`, content(3 * PIECE, i))),
    )
    const session = scene.session('a')
    const seeded = await Promise.all(paths.map(path => session.seed(path)))
    // Every file has to be hashed again.
    await Promise.all(paths.map(path => utimes(path, 1, 1)))
    const again = await scene.restarted('a')
    const restored = again.restore()
    await until(() => again.list().length > 0)
    const opening = again.list().map(({ infohash }) => infoHashToHex(infohash))
    const [first, second, third] = seeded.filter(({ infohash }) => opening.includes(infoHashToHex(infohash)))
    const [published, fetched, removed] = await Promise.all([
      again.seed(first!.path, { words: ['rome'] }),
      again.fetch({ infohash: second!.infohash }, { outputPath: scene.path('copy.bin'), peers: searching() }),
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
    const [summary] = await (await scene.restarted('a')).restore()
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
    const again = await scene.restarted('a')
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
    const fetching = session.fetch({ infohash }, { outputPath: scene.path('b.bin'), peers: searching(held) })
    const rejected = assert.rejects(fetching, failsWith('closed'))
    await until(() => (session.list()[0]?.piecesDone ?? 0) >= 5)
    const again = await scene.restarted('b')
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
