import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { failsWith } from '../session-scene.ts'
import { folderSample, PIECE, type Sample, StorageScene, singleSample } from './storage-scene.ts'

const ALBUM = { 'a.bin': PIECE + 100, 'b/empty': 0, 'b/small.txt': 10, 'c/d/last.bin': 2 * PIECE + 5 }

describe('content in several files', () => {
  let scene: StorageScene
  let album: Sample
  beforeEach(async () => {
    scene = await StorageScene.create()
    album = folderSample(ALBUM)
  })
  afterEach(() => scene.close())

  const all = (sample: Sample) => Array.from({ length: sample.info.pieceHashes.length / 20 }, (_, i) => i)

  async function fetchAll(sample: Sample, storage: Awaited<ReturnType<StorageScene['open']>>['storage']) {
    for (const piece of all(sample))
      assert.equal(await storage.writePiece(piece, sample.piece(piece)), 'stored')
  }

  async function assertFinished(sample: Sample, root = scene.path('album')) {
    for (const [i, file] of sample.info.files.entries()) {
      if (file.isPadding) continue
      const bytes = await readFile([root, ...file.path.slice(1)].join('/'))
      assert.deepEqual(new Uint8Array(bytes), sample.files[i])
    }
  }

  it('stands beside the target until it is complete, and takes its place in one step', async () => {
    const { storage, have } = await scene.open(album)
    assert.equal(have.count, 0)
    await fetchAll(album, storage)
    assert.match((await readdir(scene.folder)).join(), /^album\.[0-9a-f]{16}\.part$/)
    await storage.finish()
    assert.deepEqual(await readdir(scene.folder), ['album'])
    await assertFinished(album)
    assert.equal(storage.partPath, undefined)
  })

  it('is read back across files', async () => {
    const { storage } = await scene.open(album)
    await fetchAll(album, storage)
    for (const isFinished of [false, true]) {
      if (isFinished) await storage.finish()
      const bytes = await storage.readBlock({ piece: 1, begin: 0, length: 16 * 1024 })
      assert.deepEqual(new Uint8Array(bytes), album.piece(1).subarray(0, 16 * 1024))
    }
  })
})
