import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { SeededRandom } from '@onehop/primitives'
import { Bitfield, pieceCount } from '@onehop/swarm'
import type { ResumeRecord } from '../../src/resume/resume-record.ts'
import { ResumeStore } from '../../src/resume/resume-store.ts'
import type { Placement } from '../../src/storage/file-places.ts'
import type { FileStamps } from '../../src/storage/file-stamps.ts'
import { openContent } from '../../src/storage/open-content.ts'
import { openRestored } from '../../src/storage/torrent-openers.ts'
import { defaultSettings } from '../../src/torrent/torrent-settings.ts'
import { StorageScene } from '../storage/storage-scene.ts'
import { killSample } from './kill-sample.ts'

const STORING = fileURLToPath(new URL('storing-process.ts', import.meta.url))
const MOVING = fileURLToPath(new URL('moving-process.ts', import.meta.url))
const ROUNDS = 15

describe('a process that stores pieces, killed at any moment', () => {
  let scene: StorageScene
  const sample = killSample()
  beforeEach(async () => {
    scene = await StorageScene.create()
  })
  afterEach(() => scene.close())

  it('loses nothing that was noted, and notes nothing that is not there', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    const random = new SeededRandom(seed)
    let isFinished = false
    for (let round = 0; round < ROUNDS && !isFinished; round++) {
      isFinished = await runAndKill(random)
      await assertNoted(`round ${round}, seed ${seed}`)
    }
    while (!isFinished) isFinished = await runAndKill(undefined)
    for (const [i, { path }] of sample.info.files.entries()) {
      assert.deepEqual(new Uint8Array(await readFile(scene.path(...path))), sample.files[i])
    }
    assert.deepEqual((await readdir(scene.folder)).sort(), ['album', 'resume'])
  })

  /** Kills it some lines later, at once or a moment after. @returns whether it had finished. */
  async function runAndKill(random: SeededRandom | undefined): Promise<boolean> {
    const child = spawn(process.execPath, ['--conditions=@onehop/source', STORING, scene.folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = random ? 1 + (random.nextUint32() % 3) : Number.POSITIVE_INFINITY
    const isFinished = await finishesWithin(child, lines)
    if (random) await new Promise(resolve => setTimeout(resolve, random.nextUint32() % 4))
    child.kill('SIGKILL')
    await once(child, 'exit')
    return isFinished
  }

  async function finishesWithin(child: ChildProcess, lines: number): Promise<boolean> {
    let seen = 0
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line === 'finished') return true
      if (++seen >= lines) return false
    }
    throw new Error('the process ended by itself')
  }

  /** Hashes all that is there, without a look at what was noted. */
  async function assertNoted(when: string): Promise<void> {
    const records = await new ResumeStore(scene.path('resume')).load((path, reason) => {
      throw new Error(`${path}: ${reason} (${when})`)
    })
    const noted = records[0]!.content!.have
    const { storage, have } = await openContent(sample.info, {
      placement: { path: scene.path('album'), renamed: new Map() },
      cache: scene.cache,
    })
    await storage.close()
    for (let piece = 0; piece < pieceCount(sample.info); piece++) {
      if (noted.has(piece)) assert.ok(have.has(piece), `piece ${piece} is not there: ${when}`)
    }
  }
})

/** Where another file system is mounted on every Linux; where it is not, files are moved on one disk. */
const OTHER_DISK = '/dev/shm'

describe('a process that moves content, killed at any moment', () => {
  let scene: StorageScene
  let there: string
  const sample = killSample()
  beforeEach(async () => {
    scene = await StorageScene.create()
    there = await mkdtemp(join(await stat(OTHER_DISK).then(() => OTHER_DISK, tmpdir), 'onehop-moving-'))
  })
  afterEach(async () => {
    await scene.close()
    await rm(there, { recursive: true })
  })

  it('loses nothing, and leaves nothing behind', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32)
    const random = new SeededRandom(seed)
    const store = new ResumeStore(scene.path('resume'))
    await scene.put(sample)
    const { storage } = await scene.open(sample, { isFinished: true })
    await storage.sync()
    await store.save(recordOf(storage.placement, storage.stamps))
    await storage.close()
    for (let round = 0; round < ROUNDS; round++) {
      await moveAndKill(random)
      const when = `round ${round}, seed ${seed}`
      const [record] = await store.load(path => assert.fail(`${path}: ${when}`))
      const again = await openRestored(record!, { cache: scene.cache })
      assert.ok(again.have.isFull, when)
      assert.ok((await again.storage.verify('all')).isFull, when)
      await again.storage.close()
      const { path } = again.storage
      await store.save(recordOf(again.storage.placement, again.storage.stamps))
      const names = [...(await readdir(scene.folder)), ...(await readdir(there))]
      assert.deepEqual(names.sort(), ['album', 'resume'], `${path}: ${when}`)
    }
  })

  function recordOf(placement: Placement, stamps: FileStamps): ResumeRecord {
    return {
      infohash: sample.info.infohash,
      info: sample.info,
      settings: defaultSettings(),
      counters: { uploadedBytes: 0, downloadedBytes: 0, seedingMs: 0 },
      content: { placement, stamps, isFinished: true, have: Bitfield.full(pieceCount(sample.info)) },
    }
  }

  async function moveAndKill(random: SeededRandom): Promise<void> {
    const child = spawn(process.execPath, ['--conditions=@onehop/source', MOVING, scene.folder, there], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const moves = 1 + (random.nextUint32() % 4)
    let seen = 0
    for await (const _ of createInterface({ input: child.stdout! })) if (++seen === moves) break
    assert.equal(seen, moves, 'the process ended by itself')
    await new Promise(resolve => setTimeout(resolve, random.nextUint32() % 30))
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})
