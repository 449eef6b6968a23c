import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex } from '@onehop/primitives'
import { SwarmError } from '@onehop/swarm-io'
import { ResumeStore } from '../src/resume-store.ts'

const INFOHASH = new Uint8Array(20).fill(7)
const silent = () => assert.fail('nothing is damaged')

describe('the folder of resume files', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onehop-resume-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('holds nothing as long as it does not exist', async () => {
    const store = new ResumeStore(join(folder, 'none'))
    assert.deepEqual(await store.load(silent), [])
    await store.remove(INFOHASH)
  })

  it('is not taken for empty when it cannot be read', async () => {
    await writeFile(join(folder, 'file'), '')
    await assert.rejects(new ResumeStore(join(folder, 'file')).load(silent), SwarmError)
  })

  it('tells when a record cannot be removed, which would be back after a restart', async () => {
    await mkdir(join(folder, `${bytesToHex(INFOHASH)}.resume`))
    await assert.rejects(new ResumeStore(folder).remove(INFOHASH), SwarmError)
  })
})
