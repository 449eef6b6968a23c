import assert from 'node:assert/strict'
import { sha1 } from '@onehop/primitives'
import { infohashOfV2, parseTorrentFile } from '@onehop/swarm'
import { type SwarmSession, type TorrentSource, TrackerServer } from '@onehop/swarm-io'
import { content, failsWith, Scene, sha256Of, until } from './session-scene.ts'

const BYTES = 900_000

describe('a hybrid goes by two infohashes', () => {
  let scene: Scene

  beforeEach(async () => {
    scene = await Scene.create()
  })

  afterEach(() => scene.close())

  async function listening(name: string): Promise<SwarmSession> {
    const session = scene.session(name, { tcp: { port: 0 } })
    await session.start()
    return session
  }

  /** One who publishes a hybrid, and the ways in which others may be told of it. */
  async function published(bytes = BYTES) {
    const seeder = await listening('seeder')
    const path = await scene.write('file.bin', content(bytes))
    const { infohash, infohashV2, magnet } = await seeder.seed(path, { version: 'hybrid' })
    const parsed = parseTorrentFile(await seeder.torrentFile(infohash), { sha1 })
    assert.ok(parsed.ok && infohashV2)
    const peers = [{ host: '127.0.0.1', port: seeder.btPort }]
    const short = infohashOfV2(infohashV2)
    return {
      seeder,
      path,
      magnet,
      infohash,
      short,
      peers,
      byV1: { infohash },
      byV2: { infohash: short, infohashV2 },
      byFile: { torrent: parsed.value },
    }
  }

  it('is one torrent for who has its v2 link first, and its .torrent later', async () => {
    const { byV2, byFile, infohash, short, peers, path } = await published()
    const fetcher = await listening('fetcher')
    await fetcher.add(byV2, { outputDir: scene.path('out') })
    await fetcher.add({ ...byFile, peers }, { outputDir: scene.path('elsewhere') })
    await until(() => fetcher.get(infohash)?.state === 'seeding')
    assert.equal(fetcher.list().length, 1)
    assert.deepEqual(fetcher.get(short), fetcher.get(infohash))
    assert.equal(await sha256Of(scene.path('out', 'file.bin')), await sha256Of(path))
  })

  it('is controlled by either infohash, after a restart too, and its magnet link tells both', async () => {
    const { byV2, infohash, short, peers, magnet } = await published()
    const first = await listening('fetcher')
    await first.fetch({ ...byV2, peers }, { outputDir: scene.path('out') })
    await first.close()
    const fetcher = await listening('fetcher')
    await fetcher.restore()
    assert.equal((await fetcher.pause(infohash)).state, 'paused')
    assert.equal((await fetcher.resume(short)).state, 'seeding')
    assert.equal(fetcher.details(infohash)?.files.length, 1)
    assert.equal(fetcher.get(infohash)?.magnet, magnet)
    const again = await fetcher.fetch({ infohash }, { outputPath: scene.path('copy.bin') })
    assert.deepEqual([again.providers, again.path], [[], scene.path('copy.bin')])
    assert.equal(await fetcher.remove(infohash), true)
    assert.deepEqual(fetcher.list(), [])
  })

  it('is published anew under the infohash that it was fetched by', async () => {
    const { byV2, short, peers, path } = await published()
    const fetcher = await listening('fetcher')
    await fetcher.fetch({ ...byV2, peers }, { outputDir: scene.path('out') })
    const { infohash } = await fetcher.seed(path, { version: 'hybrid' })
    assert.deepEqual(infohash, short)
    assert.equal(fetcher.list().length, 1)
  })

  it('is not published while it is being fetched under its v2 infohash', async () => {
    const { byV2, path } = await published()
    const fetcher = await listening('fetcher')
    await fetcher.add(byV2, { outputDir: scene.path('out') })
    await assert.rejects(fetcher.seed(path, { version: 'hybrid' }), failsWith('in-use', /being fetched/))
  })

  for (const [first, second] of [
    ['byV1', 'byV2'],
    ['byV2', 'byV1'],
  ] as const) {
    it(`of two links that wait, ${first} goes on when what is in it is known, ${second} says why it does not`, async () => {
      const { peers, infohash, short, ...sources } = await published()
      const fetcher = await listening('fetcher')
      const waiting = sources[second] satisfies TorrentSource
      await fetcher.add(waiting, { outputDir: scene.path('other') })
      await fetcher.fetch({ ...sources[first], peers }, { outputDir: scene.path('out') })
      const { state, problem } = fetcher.get(waiting.infohash)!
      assert.equal(state, 'paused')
      assert.match(problem ?? '', /is the same content as file\.bin .* remove one of them\.$/)
      await assert.rejects(
        fetcher.fetch({ ...waiting, peers }, { outputDir: scene.path('other') }),
        failsWith('in-use', /the same content/),
      )
      await fetcher.remove(waiting.infohash)
      assert.equal(fetcher.get(infohash)?.state, 'seeding')
      assert.equal(fetcher.get(short)?.state, 'seeding')
    })
  }

  it('is there twice after a restart, too, where two links for it wait', async () => {
    const { byV1, byV2, peers } = await published()
    const first = await listening('fetcher')
    await first.add(byV1, { outputDir: scene.path('one') })
    await first.add(byV2, { outputDir: scene.path('two') })
    await first.close()
    const fetcher = await listening('fetcher')
    await fetcher.restore()
    assert.equal(fetcher.list().length, 2)
    await fetcher.fetch({ ...byV2, peers }, { outputDir: scene.path('two') })
    const states = [byV1, byV2].map(({ infohash }) => fetcher.get(infohash)?.state)
    assert.deepEqual(states, ['paused', 'seeding'])
  })

  it('is refused when a link gives it the v2 infohash of another, and nobody is blamed', async () => {
    const { byV1, infohash, peers } = await published()
    const fetcher = await listening('fetcher')
    const infohashV2 = new Uint8Array(32).fill(7)
    await assert.rejects(
      fetcher.fetch({ ...byV1, infohashV2, peers }, { outputDir: scene.path('out') }),
      failsWith('bad-metainfo', /infohashes of two torrents/),
    )
    await fetcher.fetch({ infohash, peers }, { outputDir: scene.path('out') })
    await assert.rejects(
      fetcher.fetch({ infohash, infohashV2 }, { outputDir: scene.path('out') }),
      failsWith('bad-metainfo', /is here, the other is not/),
    )
    assert.deepEqual(scene.misbehaviours, [])
  })

  it('reaches those who know it by the other infohash only', async () => {
    const { seeder, byV2, infohash } = await published()
    const waiting = await listening('waiting')
    await waiting.add(byV2, { outputDir: scene.path('out') })
    const peers = [{ host: '127.0.0.1', port: waiting.btPort }]
    await seeder.add({ infohash, peers }, { outputDir: scene.path() })
    await until(() => waiting.get(infohash)?.state === 'seeding')
  })

  it('is announced to trackers under both, as soon as both are known', async () => {
    const tracker = await TrackerServer.listen({ port: 0 })
    try {
      const { byV2, peers } = await published()
      const fetcher = await listening('fetcher')
      const trackers = [`udp://127.0.0.1:${tracker.port}`]
      await fetcher.add({ ...byV2, trackers }, { outputDir: scene.path('out') })
      await until(() => tracker.size.torrents === 1)
      await fetcher.add({ ...byV2, peers }, { outputDir: scene.path('out') })
      await until(() => tracker.size.torrents === 2)
      await fetcher.close()
      assert.deepEqual(tracker.size, { torrents: 0, peers: 0 })
    } finally {
      await tracker.close()
    }
  })
})
