import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Bitfield, pieceCount } from '@onehop/swarm'
import type { NotePlacement } from '../../src/storage/content-storage.ts'
import type { Placement } from '../../src/storage/file-places.ts'
import { openRestored } from '../../src/storage/torrent-openers.ts'
import { defaultSettings } from '../../src/torrent/torrent-settings.ts'
import { failsWith } from '../session-scene.ts'
import {
  assertStored,
  folderSample,
  PIECE,
  type Sample,
  StorageScene,
  singleSample,
} from './storage-scene.ts'

const ALBUM = { 'a.bin': PIECE + 100, 'b/small.txt': 10, 'c/d/last.bin': 2 * PIECE + 5 }

/** Where another file system is mounted on every Linux. */
const OTHER_DISK = '/dev/shm'

describe('moving and renaming content', () => {
  let scene: StorageScene
  let album: Sample
  let notes: [Placement, Placement | undefined][]
  const note: NotePlacement = async (placement, former) => void notes.push([placement, former])
  beforeEach(async () => {
    scene = await StorageScene.create()
    album = folderSample(ALBUM)
    notes = []
  })
  afterEach(() => scene.close())

  it('takes finished content along, and nothing that is not of the torrent', async () => {
    await scene.put(album)
    await writeFile(scene.path('album', 'mine.txt'), 'mine')
    const { storage } = await scene.open(album)
    await storage.moveTo(scene.path('there', 'renamed'), note)
    await assertStored(album, scene.path('there', 'renamed'))
    assert.deepEqual(await readdir(scene.path('album')), ['mine.txt'])
    assert.equal(storage.path, scene.path('there', 'renamed'))
    const block = await storage.readBlock({ piece: 1, begin: 0, length: 100 })
    assert.deepEqual(new Uint8Array(block), album.piece(1).subarray(0, 100))
  })

  it('takes unfinished content along, and goes on there', async () => {
    const { storage } = await scene.open(album, { wanted: [true, true, false] })
    await storage.writePiece(1, album.piece(1))
    await storage.moveTo(scene.path('there'), note)
    assert.ok((await readdir(scene.folder)).every(name => name.startsWith('there.')))
    await storage.setSelection([true, true, true])
    for (const piece of [0, 2, 3]) await storage.writePiece(piece, album.piece(piece))
    await storage.finish()
    await assertStored(album, scene.path('there'))
    assert.deepEqual(await readdir(scene.folder), ['there'])
  })

  it('takes along what arrives while it is noted', async () => {
    const { storage } = await scene.open(album)
    await storage.writePiece(0, album.piece(0))
    await storage.moveTo(scene.path('there'), async (_, former) => {
      if (former) for (const piece of [1, 2, 3]) await storage.writePiece(piece, album.piece(piece))
    })
    for (const piece of [0, 1, 2, 3]) {
      const length = album.piece(piece).length
      const read = await storage.readBlock({ piece, begin: 0, length })
      assert.ok(Buffer.from(read).equals(album.piece(piece)), `piece ${piece}`)
    }
    await storage.finish()
    await assertStored(album, scene.path('there'))
    assert.deepEqual(await readdir(scene.folder), ['there'])
  })

  it('gives several files other names at once', async () => {
    await scene.put(album)
    const { storage } = await scene.open(album)
    await Promise.all([
      storage.renameFile(0, ['one.bin'], note),
      storage.renameFile(1, ['b', 'two.txt'], note),
      storage.moveTo(scene.path('there'), note),
    ])
    assert.deepEqual((await readdir(scene.path('there'))).sort(), ['b', 'c', 'one.bin'])
    assert.deepEqual(await readdir(scene.path('there', 'b')), ['two.txt'])
  })

  it('is noted before and after, with where it was', async () => {
    const one = singleSample(PIECE)
    await scene.put(one)
    const { storage } = await scene.open(one)
    await storage.moveTo(scene.path('two.bin'), note)
    const [from, to] = [scene.path('one.bin'), scene.path('two.bin')]
    assert.deepEqual(
      notes.map(([{ path }, former]) => [path, former?.path]),
      [
        [to, from],
        [to, undefined],
      ],
    )
  })

  it('replaces nothing, and leaves all as it was when it cannot', async () => {
    await scene.put(album)
    await mkdir(scene.path('there', 'b'), { recursive: true })
    await writeFile(scene.path('there', 'b', 'small.txt'), 'mine')
    const { storage } = await scene.open(album)
    await assert.rejects(storage.moveTo(scene.path('there'), note), failsWith('output-exists'))
    assert.equal(await readFile(scene.path('there', 'b', 'small.txt'), 'utf8'), 'mine')
    await assertStored(album, scene.path('album'))
    assert.equal(storage.path, scene.path('album'))
    assert.equal(notes.at(-1)![0].path, scene.path('album'))
    assert.ok((await storage.verify('all')).isFull)
  })

  /** Stops when it has been looked at so often: once for each part of a file that is copied. */
  function stoppingAfter(looks: number): AbortSignal {
    const signal = {
      get aborted() {
        return looks-- <= 0
      },
    }
    return signal as AbortSignal
  }

  for (const looks of [0, 1, 2]) {
    it(`can be stopped on its way to another disk, after ${looks} parts: all is as it was`, async function () {
      const folder = await otherDisk()
      if (folder === undefined) return this.skip()
      try {
        await scene.put(album)
        const { storage } = await scene.open(album)
        const signal = stoppingAfter(looks)
        await assert.rejects(
          storage.moveTo(join(folder, 'album'), note, signal),
          failsWith('aborted', /stopped/),
        )
        assert.deepEqual(await readdir(folder), [])
        await assertStored(album, scene.path('album'))
        assert.equal(storage.path, scene.path('album'))
        assert.equal(notes.at(-1)![0].path, scene.path('album'))
        await storage.moveTo(join(folder, 'album'), note)
        await assertStored(album, join(folder, 'album'))
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  }

  /** A folder on another disk than the scene's; undefined where there is none. */
  async function otherDisk(): Promise<string | undefined> {
    const here = await stat(tmpdir())
    const there = await stat(OTHER_DISK).catch(() => undefined)
    if (!there || there.dev === here.dev) return undefined
    return mkdtemp(join(OTHER_DISK, 'onehop-move-'))
  }

  it('goes to another disk', async function () {
    const folder = await otherDisk()
    if (folder === undefined) return this.skip()
    await scene.put(album)
    try {
      const { storage } = await scene.open(album)
      const before = await stat(scene.path('album', 'a.bin'))
      await storage.moveTo(join(folder, 'album'), note)
      await assertStored(album, join(folder, 'album'))
      assert.deepEqual(await readdir(scene.folder), [])
      const after = await stat(join(folder, 'album', 'a.bin'))
      assert.equal(after.mtime.getTime(), before.mtime.getTime())
      await storage.moveTo(scene.path('album'), note)
      await assertStored(album, scene.path('album'))
      assert.deepEqual(await readdir(folder), [])
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('gives one file another name and folder', async () => {
    await scene.put(album)
    const { storage } = await scene.open(album)
    await storage.renameFile(1, ['texts', 'read me.txt'], note)
    assert.deepEqual((await readdir(scene.path('album'))).sort(), ['a.bin', 'c', 'texts'])
    assert.ok((await storage.verify('all')).isFull)
    const { placement } = storage
    await storage.close()
    assert.ok((await scene.open(album, { placement })).have.isFull)
  })

  it('refuses a name that leads out of the folder, is taken, or lies in a file', async () => {
    await scene.put(album)
    const { storage } = await scene.open(album)
    for (const path of [['..', 'x'], ['/etc'], ['A.BIN'], ['a.bin', 'x'], ['c'], []]) {
      await assert.rejects(storage.renameFile(1, path, note), failsWith('bad-name'), path.join('/'))
    }
    await assertStored(album, scene.path('album'))
    assert.deepEqual(notes, [])
  })

  it('renames a single file with its content', async () => {
    const one = singleSample(PIECE)
    await scene.put(one)
    const { storage } = await scene.open(one)
    await storage.renameFile(0, ['two.bin'], note)
    assert.equal(storage.path, scene.path('two.bin'))
    for (const path of [['..', 'x'], ['a', '', 'x'], ['..']]) {
      await assert.rejects(storage.renameFile(0, path, note), failsWith('bad-name'), path.join('/'))
    }
    assert.deepEqual(await readdir(scene.folder), ['two.bin'])
  })

  it('is ended after a restart, wherever it was interrupted', async () => {
    const former = { path: scene.path('album'), renamed: new Map() }
    const placement = { path: scene.path('there'), renamed: new Map([[1, ['small']]]) }
    await scene.put(album)
    // One file had arrived.
    await mkdir(scene.path('there', 'c', 'd'), { recursive: true })
    await scene.linkInto(scene.path('album', 'c', 'd', 'last.bin'), 'there', 'c', 'd', 'last.bin')
    await rm(scene.path('album', 'c'), { recursive: true })
    const record = {
      infohash: album.info.infohash,
      info: album.info,
      settings: defaultSettings(),
      counters: { uploadedBytes: 0, downloadedBytes: 0, seedingMs: 0 },
      content: {
        placement,
        former,
        isFinished: true,
        have: Bitfield.full(pieceCount(album.info)),
        stamps: album.info.files.map(() => undefined),
      },
    }
    const { storage, have } = await openRestored(record, { cache: scene.cache })
    await storage.close()
    assert.ok(have.isFull)
    assert.deepEqual((await readdir(scene.path('there'))).sort(), ['a.bin', 'c', 'small'])
    assert.deepEqual(await readdir(scene.folder), ['there'])
  })
})
