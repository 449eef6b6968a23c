import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { pieceCount } from '@onehop/swarm'
import { content, failsWith } from '../session-scene.ts'
import {
  ALBUM,
  assertStored,
  folderSample,
  PIECE,
  piecesOf,
  type Sample,
  StorageScene,
  storePieces,
} from './storage-scene.ts'

const [A, LAST] = [0, 3] as const

describe('the content of a torrent that is damaged', () => {
  let scene: StorageScene
  let album: Sample
  beforeEach(async () => {
    scene = await StorageScene.create()
    album = folderSample(ALBUM)
  })
  afterEach(() => scene.close())

  it('is not offered once a finished file was changed', async () => {
    await scene.put(album)
    const { storage } = await scene.open(album)
    await writeFile(scene.path('album', 'a.bin'), content(PIECE + 100, 99))
    const block = { piece: 0, begin: 0, length: 16 * 1024 }
    await assert.rejects(async () => storage.readBlock(block), failsWith('file-changed', /a\.bin/))
  })

  it('is found by a check, and mended in its place', async () => {
    await scene.put(album)
    const opened = await scene.open(album)
    assert.ok((await opened.storage.sync()).isFull)
    const damaged = album.files[A]!.slice()
    damaged[5]! ^= 1
    await writeFile(scene.path('album', 'a.bin'), damaged)
    await writeFile(scene.path('album', 'c', 'd', 'last.bin'), album.files[LAST]!.subarray(0, PIECE))
    await scene.remove('album', 'b', 'small.txt')
    const good = await opened.storage.recheck(() => [])
    assert.deepEqual(await opened.storage.sync(), good)
    const bad = piecesOf(album).filter(piece => !good.has(piece))
    assert.deepEqual(bad, [0, 1, 2, 3])
    await storePieces(album, opened, bad)
    await opened.storage.finish()
    assert.ok((await opened.storage.verify('all')).isFull)
    await assertStored(album, scene.path('album'))
    assert.deepEqual(await readdir(scene.folder), ['album'])
  })

  it('is opened to be mended, where that is asked for', async () => {
    await scene.put(album)
    await writeFile(scene.path('album', 'a.bin'), content(PIECE + 200, 99))
    await scene.remove('album', 'b')
    await assert.rejects(scene.open(album, { isFinished: true }), failsWith('not-found'))
    const opened = await scene.open(album, { isFinished: true, mends: true })
    const missing = piecesOf(album).filter(piece => !opened.have.has(piece))
    assert.deepEqual(missing, [0, 1])
    await storePieces(album, opened, missing)
    await opened.storage.finish()
    await assertStored(album, scene.path('album'))
    assert.ok((await opened.storage.sync()).isFull)
    const block = await opened.storage.readBlock({ piece: 0, begin: 0, length: 100 })
    assert.deepEqual(new Uint8Array(block), album.piece(0).subarray(0, 100))
  })

  it('stays found out, whatever is done with the files beside it', async () => {
    await scene.put(album)
    const { storage } = await scene.open(album)
    await writeFile(scene.path('album', 'a.bin'), content(PIECE + 100, 99))
    await storage.setSelection([])
    await storage.moveTo(scene.path('there'), async () => {})
    const block = { piece: 0, begin: 0, length: 16 * 1024 }
    await assert.rejects(async () => storage.readBlock(block), failsWith('file-changed', /a\.bin/))
  })

  it('can be checked with progress, and the check stopped', async () => {
    await scene.put(album)
    const { storage } = await scene.open(album)
    const told: number[] = []
    await storage.verify('all', { onProgress: done => told.push(done) })
    assert.equal(told.at(-1), pieceCount(album.info))
    await assert.rejects(storage.verify('all', { signal: AbortSignal.abort() }), failsWith('aborted'))
  })
})
