import assert from 'node:assert/strict'
import { type SwarmSession, TrackerServer } from '@onehop/swarm-io'
import { content, failsWith, from, Scene, searching, sha256Of, until } from './session-scene.ts'

const PIECE = 256 * 1024

describe('sessions over TCP', () => {
  let scene: Scene

  beforeEach(async () => {
    scene = await Scene.create()
  })

  afterEach(() => scene.close())

  async function listening(name: string, options = {}): Promise<SwarmSession> {
    const session = scene.session(name, { tcp: { port: 0 }, ...options })
    await session.start()
    return session
  }

  it('bring content from an address that a link names', async () => {
    const seeder = await listening('seeder')
    const path = await scene.write('file.bin', content(20 * PIECE + 7))
    const { infohash } = await seeder.seed(path)
    const fetcher = await listening('fetcher')
    const peers = [{ host: '127.0.0.1', port: seeder.btPort }]
    const result = await fetcher.fetch({ infohash, peers }, { outputDir: scene.path('out') })
    assert.equal(await sha256Of(result.path), await sha256Of(path))
    assert.deepEqual(result.providers, [`127.0.0.1:${seeder.btPort}`])
  })

  it('dial out of a seed, too: who cannot be dialled is served all the same', async () => {
    const seeder = await listening('seeder')
    const fetcher = await listening('fetcher')
    const path = await scene.write('file.bin', content(3 * PIECE))
    const { infohash } = await seeder.seed(path)
    const fetching = fetcher.fetch({ infohash }, { outputDir: scene.path('out'), peers: searching() })
    await until(() => fetcher.list().length === 1)
    const peers = [{ host: '127.0.0.1', port: fetcher.btPort }]
    await seeder.add({ infohash, peers }, { outputPath: path })
    assert.equal(await sha256Of((await fetching).path), await sha256Of(path))
  })

  it('have one connection between two of them, whatever ways lead there', async () => {
    const limits = { uploadBytesPerSecond: 4_000_000 }
    const [seeder, fetcher] = [await listening('seeder', { limits }), await listening('fetcher')]
    const path = await scene.write('file.bin', content(16 * PIECE))
    const { infohash } = await seeder.seed(path)
    let most = 0
    const result = await fetcher.fetch(
      { infohash, peers: [{ host: '127.0.0.1', port: seeder.btPort }] },
      {
        outputDir: scene.path('out'),
        peers: from(scene.source('fetcher', 'seeder')),
        onProgress: ({ peers }) => {
          most = Math.max(most, peers)
        },
      },
    )
    assert.equal(await sha256Of(result.path), await sha256Of(path))
    assert.equal(most, 1)
  })

  it('find each other through a tracker, which learns how they are and when they leave', async () => {
    const tracker = await TrackerServer.listen({ port: 0, hosts: ['127.0.0.1'] })
    const url = `http://127.0.0.1:${tracker.port}/announce`
    try {
      const [seeder, fetcher] = [await listening('seeder'), await listening('fetcher')]
      const path = await scene.write('file.bin', content(3 * PIECE))
      const { infohash, magnet } = await seeder.seed(path, { trackers: [[url]] })
      assert.ok(magnet.includes(`tr=${encodeURIComponent(url)}`))
      await until(() => seeder.details(infohash)!.trackers[0]?.state === 'working')
      const result = await fetcher.fetch({ infohash, trackers: [url] }, { outputDir: scene.path('out') })
      assert.equal(await sha256Of(result.path), await sha256Of(path))
      assert.equal(tracker.size.peers, 2)
      await seeder.pause(infohash)
      await until(() => tracker.size.peers === 1)
    } finally {
      await tracker.close()
    }
  })

  it('say of a tracker that cannot be reached why nobody was found', async () => {
    const fetcher = await listening('fetcher')
    const source = { infohash: new Uint8Array(20).fill(9), trackers: ['http://127.0.0.1:1/announce'] }
    const fetching = fetcher.fetch(source, { outputDir: scene.path('out') })
    await assert.rejects(fetching, failsWith('no-providers', /127.0.0.1:1/))
  })

  it('say that a port is taken', async () => {
    const { btPort } = await listening('first')
    const second = scene.session('second', { tcp: { port: btPort } })
    await assert.rejects(second.start(), failsWith('in-use', new RegExp(`${btPort}`)))
  })
})
