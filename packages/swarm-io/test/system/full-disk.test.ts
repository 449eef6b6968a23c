import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ResumeStore } from '../../src/resume/resume-store.ts'
import { defaultSettings } from '../../src/torrent/torrent-settings.ts'
import { content, failsWith, Scene, searching, sha256Of } from '../session-scene.ts'
import { folderSample, PIECE, StorageScene, singleSample } from '../storage/storage-scene.ts'
import { TestDisk } from './test-disk.ts'

const run = promisify(execFile)
const LIMITED = fileURLToPath(new URL('limited-process.ts', import.meta.url))

/** A disk of a few pieces. */
const DISK_KIB = 6 * 64

describe('a disk that', () => {
  let disk: TestDisk
  let scene: StorageScene
  before(async function () {
    const mounted = await TestDisk.mount(DISK_KIB)
    if (!mounted) return this.skip()
    disk = mounted
  })
  after(() => disk?.unmount())
  beforeEach(async () => {
    await disk.remount(`rw,size=${DISK_KIB}k`)
    scene = await StorageScene.create(disk.path)
  })
  afterEach(() => scene.close())

  it('is full says so, loses nothing, and goes on when there is room', async () => {
    const album = folderSample({ a: 3 * PIECE + 10, b: 9 * PIECE })
    const { storage } = await scene.open(album)
    let stored = 0
    const storeAll = async () => {
      for (; stored < 13; stored++) await storage.writePiece(stored, album.piece(stored))
    }
    await assert.rejects(storeAll(), failsWith('disk-full', /the disk is full/))
    assert.ok(stored >= 3 && stored < 8)
    const good = await storage.verify('all')
    for (let piece = 0; piece < stored; piece++) assert.ok(good.has(piece))
    await storage.sync()
    await disk.remount('size=4m')
    await storeAll()
    await storage.finish()
    assert.deepEqual(new Uint8Array(await readFile(scene.path('album', 'b'))), album.files[1])
  })

  it('has not the room that is to be taken refuses at once, and is as empty as before', async () => {
    const album = folderSample({ a: PIECE, b: 20 * PIECE })
    await assert.rejects(scene.open(album, { preallocate: true }), failsWith('disk-full'))
    await writeFile(scene.path('room'), new Uint8Array(4 * PIECE))
  })

  it('is full keeps what was noted before', async () => {
    const store = new ResumeStore(scene.path('resume'))
    const { info } = singleSample(PIECE)
    const record = {
      infohash: info.infohash,
      info,
      settings: defaultSettings(),
      counters: { uploadedBytes: 0, downloadedBytes: 0, seedingMs: 0 },
    }
    await store.save(record)
    await assert.rejects(writeFile(scene.path('filler'), new Uint8Array(20 * PIECE)), /ENOSPC/)
    const words = ['x'.repeat(3 * PIECE)]
    await assert.rejects(
      store.save({ ...record, settings: { ...defaultSettings(), words } }),
      failsWith('disk-full'),
    )
    assert.deepEqual(await store.load(() => assert.fail()), [record])
  })

  it('cannot be written to any more says so, and what is there is read', async () => {
    const one = singleSample(2 * PIECE)
    const first = await scene.open(one)
    await first.storage.writePiece(0, one.piece(0))
    await first.storage.close()
    await disk.remount('ro')
    try {
      const { storage, have } = await scene.open(one)
      assert.equal(have.count, 1)
      await assert.rejects(storage.writePiece(1, one.piece(1)), failsWith('permission'))
      await storage.readBlock({ piece: 0, begin: 0, length: 10 })
      await storage.close()
      await assert.rejects(scene.open(singleSample(PIECE, 'two.bin')), failsWith('permission'))
    } finally {
      await disk.remount('rw')
    }
  })

  it('is read only still offers what is finished', async () => {
    const album = folderSample({ a: PIECE, b: 10 })
    await scene.put(album)
    await disk.remount('ro')
    try {
      const { storage, have } = await scene.open(album, { isFinished: true })
      assert.ok(have.isFull)
      assert.ok((await storage.sync()).isFull)
      await storage.close()
    } finally {
      await disk.remount('rw')
    }
  })
})

describe('a session whose disk', () => {
  let disk: TestDisk
  let scene: Scene
  before(async function () {
    const mounted = await TestDisk.mount(DISK_KIB)
    if (!mounted) return this.skip()
    disk = mounted
  })
  after(() => disk?.unmount())
  beforeEach(async () => {
    scene = await Scene.create()
  })
  afterEach(() => scene.close())

  it('is full pauses the torrent with a sentence, and goes on when it is told to and there is room', async () => {
    const seeder = scene.session('seeder')
    const path = await scene.write('file.bin', content(16 * 64 * 1024))
    const { infohash } = await seeder.seed(path, { pieceLengthBytes: 64 * 1024 })
    const fetcher = scene.session('fetcher')
    const options = { outputDir: disk.path, peers: searching(scene.source('fetcher', 'seeder')) }
    await assert.rejects(fetcher.fetch({ infohash }, options), failsWith('disk-full', /the disk is full/))
    const { state, problem, piecesDone } = fetcher.get(infohash)!
    assert.equal(state, 'paused')
    assert.match(problem!, /the disk is full/)
    await disk.remount('size=4m')
    await fetcher.resume(infohash)
    assert.ok(fetcher.get(infohash)!.piecesDone >= piecesDone)
    const again = { outputDir: disk.path, peers: searching(scene.source('fetcher', 'seeder')) }
    await fetcher.fetch({ infohash }, again)
    assert.equal(await sha256Of(join(disk.path, 'file.bin')), await sha256Of(path))
  })
})

describe('a process that may not', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onehop-limited-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** What the process says of the failure: its code. */
  async function codeOf(command: string, options: { uid?: number } = {}): Promise<string> {
    const { stdout } = await run(
      'bash',
      ['-c', `${command} exec "$@"`, 'bash', ...processArguments()],
      options,
    )
    return stdout.trim()
  }
  const processArguments = () => [process.execPath, '--conditions=@onehop/source', LIMITED, folder]

  it('write files so large is told that the disk is full', async () => {
    assert.equal(await codeOf('ulimit -f 64;'), 'disk-full')
  })

  it('write into the folder is told of the permission', async function () {
    // Somebody who is nobody: root may write everywhere.
    if (process.getuid?.() !== 0) return this.skip()
    await chmod(folder, 0o755)
    assert.equal(await codeOf('', { uid: 65534 }), 'permission')
  })
})
