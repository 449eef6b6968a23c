import assert from 'node:assert/strict'
import { StoreCorruptError } from '../src/errors.ts'
import { MemoryStorage } from '../src/storage/memory-storage.ts'
import { RecordFiles } from '../src/storage/record-files.ts'

const MAGIC = Uint8Array.of(0xfa, 0xbf, 0xb5, 0xda)
const START = { file: 0, lengthBytes: 0 }
const bytesOf = (length: number, fill: number) => new Uint8Array(length).fill(fill)

describe('record files', () => {
  it('give back what was appended, with its trailer', async () => {
    const files = await RecordFiles.open(await MemoryStorage.open(), {
      prefix: 'blk',
      magic: MAGIC,
      end: START,
    })
    const first = await files.append(bytesOf(10, 1))
    const second = await files.append(bytesOf(3, 2), bytesOf(2, 9))
    assert.deepEqual(await files.read(first), bytesOf(10, 1))
    assert.deepEqual(await files.read(second), Uint8Array.of(2, 2, 2, 9, 9))
  })

  it('are laid out as Bitcoin Core lays out its block files', async () => {
    const storage = await MemoryStorage.open()
    const files = await RecordFiles.open(storage, { prefix: 'blk', magic: MAGIC, end: START })
    await files.append(bytesOf(2, 7))
    const file = await storage.openFile('blk00000.dat')
    assert.deepEqual(await file.read(0, 100), Uint8Array.of(...MAGIC, 2, 0, 0, 0, 7, 7))
  })

  it('begin a new file before one grows over the limit, and still read the old ones', async () => {
    const options = { prefix: 'rev', magic: MAGIC, end: START, maxFileBytes: 40 }
    const files = await RecordFiles.open(await MemoryStorage.open(), options)
    const locations = []
    for (let i = 0; i < 5; i++) locations.push(await files.append(bytesOf(10, i)))
    assert.deepEqual(
      locations.map(location => location.file),
      [0, 0, 1, 1, 2],
    )
    for (const [i, location] of locations.entries())
      assert.deepEqual(await files.read(location), bytesOf(10, i))
  })

  it('cut off at open what was never acknowledged', async () => {
    const storage = await MemoryStorage.open()
    const before = await RecordFiles.open(storage, { prefix: 'blk', magic: MAGIC, end: START })
    const kept = await before.append(bytesOf(10, 1))
    const { end } = before
    await before.append(bytesOf(10, 2))
    const after = await RecordFiles.open(storage, { prefix: 'blk', magic: MAGIC, end })
    assert.deepEqual(after.end, end)
    const next = await after.append(bytesOf(4, 3))
    assert.deepEqual(await after.read(kept), bytesOf(10, 1))
    assert.deepEqual(await after.read(next), bytesOf(4, 3))
  })

  it('use a file anew that was begun but never acknowledged', async () => {
    const storage = await MemoryStorage.open()
    const options = { prefix: 'blk', magic: MAGIC, end: START, maxFileBytes: 20 }
    const before = await RecordFiles.open(storage, options)
    await before.append(bytesOf(10, 1))
    const { end } = before
    await before.append(bytesOf(10, 2))
    const after = await RecordFiles.open(storage, { ...options, end })
    const next = await after.append(bytesOf(10, 3))
    assert.equal(next.file, 1)
    assert.deepEqual(await after.read(next), bytesOf(10, 3))
  })

  it('say so when acknowledged bytes are missing', async () => {
    const end = { file: 0, lengthBytes: 100 }
    const storage = await MemoryStorage.open()
    await assert.rejects(RecordFiles.open(storage, { prefix: 'blk', magic: MAGIC, end }), StoreCorruptError)
  })

  it('say so when there is no record where one should be', async () => {
    const files = await RecordFiles.open(await MemoryStorage.open(), {
      prefix: 'blk',
      magic: MAGIC,
      end: START,
    })
    const { file, offset } = await files.append(bytesOf(10, 1))
    await assert.rejects(files.read({ file, offset: offset + 1, lengthBytes: 9 }), StoreCorruptError)
    await assert.rejects(files.read({ file, offset, lengthBytes: 11 }), StoreCorruptError)
    await assert.rejects(files.read({ file, offset, lengthBytes: 2 ** 31 }), StoreCorruptError)
  })
})
