import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatadirInUseError } from '../src/errors.ts'
import { DiskStorage } from '../src/storage/disk-storage.ts'
import { MemoryStorage } from '../src/storage/memory-storage.ts'
import type { Storage } from '../src/storage/port.ts'

const KEY = Uint8Array.of(1, 2)

async function entriesOf(storage: Storage, prefix: Uint8Array): Promise<number[][]> {
  const found: number[][] = []
  for await (const [key] of storage.values.entries(prefix)) found.push([...key])
  return found
}

function describeStorage(name: string, open: (folder: string) => Promise<Storage>): void {
  describe(name, () => {
    let folder: string
    let storage: Storage

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'onehop-storage-'))
      storage = await open(folder)
    })
    afterEach(async () => {
      await storage.close()
      await rm(folder, { recursive: true })
    })

    it('reads what a batch wrote, and no longer what one deleted', async () => {
      await storage.values.write([{ key: KEY, value: Uint8Array.of(9) }])
      assert.deepEqual([...(storage.values.get(KEY) ?? [])], [9])
      await storage.values.write([{ key: KEY, value: undefined }])
      assert.equal(storage.values.get(KEY), undefined)
    })

    it('lists the keys with a prefix in order, and no others', async () => {
      const keys = [[1], [2, 5], [2], [2, 255, 255], [3], [255, 255], [255, 254]]
      await storage.values.write(keys.map(key => ({ key: Uint8Array.from(key), value: KEY })))
      assert.deepEqual(await entriesOf(storage, Uint8Array.of(2)), [[2], [2, 5], [2, 255, 255]])
      assert.deepEqual(await entriesOf(storage, Uint8Array.of(255)), [
        [255, 254],
        [255, 255],
      ])
    })

    it('has files that grow, shrink and keep their bytes', async () => {
      const file = await storage.openFile('a.dat')
      await file.append(Uint8Array.of(1, 2, 3))
      await file.append(Uint8Array.of(4, 5))
      await file.sync()
      await file.truncate(4)
      assert.equal(file.lengthBytes, 4)
      assert.deepEqual([...(await file.read(1, 100))], [2, 3, 4])
      await file.close()
      const again = await storage.openFile('a.dat')
      assert.equal(again.lengthBytes, 4)
      await again.append(Uint8Array.of(6))
      assert.deepEqual([...(await again.read(0, 5))], [1, 2, 3, 4, 6])
      await again.close()
    })
  })
}

describeStorage('storage on disk', folder => DiskStorage.open(join(folder, 'datadir')))
describeStorage('storage in memory', () => MemoryStorage.open())

describe('a datadir', () => {
  it('belongs to one chain at a time, and the error says in one sentence which', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'onehop-storage-'))
    const storage = await DiskStorage.open(folder)
    await assert.rejects(DiskStorage.open(folder), (error: unknown) => {
      assert(error instanceof DatadirInUseError)
      assert.match(error.message, /^The datadir .* is in use by another onehop process\.$/)
      assert(error.message.includes(folder))
      return true
    })
    await storage.close()
    const again = await DiskStorage.open(folder)
    await again.close()
    await rm(folder, { recursive: true })
  })
})
