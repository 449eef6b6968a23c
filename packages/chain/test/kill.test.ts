import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { hexToBlockHash } from '@onehop/ledger'
import { Chain } from '../src/index.ts'
import { acceptAll, activeBlocks, GENESIS, makeBranch, openOptions, utxosOf } from './support/regtest.ts'

const CHILD = join(import.meta.dirname, 'support', 'restless-child.ts')
/** Acknowledged blocks after which the child is killed: different points of its rounds. */
const KILL_AFTER = [1, 5, 6, 9, 14]
const MATURE = 101

interface Killed {
  readonly acknowledged: string[]
  readonly errors: string
}

async function exitOf(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

/** Runs the child until it has told of `count` blocks, then kills it wherever it is. */
async function runAndKill(datadir: string, count: number): Promise<Killed> {
  const child = spawn(process.execPath, ['--conditions=@onehop/source', CHILD, datadir])
  const acknowledged: string[] = []
  let errors = ''
  child.stderr.on('data', data => {
    errors += String(data)
  })
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === count) child.kill('SIGKILL')
  }
  await exitOf(child)
  return { acknowledged, errors }
}

describe('a chain on disk whose process is killed with SIGKILL', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onehop-kill-'))
    const chain = await Chain.open({ ...openOptions, datadir: folder, maxFileBytes: 20_000 })
    await acceptAll(chain, makeBranch(GENESIS, MATURE))
    await chain.close()
  })
  after(() => rm(folder, { recursive: true }))

  for (const count of KILL_AFTER) {
    it(`has every acknowledged block and the coins of its tip, killed after ${count} blocks`, async () => {
      const { acknowledged, errors } = await runAndKill(folder, count)
      assert(acknowledged.length >= count, errors)
      const chain = await Chain.open({ ...openOptions, datadir: folder, maxFileBytes: 20_000 })
      for (const hash of acknowledged) assert(await chain.getBlock(hexToBlockHash(hash)), hash)
      const last = chain.headerTree.get(hexToBlockHash(acknowledged.at(-1) ?? ''))
      assert(last && chain.tip.chainWork >= last.chainWork)
      const replay = await Chain.open(openOptions)
      const active = await activeBlocks(chain)
      await acceptAll(replay, active)
      assert.deepEqual(await utxosOf(chain), await utxosOf(replay))
      assert(active.some(block => block.transactions.length > 1))
      await replay.close()
      await chain.close()
    })
  }
})
