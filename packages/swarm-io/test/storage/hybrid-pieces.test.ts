import assert from 'node:assert/strict'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { Bitfield, createInfo, pieceCount, type TorrentInfo } from '@onehop/swarm'
import { hashContent } from '@onehop/swarm-io'
import { ResumeStore } from '../../src/resume/resume-store.ts'
import { stampOf } from '../../src/storage/file-stamps.ts'
import { defaultSettings } from '../../src/torrent/torrent-settings.ts'
import { content, failsWith, Scene } from '../session-scene.ts'
import { PIECE, type Sample, StorageScene, sha1, sha256 } from './storage-scene.ts'

/** Its last block is the end of the file and padding. */
const TAIL = 1_000

/** A hybrid of one file, of which each version says that it has these bytes. */
function hybridOf(v1: Uint8Array, v2: TorrentInfo, name = 'one.bin'): TorrentInfo {
  const { lengthBytes, files } = v2
  const made = createInfo(
    {
      name,
      lengthBytes,
      pieceLengthBytes: PIECE,
      version: 'hybrid',
      piecesRoot: files[0]!.piecesRoot!,
      pieceHashes: sha1(v1),
    },
    sha1,
    sha256,
  )
  assert.ok(made.ok)
  return made.value
}

describe('the pieces of a hybrid', () => {
  let scene: StorageScene

  beforeEach(async () => {
    scene = await StorageScene.create()
  })

  afterEach(() => scene.close())

  /** A folder of two files as a hybrid: the first piece ends with padding. */
  async function album() {
    const first = content(PIECE - TAIL)
    const second = content(3 * PIECE + 7, 2)
    await mkdir(scene.path('album'))
    await writeFile(scene.path('album', 'a'), first)
    await writeFile(scene.path('album', 'b'), second)
    const { info, layers } = await hashContent(scene.path('album'), {
      version: 'hybrid',
      pieceLengthBytes: PIECE,
    })
    await scene.remove('album')
    const padded = new Uint8Array(PIECE)
    padded.set(first)
    const pieces = [padded, ...[0, 1, 2, 3].map(i => second.slice(i * PIECE, (i + 1) * PIECE))]
    const sample: Sample = { info, files: [], piece: i => pieces[i]! }
    return { sample, pieces, layers: layers! }
  }

  it('are verified both ways, and what is nothing but corrupt is that', async () => {
    const { sample, pieces, layers } = await album()
    const { storage } = await scene.open(sample, { layers })
    for (const [i, piece] of pieces.entries()) {
      const corrupt = piece.slice()
      corrupt[3]! ^= 1
      assert.equal(await storage.writePiece(i, corrupt), 'corrupt')
      assert.equal(await storage.writePiece(i, piece), 'stored')
    }
    await storage.finish()
    assert.ok((await storage.verify('all')).isFull)
  })

  it('are corrupt when somebody sent something else than zeros for padding, which is in no tree', async () => {
    const { sample, pieces, layers } = await album()
    const { storage } = await scene.open(sample, { layers })
    const noZeros = pieces[0]!.slice()
    noZeros[PIECE - 1] = 1
    assert.equal(await storage.writePiece(0, noZeros), 'corrupt')
  })

  it('are nobody’s fault when they cannot be right both ways', async () => {
    const [one, other] = [content(PIECE, 1), content(PIECE, 2)]
    await writeFile(scene.path('one.bin'), one)
    const { info: v2 } = await hashContent(scene.path('one.bin'), { version: 'v2', pieceLengthBytes: PIECE })
    await scene.remove('one.bin')
    const { storage } = await scene.open({ info: hybridOf(other, v2), files: [], piece: () => other })
    for (const bytes of [one, other])
      await assert.rejects(
        storage.writePiece(0, bytes),
        failsWith('bad-metainfo', /contradicts itself: piece 0/),
      )
    assert.equal(await storage.writePiece(0, content(PIECE, 3)), 'corrupt')
  })

  it('stop the torrent then, with a sentence, and ban nobody', async () => {
    const sessions = await Scene.create()
    try {
      const [one, other] = [content(PIECE, 1), content(PIECE, 2)]
      const path = await sessions.write('one.bin', one)
      const { info: v2 } = await hashContent(path, { version: 'v2', pieceLengthBytes: PIECE })
      const info = hybridOf(other, v2)
      // Finished content that is as it was noted is offered without being hashed.
      await new ResumeStore(sessions.path('resume-seeder')).save({
        infohash: info.infohash,
        info,
        settings: defaultSettings(),
        counters: { uploadedBytes: 0, downloadedBytes: 0, seedingMs: 0 },
        content: {
          placement: { path, renamed: new Map() },
          isFinished: true,
          have: Bitfield.full(pieceCount(info)),
          stamps: [stampOf(await stat(path, { bigint: true }))],
        },
      })
      const seeder = sessions.session('seeder', { tcp: { port: 0 } })
      await seeder.start()
      await seeder.restore()
      assert.equal(seeder.get(info.infohash)?.state, 'seeding')
      const fetcher = sessions.session('fetcher', { tcp: { port: 0 } })
      const peers = [{ host: '127.0.0.1', port: seeder.btPort }]
      await fetcher.start()
      await fetcher.add({ infohash: info.infohash }, { outputDir: sessions.path('out') })
      await assert.rejects(
        fetcher.fetch({ infohash: info.infohash, peers }, { outputDir: sessions.path('out') }),
        failsWith('bad-metainfo', /contradicts itself/),
      )
      const { state, problem, peers: connected } = fetcher.get(info.infohash)!
      assert.deepEqual([state, connected], ['paused', 0])
      assert.match(problem ?? '', /contradicts itself/)
      assert.deepEqual(sessions.misbehaviours, [])
    } finally {
      await sessions.close()
    }
  })
})
