import assert from 'node:assert/strict'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { READ_CHUNK_BYTES } from '../../src/limits.ts'
import { ReadCache } from '../../src/read-cache.ts'
import type { ContentStorage } from '../../src/storage/content-storage.ts'
import { failsWith } from '../session-scene.ts'
import { folderSample, PIECE, type Sample, StorageScene, singleSample } from './storage-scene.ts'

/** Every read goes to the disk. */
class NoCache extends ReadCache {
  override get(_: string, read: (memory: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array> {
    return read(new Uint8Array(READ_CHUNK_BYTES))
  }
}

describe('reading content while its files change', () => {
  let scene: StorageScene

  beforeEach(async () => {
    scene = await StorageScene.create()
  })

  afterEach(() => scene.close())

  async function readsAs({ piece }: Sample, storage: ContentStorage, index: number): Promise<void> {
    const read = await storage.readBlock({ piece: index, begin: 0, length: PIECE })
    assert.ok(Buffer.from(read).equals(piece(index)), `piece ${index}`)
  }

  it('gives after a check what is on the disk then, not what was read beside it before', async () => {
    const sample = singleSample(4 * PIECE)
    const { storage } = await scene.open(sample)
    await storage.writePiece(0, sample.piece(0))
    await readsAs(sample, storage, 0)
    await writeFile(storage.partPath!, sample.files[0]!)
    assert.equal((await storage.recheck(() => [])).count, 4)
    for (const index of [0, 1, 2, 3]) await readsAs(sample, storage, index)
  })

  it('gives no zeros for what was here, when its file is found to be gone', async () => {
    const sample = folderSample({ a: 2 * PIECE, b: 2 * PIECE })
    const { storage } = await scene.open(sample)
    for (const piece of [0, 2]) await storage.writePiece(piece, sample.piece(piece))
    await rm(join(storage.partPath!, 'b'))
    const stopped = storage.recheck(() => [], { signal: AbortSignal.abort() })
    await assert.rejects(stopped, failsWith('aborted'))
    const reading = async () => storage.readBlock({ piece: 2, begin: 0, length: PIECE })
    await assert.rejects(reading, failsWith('not-found'))
  })

  it('finds no change in a finished file but those of others, while it is mended', async () => {
    const sample = singleSample(8 * PIECE)
    const damaged = sample.files[0]!.slice()
    damaged.fill(0, 4 * PIECE, 6 * PIECE)
    await scene.put({ ...sample, files: [damaged] })
    const path = scene.path('one.bin')
    const { storage } = await scene.open(sample, { mends: true, cache: new NoCache() })
    for (let round = 0; round < 10; round++) {
      const writing = Promise.all([
        ...[4, 5].map(piece => storage.writePiece(piece, sample.piece(piece))),
        storage.sync(),
      ])
      let isWritten = false
      const written = writing.finally(() => {
        isWritten = true
      })
      while (!isWritten) await readsAs(sample, storage, 0)
      await written
      await storage.sync()
      await readsAs(sample, storage, 5)
    }
    await storage.finish()
    await writeFile(path, damaged)
    await assert.rejects(() => Promise.resolve(storage.readBlock({ piece: 0, begin: 0, length: PIECE })), {
      code: 'file-changed',
    })
  })

  it('finds no change in a file that was whole when it was set aside, and came back', async () => {
    const sample = folderSample({ a: PIECE, b: PIECE })
    const { storage } = await scene.open(sample)
    await storage.writePiece(1, sample.piece(1))
    await storage.sync()
    await storage.setSelection([true, false])
    await storage.setSelection([true, true])
    await storage.writePiece(0, sample.piece(0))
    await storage.finish()
    for (const piece of [0, 1]) await readsAs(sample, storage, piece)
    assert.ok(await storage.isAsNoted())
  })

  it('is of the file that is there, not of one that another torrent has open since before', async () => {
    const former = singleSample(2 * PIECE)
    const sample = singleSample(3 * PIECE)
    await scene.put(former)
    const old = await scene.open(former)
    await readsAs(former, old.storage, 0)
    await writeFile(scene.path('new.bin'), sample.files[0]!)
    await rename(scene.path('new.bin'), scene.path('one.bin'))
    const { storage } = await scene.open(sample)
    await readsAs(sample, storage, 2)
  })
})
