import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { SeededRandom } from '@onehop/primitives'
import { pieceCount } from '@onehop/swarm'
import { ResumeStore } from '../../src/resume/resume-store.ts'
import { openContent } from '../../src/storage/open-content.ts'
import { StorageScene } from '../storage/storage-scene.ts'
import { killSample } from './kill-sample.ts'

const PROCESS = fileURLToPath(new URL('storing-process.ts', import.meta.url))
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
    const child = spawn(process.execPath, ['--conditions=@onehop/source', PROCESS, scene.folder], {
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
