import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import type { FetchProgress, PeerSource } from '@onehop/swarm-io'
import { connectionPair } from './connection-pair.ts'
import { content, failsWith, from, Scene, searching, sha256Of, until } from './session-scene.ts'
import { closingAfter, corruptingBlocks, muteAfterHandshake, pausing } from './wrapped-connection.ts'

const PIECE = 256 * 1024

describe('fetching a file', () => {
  let scene: Scene
  beforeEach(async () => {
    scene = await Scene.create()
  })
  afterEach(() => scene.close())

  for (const [what, length] of [
    ['an empty file', 0],
    ['one byte', 1],
    ['exactly one piece', PIECE],
    ['exactly four pieces', 4 * PIECE],
    ['some pieces and a bit', 5 * PIECE + 12_345],
  ] as const) {
    it(`brings ${what}, knowing the infohash only`, async () => {
      const path = await scene.write('file.bin', content(length))
      const { infohash } = await scene.session('seeder').seed(path)
      const result = await scene.session('fetcher').fetch(
        { infohash },
        {
          outputDir: scene.path('out'),
          peers: from(scene.source('fetcher', 'seeder')),
        },
      )
      assert.equal(result.path, scene.path('out', 'file.bin'))
      assert.equal(result.bytes, length)
      assert.equal(result.pieces, Math.ceil(length / PIECE))
      assert.deepEqual(result.providers, length === 0 ? [] : ['seeder'])
      assert.equal(await sha256Of(result.path), await sha256Of(path))
      assert.deepEqual(await readdir(scene.path('out')), ['file.bin'])
    })
  }

  it('takes pieces from two seeders at once', async () => {
    const path = await scene.write('file.bin', content(40 * PIECE))
    const { infohash } = await scene.session('a').seed(path)
    await scene.session('b').seed(path)
    const result = await scene.session('fetcher').fetch(
      { infohash },
      {
        outputPath: scene.path('copy.bin'),
        peers: from(scene.source('fetcher', 'a'), scene.source('fetcher', 'b')),
      },
    )
    assert.deepEqual([...result.providers].sort(), ['a', 'b'])
    assert.equal(await sha256Of(result.path), await sha256Of(path))
    for (const name of ['a', 'b']) {
      const share = scene.sessions.get(name)!.list()[0]!.uploadedBytes / result.bytes
      assert.ok(share > 0.2, `${name} gave ${share}`)
    }
  })

  it('reports its progress up to the end', async () => {
    const path = await scene.write('file.bin', content(10 * PIECE + 5))
    const { infohash } = await scene.session('seeder').seed(path)
    const reports: FetchProgress[] = []
    await scene.session('fetcher').fetch(
      { infohash },
      {
        outputDir: `${scene.folder}/out`,
        peers: from(scene.source('fetcher', 'seeder')),
        onProgress: progress => reports.push(progress),
      },
    )
    const last = reports.at(-1)!
    assert.deepEqual(
      [last.pieces, last.piecesDone, last.bytes, last.bytesDone],
      [11, 11, 10 * PIECE + 5, 10 * PIECE + 5],
    )
  })

  it('makes the fetcher a provider while it fetches, and a seeder afterwards', async () => {
    const path = await scene.write('file.bin', content(30 * PIECE))
    const { infohash } = await scene.session('seeder').seed(path)
    const middle = scene.session('middle')
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    // A seeder that stops after some pieces, until it is released.
    const slow: PeerSource = {
      peerId: 'seeder',
      connect: async () => {
        const [ours, theirs] = connectionPair('middle', 'seeder')
        scene.sessions.get('seeder')!.accept(theirs)
        return pausing(ours, 10 * PIECE, held)
      },
    }
    const fetching = middle.fetch(
      { infohash },
      { outputPath: scene.path('middle.bin'), peers: searching(slow) },
    )
    await until(() => (middle.list()[0]?.piecesDone ?? 0) > 2)
    assert.equal(middle.list()[0]!.state, 'fetching')

    const last = scene.session('last')
    const chained = last.fetch(
      { infohash },
      {
        outputPath: scene.path('last.bin'),
        peers: searching(scene.source('last', 'middle')),
      },
    )
    await until(() => (last.list()[0]?.piecesDone ?? 0) > 2)
    assert.notEqual(middle.list()[0]!.state, 'seeding')
    release()
    await Promise.all([fetching, chained])
    assert.equal(await sha256Of(scene.path('last.bin')), await sha256Of(path))
    assert.deepEqual([middle.list()[0]!.state, last.list()[0]!.state], ['seeding', 'seeding'])
  })

  it('finds and bans a seeder that corrupts blocks, and completes from the other', async () => {
    const path = await scene.write('file.bin', content(40 * PIECE))
    const { infohash } = await scene.session('honest').seed(path)
    await scene.session('liar').seed(path)
    const corrupting: PeerSource = {
      peerId: 'liar',
      connect: async () => {
        const [ours, theirs] = connectionPair('fetcher', 'liar')
        scene.sessions.get('liar')!.accept(corruptingBlocks(theirs))
        return ours
      },
    }
    const result = await scene.session('fetcher').fetch(
      { infohash },
      {
        outputPath: scene.path('copy.bin'),
        peers: from(corrupting, scene.source('fetcher', 'honest', { windowBytes: 64 * 1024 })),
      },
    )
    assert.equal(await sha256Of(result.path), await sha256Of(path))
    assert.deepEqual(result.providers, ['honest'])
    assert.deepEqual(scene.misbehaviours, ['fetcher: liar corrupt-piece'])
  })

  it('says that verification failed when all who answered sent corrupt data', async () => {
    const path = await scene.write('file.bin', content(4 * PIECE))
    const { infohash } = await scene.session('liar').seed(path)
    const corrupting: PeerSource = {
      peerId: 'liar',
      connect: async () => {
        const [ours, theirs] = connectionPair('fetcher', 'liar')
        scene.sessions.get('liar')!.accept(corruptingBlocks(theirs))
        return ours
      },
    }
    await assert.rejects(
      scene.session('fetcher').fetch({ infohash }, { outputPath: scene.path('x'), peers: from(corrupting) }),
      failsWith('verification-failed', /1 provider/),
    )
  })

  it('shares the work of several fetches of one infohash', async () => {
    const path = await scene.write('file.bin', content(20 * PIECE))
    const { infohash } = await scene.session('a').seed(path)
    await scene.session('b').seed(path)
    const fetcher = scene.session('fetcher')
    const fetches = ['a', 'b'].map(name =>
      fetcher.fetch(
        { infohash },
        {
          outputPath: scene.path('one.bin'),
          peers: from(scene.source('fetcher', name)),
        },
      ),
    )
    const results = await Promise.all(fetches)
    assert.equal(fetcher.list().length, 1)
    assert.equal(fetcher.list()[0]!.downloadedBytes, 20 * PIECE)
    assert.equal(results[0]!.path, results[1]!.path)
  })

  it('says that there is no provider, and why', async () => {
    const fetcher = scene.session('fetcher')
    const nobody = new Uint8Array(20).fill(9)
    const target = { outputPath: scene.path('x') }
    await assert.rejects(
      fetcher.fetch({ infohash: nobody }, { ...target, peers: from() }),
      failsWith('no-providers', /no provider is known/),
    )
    const unreachable: PeerSource = {
      peerId: 'gone',
      connect: () => Promise.reject(new Error('connection refused')),
    }
    await assert.rejects(
      fetcher.fetch({ infohash: nobody }, { ...target, peers: searching(unreachable), stallTimeoutMs: 200 }),
      failsWith('no-providers', /connection refused/),
    )
    await assert.rejects(
      fetcher.fetch({ infohash: nobody }, { ...target, peers: searching(), stallTimeoutMs: 100 }),
      failsWith('no-providers'),
    )
    assert.deepEqual(fetcher.list(), [])
  })

  it('times out when the providers give nothing', async () => {
    const silent: PeerSource = {
      peerId: 'silent',
      connect: async () => {
        const [ours, theirs] = connectionPair('fetcher', 'silent')
        const seeder = scene.sessions.get('seeder')!
        seeder.accept(muteAfterHandshake(theirs))
        return ours
      },
    }
    const path = await scene.write('file.bin', content(PIECE))
    const { infohash } = await scene.session('seeder').seed(path)
    await assert.rejects(
      scene.session('fetcher').fetch(
        { infohash },
        {
          outputPath: scene.path('x'),
          peers: searching(silent),
          stallTimeoutMs: 300,
        },
      ),
      failsWith('timed-out', /no progress/),
    )
  })

  it('dials a provider again when it is lost on the way', async () => {
    const path = await scene.write('file.bin', content(20 * PIECE))
    const { infohash } = await scene.session('seeder').seed(path)
    let dials = 0
    const flaky: PeerSource = {
      peerId: 'seeder',
      connect: async () => {
        dials++
        const [ours, theirs] = connectionPair('fetcher', 'seeder')
        scene.sessions.get('seeder')!.accept(theirs)
        return dials < 3 ? closingAfter(ours, 5 * PIECE) : ours
      },
    }
    const result = await scene
      .session('fetcher')
      .fetch({ infohash }, { outputPath: scene.path('x'), peers: from(flaky) })
    assert.equal(dials, 3)
    assert.equal(await sha256Of(result.path), await sha256Of(path))
  })

  it('can be stopped, and what has come stays', async () => {
    const path = await scene.write('file.bin', content(20 * PIECE))
    const { infohash } = await scene.session('seeder').seed(path)
    const fetcher = scene.session('fetcher')
    const aborter = new AbortController()
    const held: PeerSource = {
      peerId: 'seeder',
      connect: async () => {
        const [ours, theirs] = connectionPair('fetcher', 'seeder')
        scene.sessions.get('seeder')!.accept(theirs)
        return pausing(ours, 8 * PIECE, new Promise(() => {}))
      },
    }
    const first = fetcher.fetch(
      { infohash },
      {
        outputPath: scene.path('x'),
        peers: searching(held),
        signal: aborter.signal,
      },
    )
    await until(() => (fetcher.list()[0]?.piecesDone ?? 0) >= 4)
    aborter.abort()
    await assert.rejects(first, failsWith('aborted'))
    const { state, piecesDone } = fetcher.list()[0]!
    assert.equal(state, 'paused')
    const second = await fetcher.fetch(
      { infohash },
      {
        outputPath: scene.path('x'),
        peers: from(scene.source('fetcher', 'seeder')),
      },
    )
    assert.equal(await sha256Of(second.path), await sha256Of(path))
    const again = scene.sessions.get('seeder')!.list()[0]!.uploadedBytes
    assert.ok(again < (20 + 8 + 20 - piecesDone) * PIECE)
  })

  it('keeps one of two connections when both sides dial at once', async () => {
    const path = await scene.write('file.bin', content(30 * PIECE))
    const [a, b] = [scene.session('a'), scene.session('b')]
    const { infohash } = await scene.session('seeder').seed(path)
    const fetches = [
      a.fetch(
        { infohash },
        {
          outputPath: scene.path('a.bin'),
          peers: from(scene.source('a', 'b'), scene.source('a', 'seeder')),
        },
      ),
      b.fetch(
        { infohash },
        {
          outputPath: scene.path('b.bin'),
          peers: from(scene.source('b', 'a'), scene.source('b', 'seeder')),
        },
      ),
    ]
    await Promise.all(fetches)
    assert.equal(await sha256Of(scene.path('a.bin')), await sha256Of(path))
    assert.equal(await sha256Of(scene.path('b.bin')), await sha256Of(path))
  })
})
