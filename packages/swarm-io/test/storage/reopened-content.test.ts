import assert from 'node:assert/strict'
import { type FileHandle, mkdir, open, utimes, writeFile } from 'node:fs/promises'
import { Bitfield, pieceCount } from '@onehop/swarm'
import { failsWith } from '../session-scene.ts'
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

const [SMALL, LAST] = [2, 3] as const

describe('the content of a torrent after a restart', () => {
  let scene: StorageScene
  let album: Sample
  beforeEach(async () => {
    scene = await StorageScene.create()
    album = folderSample(ALBUM)
  })
  afterEach(() => scene.close())

  /** Does something while the system syncs otherwise than it does. */
  async function withDatasync(datasync: () => Promise<void>, action: () => Promise<void>): Promise<void> {
    const handle = await open('/dev/null', 'r')
    const files = Object.getPrototypeOf(handle) as FileHandle
    await handle.close()
    const real = files.datasync
    files.datasync = datasync
    try {
      await action()
    } finally {
      files.datasync = real
    }
  }
  it('trusts what was synced, and hashes the rest', async () => {
    const first = await scene.open(album)
    await storePieces(album, first, [0, 1])
    const trusted = await first.storage.sync()
    const { stamps } = first.storage
    await storePieces(album, first, [2])
    await first.storage.close()
    let hashed = 0
    const again = await scene.open(album, { trusted, stamps, onProgress: (_, pieces) => (hashed = pieces) })
    assert.equal(hashed, 2)
    assert.deepEqual(
      piecesOf(album).filter(piece => again.have.has(piece)),
      [0, 1, 2],
    )
  })

  it('trusts nothing of a file that is older than what was noted, or gone', async () => {
    for (const harm of ['older', 'gone'] as const) {
      const first = await scene.open(album)
      await storePieces(album, first)
      const trusted = await first.storage.sync()
      const { stamps, partPath } = first.storage
      await first.storage.close()
      const last = `${partPath}/c/d/last.bin`
      const bytes = new Uint8Array(2 * PIECE + 5)
      if (harm === 'older') {
        await writeFile(last, bytes)
        await utimes(last, 1, 1)
      } else {
        await first.storage.removeUnfinished()
      }
      const again = await scene.open(album, { trusted, stamps })
      assert.equal(again.have.count, harm === 'older' ? 1 : 0)
      await again.storage.close()
    }
  })

  it('notes nothing that a failed sync may have lost, until it was written again', async () => {
    const one = singleSample(3 * PIECE)
    const opened = await scene.open(one)
    await storePieces(one, opened, [0])
    await withDatasync(
      () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOSPC' })),
      () => assert.rejects(opened.storage.sync(), failsWith('disk-full')),
    )
    assert.equal(opened.storage.noted.count, 0)
    await storePieces(one, opened, [1])
    // The system forgot what it could not write: the disk has the old bytes.
    await writeFile(opened.storage.partPath!, new Uint8Array(3 * PIECE))
    await assert.rejects(opened.storage.sync(), failsWith('io', /checked again/))
    assert.equal(opened.storage.noted.count, 0)
    assert.equal((await opened.storage.recheck(() => [])).count, 0)
    await storePieces(one, opened)
    assert.ok((await opened.storage.sync()).isFull)
  })

  it('notes no piece before its own sync is done, however often it is asked', async () => {
    const opened = await scene.open(album)
    await storePieces(album, opened, [0, 1])
    let release = () => {}
    const released = new Promise<void>(resolve => {
      release = resolve
    })
    await withDatasync(
      () => released,
      async () => {
        const syncs = [opened.storage.sync(), opened.storage.sync()]
        const isNoted = Promise.race(syncs).then(() => true)
        assert.equal(await Promise.race([isNoted, opened.storage.verify('all').then(() => false)]), false)
        assert.equal(opened.storage.noted.count, 0)
        release()
        for (const noted of await Promise.all(syncs)) assert.equal(noted.count, 2)
      },
    )
  })

  it('notes no piece that it found but did not sync yet', async () => {
    const first = await scene.open(album)
    await storePieces(album, first)
    await first.storage.close()
    const { storage, have } = await scene.open(album)
    assert.ok(have.isFull)
    assert.equal(storage.noted.count, 0)
    assert.ok((await storage.sync()).isFull)
  })

  it('says when a finished file was changed, or is missing', async () => {
    await scene.put(album)
    const { storage } = await scene.open(album, { isFinished: true })
    const { stamps } = storage
    const trusted = Bitfield.full(pieceCount(album.info))
    await storage.close()
    const reopen = () => scene.open(album, { stamps, trusted, isFinished: true })
    await writeFile(scene.path('album', 'b', 'small.txt'), '0123456789')
    await assert.rejects(reopen(), failsWith('file-changed', /small\.txt/))
    await writeFile(scene.path('album', 'b', 'small.txt'), album.files[SMALL]!)
    assert.ok((await reopen()).have.isFull)
    await writeFile(scene.path('album', 'c', 'd', 'last.bin'), album.files[LAST]!.subarray(1))
    await assert.rejects(reopen(), failsWith('file-changed', /last\.bin/))
    await scene.put(album)
    await scene.remove('album', 'b', 'empty')
    await assert.rejects(reopen(), failsWith('not-found', /empty/))
  })

  it('ends a step that put only some files in their place', async () => {
    await mkdir(scene.path('album'))
    await writeFile(scene.path('album', 'mine.txt'), 'mine')
    const first = await scene.open(album)
    await storePieces(album, first)
    const { partPath } = first.storage
    await first.storage.close()
    await scene.linkInto(`${partPath}/a.bin`, 'album', 'a.bin')
    const again = await scene.open(album)
    assert.ok(again.have.isFull)
    await again.storage.finish()
    await assertStored(album, scene.path('album'))
  })
})
