import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex } from '@onehop/primitives'
import { SwarmSession } from '@onehop/swarm-io'
import { ContentControl } from '../src/content/content-control.ts'

describe('content that this node has', () => {
  let folder = ''
  let session: SwarmSession
  let control: ContentControl

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onehop-control-'))
    session = new SwarmSession({ resumeDir: join(folder, 'resume') })
    control = new ContentControl(session, { withdraw: async () => {} })
    await writeFile(join(folder, 'film.bin'), Buffer.alloc(1000, 'film'))
  })

  afterEach(async () => {
    await session.close()
    await rm(folder, { recursive: true })
  })

  it('keeps the name that it was given here when it is moved into another folder', async () => {
    const { infohash } = await session.seed(join(folder, 'film.bin'))
    await control.rename(bytesToHex(infohash), '0', 'renamed.bin')
    await mkdir(join(folder, 'films'))
    const { path } = await control.move(bytesToHex(infohash), join(folder, 'films'))
    assert.equal(path, join(folder, 'films', 'renamed.bin'))
    assert.deepEqual(await readdir(join(folder, 'films')), ['renamed.bin'])
  })

  it('is found by either infohash of a hybrid, whole or by its beginning, and by both keys', async () => {
    const { infohash, infohashV2, magnet } = await session.seed(join(folder, 'film.bin'), {
      version: 'hybrid',
    })
    const { key } = control.show(bytesToHex(infohash))
    const whole = [
      bytesToHex(infohash),
      bytesToHex(infohashV2!),
      bytesToHex(infohashV2!.subarray(0, 20)),
      magnet,
    ]
    const begun = [bytesToHex(infohash).slice(0, 8), bytesToHex(infohashV2!).slice(0, 50)]
    const v2Link = `magnet:?xt=urn:btmh:1220${bytesToHex(infohashV2!)}`
    for (const reference of [...whole, ...begun, v2Link, key])
      assert.equal(control.show(reference).key, key, reference)
  })
})
