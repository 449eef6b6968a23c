import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { failsWith } from '../session-scene.ts'
import { folderSample, PIECE, type Sample, StorageScene, singleSample } from './storage-scene.ts'

describe('a symbolic link that was planted', () => {
  let scene: StorageScene
  let album: Sample
  let partPath: string
  const outside = () => scene.path('outside')
  beforeEach(async () => {
    scene = await StorageScene.create()
    album = folderSample({ 'a.bin': PIECE, 'b/c/small.txt': 10 })
    await mkdir(outside())
    const { storage } = await scene.open(album)
    partPath = storage.partPath!
    await storage.removeUnfinished()
  })
  afterEach(() => scene.close())

  const nothingOutside = async () => assert.deepEqual(await readdir(outside()), [])

  it('in place of the part folder is not followed', async () => {
    await symlink(outside(), partPath)
    await assert.rejects(scene.open(album), failsWith('output-exists'))
    await nothingOutside()
  })

  it('in place of a folder in it is not followed', async () => {
    await mkdir(partPath)
    await symlink(outside(), `${partPath}/b`)
    await assert.rejects(scene.open(album), failsWith('unsafe-path', /\/b: /))
    await nothingOutside()
  })

  it('in place of a file in it is not followed, wherever it leads', async () => {
    await mkdir(partPath)
    for (const victim of ['victim', 'none']) {
      await writeFile(scene.path('victim'), 'precious')
      await symlink(scene.path(victim), `${partPath}/a.bin`)
      await assert.rejects(scene.open(album), failsWith('output-exists'))
      assert.equal(await readFile(scene.path('victim'), 'utf8'), 'precious')
      await scene.remove(partPath.slice(scene.folder.length + 1), 'a.bin')
    }
    assert.ok(!(await readdir(scene.folder)).includes('none'))
  })

  it('before a file is made is not followed', async () => {
    const { storage } = await scene.open(album)
    await symlink(outside(), `${partPath}/b`)
    await assert.rejects(storage.writePiece(1, album.piece(1)), failsWith('unsafe-path'))
    await nothingOutside()
  })

  it('while pieces arrive is not followed', async () => {
    const { storage } = await scene.open(album)
    for (const piece of [0, 1]) await storage.writePiece(piece, album.piece(piece))
    await scene.remove(partPath.slice(scene.folder.length + 1), 'b')
    await symlink(outside(), `${partPath}/b`)
    await mkdir(`${outside()}/c`)
    await writeFile(`${outside()}/c/small.txt`, 'precious!!')
    await storage.writePiece(1, album.piece(1))
    await assert.rejects(storage.finish(), failsWith('unsafe-path'))
    assert.equal(await readFile(`${outside()}/c/small.txt`, 'utf8'), 'precious!!')
  })

  it('in place of the target is not followed', async () => {
    const one = singleSample(PIECE)
    for (const sample of [album, one]) {
      await symlink(outside(), scene.path(sample.info.name))
      await assert.rejects(scene.open(sample), failsWith('output-exists'))
    }
    await nothingOutside()
  })

  it('that appears in place of the target is not followed when the content is finished', async () => {
    const { storage } = await scene.open(album)
    for (const piece of [0, 1]) await storage.writePiece(piece, album.piece(piece))
    await symlink(outside(), scene.path('album'))
    await assert.rejects(storage.finish(), failsWith('output-exists'))
    await nothingOutside()
  })

  it('in a folder of the target is not followed when files are put there', async () => {
    await mkdir(scene.path('album'))
    const { storage } = await scene.open(album)
    for (const piece of [0, 1]) await storage.writePiece(piece, album.piece(piece))
    await writeFile(scene.path('album', 'mine'), '')
    await symlink(outside(), scene.path('album', 'b'))
    await assert.rejects(storage.finish(), failsWith('unsafe-path'))
    await nothingOutside()
  })
})
