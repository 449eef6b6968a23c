import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { serializeHeader, targetOf } from '@onehop/ledger'
import { MiningThreads, mineBlock, NONCES_PER_CLAIM } from '../src/index.ts'
import { BITS_2_MILLION_HASHES, BITS_HOPELESS, isSolved, template } from './support/templates.ts'

const BROKEN_ENTRY = new URL('data:text/javascript,throw new Error("no luck")')

/** A template for which neither the first slice nor the first claims of the threads hold a solution, most likely. */
const hard = (time: number) => template(BITS_2_MILLION_HASHES, time)
const hopeless = template(BITS_HOPELESS)
const search = (start: number, end: number) => ({
  header: serializeHeader(hopeless.header),
  target: targetOf(BITS_HOPELESS),
  range: { start, end },
})

describe('mining on threads', () => {
  const open: MiningThreads[] = []
  const threads = (count = 2, entry?: URL) => {
    const troubles: string[] = []
    const pool = new MiningThreads({
      count,
      onTrouble: line => troubles.push(line),
      ...(entry ? { entry } : {}),
    })
    open.push(pool)
    return { pool, troubles }
  }
  afterEach(() => Promise.all(open.splice(0).map(pool => pool.close())))

  it('finds solutions, one block after the other', async () => {
    const { pool, troubles } = threads()
    for (let time = 1; time <= 4; time++) {
      const mined = await mineBlock(hard(time), { threads: pool })
      assert(isSolved(mined))
      assert.equal(mined.header.time, time)
    }
    assert.deepEqual(troubles, [])
  })

  it('finds the same solution as one thread where there is one in the range', async () => {
    const block = hard(9)
    const { nonce } = (await mineBlock(block)).header
    const { pool } = threads()
    const range = { start: nonce - 1000, end: nonce + 1 }
    const request = { header: serializeHeader(block.header), target: targetOf(block.header.bits), range }
    assert.deepEqual(await pool.search(request), { nonce })
    assert.equal(await pool.search({ ...request, range: { start: nonce - 1000, end: nonce } }), 'exhausted')
  })

  it('tries every nonce once, to the last', async () => {
    const { pool } = threads(3)
    for (const [start, end] of [
      [0, 10 * NONCES_PER_CLAIM + 17],
      [2 ** 32 - 2 * NONCES_PER_CLAIM - 5, 2 ** 32],
      [7, 7],
    ] as const) {
      let hashes = 0
      const onHashes = (count: number) => {
        hashes += count
      }
      assert.equal(await pool.search({ ...search(start, end), onHashes }), 'exhausted')
      assert.equal(hashes, end - start)
    }
  })

  it('ends when its signal is aborted, and can search again', async () => {
    const { pool } = threads()
    const controller = new AbortController()
    let isOnThreads = false
    const mining = mineBlock(hopeless, {
      threads: pool,
      signal: controller.signal,
      onHashes: () => {
        isOnThreads ||= pool.isBusy
        if (isOnThreads) controller.abort(new Error('a new tip'))
      },
    })
    await assert.rejects(mining, /a new tip/)
    assert(isOnThreads)
    assert(!pool.isBusy)
    assert(isSolved(await mineBlock(hard(5), { threads: pool })))
  })

  it('searches on the calling thread while the threads work at another block', async () => {
    const { pool } = threads()
    const controller = new AbortController()
    const occupying = pool.search({ ...search(0, 2 ** 32), signal: controller.signal })
    assert(isSolved(await mineBlock(hard(6), { threads: pool })))
    assert(pool.isBusy)
    controller.abort()
    assert.equal(await occupying, 'exhausted')
  })

  it('searches on the calling thread where no thread starts, and says so', async () => {
    const { pool, troubles } = threads(2, BROKEN_ENTRY)
    assert(isSolved(await mineBlock(hard(7), { threads: pool })))
    assert.equal(await pool.search(search(0, 10)), 'no threads')
    assert.equal(troubles.length, 2)
    assert.match(troubles[0] ?? '', /no luck/)
  })

  it('goes on by itself when the threads are closed under it', async () => {
    const { pool } = threads()
    const controller = new AbortController()
    let wasClosed = false
    const mining = mineBlock(hopeless, {
      threads: pool,
      signal: controller.signal,
      onHashes: () => {
        if (wasClosed && !pool.isBusy) controller.abort(new Error('enough'))
        if (pool.isBusy && !wasClosed) {
          wasClosed = true
          void pool.close()
        }
      },
    })
    await assert.rejects(mining, /enough/)
  })

  it('starts no thread for a block that the first slice solves', async () => {
    const { pool, troubles } = threads(2, BROKEN_ENTRY)
    assert(isSolved(await mineBlock(template(0x207fffff), { threads: pool })))
    assert.equal(await pool.search(search(0, 10)), 'no threads')
    assert.equal(troubles.length, 2)
  })

  it('keeps no process alive', async () => {
    const child = new URL('./support/idle-threads.ts', import.meta.url).pathname
    const run = promisify(execFile)
    const { stdout } = await run(process.execPath, ['--conditions=@onehop/source', child])
    assert.equal(stdout, 'mined\n')
  })
})
