import assert from 'node:assert/strict'
import { utimesSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { hashBlocks, merkleRoot, nextPowerOfTwo, pieceCount } from '@onehop/swarm'
import { hashContent } from '../../src/storage/hash-content.ts'
import { openForSeed } from '../../src/storage/torrent-openers.ts'
import { content, failsWith } from '../session-scene.ts'
import { folderSample, PIECE, StorageScene, sha256, singleSample } from './storage-scene.ts'

describe('hashing content for publication', () => {
  let scene: StorageScene
  beforeEach(async () => {
    scene = await StorageScene.create()
  })
  afterEach(() => scene.close())

  const hash = (name: string, choices: Parameters<typeof hashContent>[1] = {}) =>
    hashContent(scene.path(name), { pieceLengthBytes: PIECE, ...choices })

  it('gives one file the info dictionary that all give it', async () => {
    for (const lengthBytes of [0, 1, PIECE, 5 * PIECE + 77]) {
      const sample = singleSample(lengthBytes)
      await scene.put(sample)
      const { info } = await hash('one.bin')
      assert.deepEqual(info.bytes, sample.info.bytes)
    }
  })

  it('gives a folder one infohash, whatever order its files are listed in', async () => {
    const sample = folderSample({ b: PIECE + 1, 'a/z': 10, 'a/y': 0, c: 3 * PIECE })
    await scene.put(sample)
    const { info, stamps } = await hash('album')
    assert.deepEqual(info.bytes, sample.info.bytes)
    assert.deepEqual(
      stamps.map(stamp => stamp?.size),
      info.files.map(file => file.lengthBytes),
    )
  })

  it('makes a hybrid, whose SHA-1 covers the padding and whose trees do not', async () => {
    const sample = folderSample({ a: 3 * PIECE + 5, b: 10, 'c/d': PIECE }, 'hybrid')
    await scene.put(sample)
    const { info, layers } = await hash('album', { version: 'hybrid' })
    assert.deepEqual(info.bytes, sample.info.bytes)
    assert.ok(layers!.isComplete)
  })

  it('makes version 2, and can verify every piece of it', async () => {
    await mkdir(scene.path('album'))
    const files = {
      big: content(3 * PIECE + 5),
      exact: content(PIECE, 2),
      empty: content(0),
      small: content(9, 3),
    }
    for (const [name, bytes] of Object.entries(files)) await writeFile(scene.path('album', name), bytes)
    const { info, layers } = await hash('album', { version: 'v2' })
    assert.equal(info.pieceHashes.length, 0)
    for (const file of info.files) {
      const bytes = files[file.path[1] as keyof typeof files]
      const hashes = hashBlocks(bytes, sha256)
      if (bytes.length === 0) assert.equal(file.piecesRoot, undefined)
      else assert.deepEqual(file.piecesRoot, merkleRoot(hashes, nextPowerOfTwo(hashes.length / 32), sha256))
    }
    const { have } = await scene.open({ info, files: [], piece: () => new Uint8Array() }, { layers: layers! })
    assert.equal(have.count, pieceCount(info))
    assert.ok(have.isFull)
  })

  it('stores version 2 piece by piece, and tells a corrupt one', async () => {
    const bytes = content(2 * PIECE + 20_000)
    await writeFile(scene.path('two.bin'), bytes)
    const { info, layers } = await hash('two.bin', { version: 'v2' })
    await scene.remove('two.bin')
    const { storage } = await scene.open(
      { info, files: [], piece: () => new Uint8Array() },
      { layers: layers! },
    )
    const pieces = [0, 1, 2].map(piece => bytes.slice(piece * PIECE, (piece + 1) * PIECE))
    assert.equal(await storage.writePiece(1, pieces[0]!), 'corrupt')
    for (const [i, piece] of pieces.entries()) assert.equal(await storage.writePiece(i, piece), 'stored')
    await storage.finish()
  })

  it('notes which files can be run, in a folder', async () => {
    await mkdir(scene.path('album'))
    await writeFile(scene.path('album', 'run'), 'x', { mode: 0o755 })
    await writeFile(scene.path('album', 'read'), 'y', { mode: 0o644 })
    const { info } = await hash('album')
    assert.deepEqual(
      info.files.map(file => [file.path[1], file.isExecutable]),
      [
        ['read', false],
        ['run', true],
      ],
    )
  })

  it('is not done twice, and what was hashed is synced before it is noted', async () => {
    await scene.put(singleSample(3 * PIECE))
    const { info, stamps } = await hash('one.bin')
    const onProgress = () => assert.fail('it is hashed again')
    const { storage, have } = await openForSeed(info, scene.path('one.bin'), stamps, {
      cache: scene.cache,
      onProgress,
    })
    assert.ok(have.isFull)
    assert.equal(storage.noted.count, 0)
    assert.ok((await storage.sync()).isFull)
    await storage.close()
  })

  it('tells how far it has come', async () => {
    await scene.put(singleSample(40 * PIECE))
    const told: [number, number][] = []
    await hash('one.bin', { onProgress: (done, total) => told.push([done, total]) })
    assert.deepEqual(told.at(-1), [40 * PIECE, 40 * PIECE])
    assert.ok(told.every(([done], i) => i === 0 || done > told[i - 1]![0]))
  })

  it('can be stopped', async () => {
    await scene.put(singleSample(PIECE))
    await assert.rejects(hash('one.bin', { signal: AbortSignal.abort() }), failsWith('aborted'))
  })

  it('notices that a file changes meanwhile', async () => {
    await scene.put(singleSample(8 * PIECE))
    // The time of a change is coarse: one that follows at once may have the same.
    const change = () => utimesSync(scene.path('one.bin'), 1, 1)
    await assert.rejects(hash('one.bin', { onProgress: change }), failsWith('file-changed'))
  })

  it('follows a link that was named, and publishes none that lies in a folder', async () => {
    const sample = folderSample({ a: 10 })
    await scene.put(sample)
    await symlink(scene.path('album'), scene.path('link'))
    const { info } = await hash('link', { name: 'album' })
    assert.deepEqual(info.bytes, sample.info.bytes)
    await symlink('/etc/passwd', scene.path('album', 'passwd'))
    await assert.rejects(hash('album'), failsWith('not-a-file', /passwd: it is a symbolic link/))
  })

  it('refuses what cannot be published, in one sentence', async () => {
    await mkdir(scene.path('nothing'))
    await mkdir(scene.path('bad'))
    await writeFile(scene.path('bad', 'new\nline'), 'x')
    await scene.put(singleSample(PIECE))
    await assert.rejects(hash('nothing'), failsWith('not-a-file', /there is no file in it/))
    await assert.rejects(hash('bad'), failsWith('bad-name', /control character/))
    await assert.rejects(hash('absent'), failsWith('not-found'))
    await assert.rejects(hash('one.bin', { name: 'a/b' }), failsWith('bad-name'))
    for (const pieceLengthBytes of [0, 1, 1.5, -4, Number.NaN, 2 ** 40]) {
      await assert.rejects(hash('one.bin', { pieceLengthBytes }), failsWith('bad-metainfo'))
    }
    await assert.rejects(hashContent('/dev/null', {}), failsWith('not-a-file'))
  })
})
