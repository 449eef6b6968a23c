import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { content, failsWith } from '../session-scene.ts'
import {
  ALBUM,
  assertStored,
  folderSample,
  PIECE,
  piecesOf,
  type Sample,
  StorageScene,
  singleSample,
  storePieces,
} from './storage-scene.ts'

const [A, EMPTY, SMALL] = [0, 1, 2] as const

describe('the content of a torrent on disk', () => {
  let scene: StorageScene
  let album: Sample
  beforeEach(async () => {
    scene = await StorageScene.create()
    album = folderSample(ALBUM)
  })
  afterEach(() => scene.close())

  describe('while it is fetched', () => {
    it('stands beside the target until it is complete, and takes its place in one step', async () => {
      const opened = await scene.open(album)
      assert.equal(opened.have.count, 0)
      await storePieces(album, opened)
      assert.match((await readdir(scene.folder)).join(), /^album\.[0-9a-f]{16}\.part$/)
      await opened.storage.finish()
      assert.deepEqual(await readdir(scene.folder), ['album'])
      await assertStored(album, scene.path('album'))
      assert.equal(opened.storage.partPath, undefined)
    })

    it('is read back across files, before and after', async () => {
      const opened = await scene.open(album)
      await storePieces(album, opened)
      for (const isFinished of [false, true]) {
        if (isFinished) await opened.storage.finish()
        const bytes = await opened.storage.readBlock({ piece: 1, begin: 0, length: 16 * 1024 })
        assert.deepEqual(new Uint8Array(bytes), album.piece(1).subarray(0, 16 * 1024))
      }
    })

    it('takes no corrupt piece, and writes nothing of one', async () => {
      const one = singleSample(2 * PIECE)
      const { storage } = await scene.open(one)
      const corrupt = one.piece(0).slice()
      corrupt[7]! ^= 1
      assert.equal(await storage.writePiece(0, corrupt), 'corrupt')
      assert.ok((await readFile(storage.partPath!)).every(byte => byte === 0))
    })

    it('takes pieces from memory that threads share', async () => {
      const one = singleSample(PIECE + 3)
      const opened = await scene.open(one)
      for (const piece of piecesOf(one)) {
        const shared = new Uint8Array(new SharedArrayBuffer(PIECE))
        shared.set(one.piece(piece))
        const bytes = shared.subarray(0, one.piece(piece).length)
        assert.equal(await opened.storage.writePiece(piece, bytes), 'stored')
      }
      await opened.storage.finish()
      assert.deepEqual(new Uint8Array(await readFile(scene.path('one.bin'))), one.files[0])
    })

    it('never stores padding, and reads it as zeros', async () => {
      const padded = folderSample({ a: 100, b: PIECE }, 'hybrid')
      const opened = await scene.open(padded)
      await storePieces(padded, opened)
      await opened.storage.finish()
      assert.deepEqual((await readdir(scene.path('album'))).sort(), ['a', 'b'])
      assert.equal((await stat(scene.path('album', 'a'))).size, 100)
      const block = await opened.storage.readBlock({ piece: 0, begin: 0, length: 16 * 1024 })
      assert.deepEqual(new Uint8Array(block), padded.piece(0).subarray(0, 16 * 1024))
    })

    it('is sparse, or has its room taken where that is wanted', async () => {
      const one = singleSample(8 * PIECE)
      const two = singleSample(8 * PIECE, 'two.bin')
      const sparse = await scene.open(one)
      const taken = await scene.open(two, { preallocate: true })
      const [a, b] = await Promise.all([sparse, taken].map(({ storage }) => stat(storage.partPath!)))
      assert.deepEqual([a!.size, b!.size], [8 * PIECE, 8 * PIECE])
      assert.ok(a!.blocks * 512 < PIECE)
      assert.ok(b!.blocks * 512 >= 8 * PIECE)
    })

    it('stops taking room when it is told to', async () => {
      const one = singleSample(8 * PIECE)
      const options = { preallocate: true, signal: AbortSignal.abort() }
      await assert.rejects(scene.open(one, options), failsWith('aborted'))
      assert.deepEqual(await readdir(scene.folder), [])
    })

    it('has a piece of a thousand tiny files', async () => {
      const many = folderSample(
        Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`${i % 7}/${i}`, i % 50])),
      )
      const opened = await scene.open(many)
      await storePieces(many, opened)
      await opened.storage.finish()
      await assertStored(many, scene.path('album'))
      assert.ok((await opened.storage.verify('all')).isFull)
    })
  })

  describe('of which a part is wanted', () => {
    const wanted = [true, true, true, false]

    it('leaves out the other files, and keeps what it has of them aside', async () => {
      const opened = await scene.open(album, { wanted })
      await storePieces(album, opened, [0, 1])
      await opened.storage.finish()
      assert.deepEqual((await readdir(scene.folder)).length, 2)
      assert.deepEqual((await readdir(scene.path('album'))).sort(), ['a.bin', 'b'])
      await assertStored(album, scene.path('album'), [A, EMPTY, SMALL])
      const block = await opened.storage.readBlock({ piece: 1, begin: 0, length: PIECE })
      assert.deepEqual(new Uint8Array(block), album.piece(1))
    })

    it('goes on when more is wanted, with what was kept', async () => {
      const opened = await scene.open(album, { wanted })
      await storePieces(album, opened, [0, 1])
      await opened.storage.finish()
      await opened.storage.setSelection([true, true, true, true])
      assert.notEqual(opened.storage.partPath, undefined)
      await storePieces(album, opened, [2, 3])
      await opened.storage.finish()
      await assertStored(album, scene.path('album'))
      assert.deepEqual(await readdir(scene.folder), ['album'])
    })

    it('leaves what was wanted at the last moment, and is not whole, where it is', async () => {
      const opened = await scene.open(album, { wanted })
      await storePieces(album, opened, [0, 1])
      await opened.storage.setSelection([true, true, true, true])
      await storePieces(album, opened, [2])
      await opened.storage.finish()
      assert.deepEqual((await readdir(scene.path('album'))).sort(), ['a.bin', 'b'])
      assert.notEqual(opened.storage.partPath, undefined)
      await storePieces(album, opened, [3])
      await opened.storage.finish()
      await assertStored(album, scene.path('album'))
      assert.deepEqual(await readdir(scene.folder), ['album'])
    })

    it('sets aside what is not wanted any more', async () => {
      const opened = await scene.open(album)
      await storePieces(album, opened, [0, 1])
      await opened.storage.setSelection(wanted)
      await opened.storage.finish()
      await assertStored(album, scene.path('album'), [A, EMPTY, SMALL])
      assert.deepEqual((await opened.storage.verify('all')).count, 2)
    })

    it('is found again after a restart', async () => {
      const first = await scene.open(album, { wanted })
      await storePieces(album, first, [0, 1])
      const trusted = await first.storage.sync()
      const { stamps } = first.storage
      await first.storage.close()
      const again = await scene.open(album, { wanted, trusted, stamps })
      assert.equal(again.have.count, 2)
      await again.storage.finish()
      await assertStored(album, scene.path('album'), [A, EMPTY, SMALL])
    })
  })

  describe('where something is already', () => {
    it('is used when it is the content', async () => {
      await scene.put(album)
      const { have, storage } = await scene.open(album)
      assert.ok(have.isFull)
      assert.equal(storage.partPath, undefined)
    })

    it('is refused when a file differs, in size or in bytes, and nothing is changed', async () => {
      for (const bytes of [content(PIECE), content(PIECE + 100, 99)]) {
        await scene.put(album)
        await writeFile(scene.path('album', 'a.bin'), bytes)
        await assert.rejects(scene.open(album), failsWith('output-exists', /a\.bin/))
        assert.deepEqual(new Uint8Array(await readFile(scene.path('album', 'a.bin'))), bytes)
      }
    })

    it('goes into a folder that has other files, and leaves them', async () => {
      await mkdir(scene.path('album'))
      await writeFile(scene.path('album', 'mine.txt'), 'mine')
      const opened = await scene.open(album)
      await storePieces(album, opened)
      await opened.storage.finish()
      await assertStored(album, scene.path('album'))
      assert.equal(await readFile(scene.path('album', 'mine.txt'), 'utf8'), 'mine')
      assert.deepEqual(await readdir(scene.folder), ['album'])
    })

    it('takes the place of an empty folder', async () => {
      await mkdir(scene.path('album'))
      const opened = await scene.open(album)
      await storePieces(album, opened)
      await opened.storage.finish()
      await assertStored(album, scene.path('album'))
    })

    it('uses what is there of it, and fetches what is missing', async () => {
      await mkdir(scene.path('album'))
      await writeFile(scene.path('album', 'a.bin'), album.files[A]!)
      const opened = await scene.open(album)
      assert.deepEqual(
        piecesOf(album).filter(piece => opened.have.has(piece)),
        [0],
      )
      await storePieces(album, opened, [1, 2, 3])
      await opened.storage.finish()
      await assertStored(album, scene.path('album'))
    })

    it('never changes a byte of a file that was there', async () => {
      const other = album.files[A]!.slice()
      other[PIECE + 50]! ^= 1
      await mkdir(scene.path('album'))
      await writeFile(scene.path('album', 'a.bin'), other)
      const { storage } = await scene.open(album)
      await assert.rejects(storage.writePiece(1, album.piece(1)), failsWith('output-exists'))
      assert.deepEqual(new Uint8Array(await readFile(scene.path('album', 'a.bin'))), other)
    })

    it('is not replaced when it appears while the content is fetched', async () => {
      const one = singleSample(PIECE)
      const opened = await scene.open(one)
      await storePieces(one, opened)
      await writeFile(scene.path('one.bin'), 'mine')
      await assert.rejects(opened.storage.finish(), failsWith('output-exists'))
      assert.equal(await readFile(scene.path('one.bin'), 'utf8'), 'mine')
      assert.ok((await opened.storage.verify('all')).isFull)
    })

    it('is refused when a file stands where the folder goes', async () => {
      await writeFile(scene.path('album'), 'mine')
      await assert.rejects(scene.open(album), failsWith('output-exists'))
    })
  })

  it('is copied to another place without what is not of it', async () => {
    await scene.put(album)
    await writeFile(scene.path('album', 'mine.txt'), 'mine')
    const { storage } = await scene.open(album)
    const placement = { path: scene.path('there', 'copy'), renamed: new Map() }
    await storage.copyTo(placement.path)
    const copy = await scene.open(album, { placement })
    assert.ok(copy.have.isFull)
    await copy.storage.finish()
    await assertStored(album, placement.path)
    assert.ok(!(await readdir(placement.path)).includes('mine.txt'))
    await assertStored(album, scene.path('album'))
  })
  it('is deleted as a whole, also when somebody has deleted a part of it', async () => {
    const many = folderSample(Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${10 + i}/a`, 5])))
    await scene.put(many)
    const { storage } = await scene.open(many)
    await scene.remove(many.info.name, '10')
    await storage.removeAll()
    assert.deepEqual(await readdir(scene.folder), [])
  })
})
