import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { READ_CACHE_BYTES, READ_CHUNK_BYTES } from '../src/limits.ts'
import { ReadCache } from '../src/read-cache.ts'

const ROOM = READ_CACHE_BYTES / READ_CHUNK_BYTES

describe('the cache of what was read for uploads', () => {
  /** Reads a chunk that is not there. @returns the memory that it was read into. */
  async function readNew(cache: ReadCache, key: string): Promise<ArrayBufferLike> {
    const chunk = await cache.get(key, async memory => memory)
    return chunk.buffer
  }

  it('gives what is there at once, and forgets first what was used longest ago', async () => {
    const cache = new ReadCache()
    for (let i = 0; i < ROOM; i++) await readNew(cache, `${i}`)
    const isThere = (key: string) => cache.get(key, async memory => memory) instanceof Uint8Array
    assert.ok(isThere('0'))
    await readNew(cache, 'one more')
    assert.ok(isThere('0'))
    assert.equal(isThere('1'), false)
  })

  it('reads into the memory of what it forgot, but not in the turn in which that may still be looked at', async () => {
    const cache = new ReadCache()
    const first = await readNew(cache, 'first')
    for (let i = 0; i < ROOM - 1; i++) await readNew(cache, `${i}`)
    // Forgets the first chunk; what follows in the same turn gets other memory.
    await readNew(cache, 'a')
    assert.ok((await readNew(cache, 'b')) !== first)
    await nextTurn()
    const next = [await readNew(cache, 'c'), await readNew(cache, 'd')]
    assert.ok(next.includes(first))
  })

  it('does not read into memory of which a part was filled only', async () => {
    const cache = new ReadCache()
    const short = await cache.get('short', async memory => memory.subarray(0, 10))
    for (let i = 0; i < ROOM + 1; i++) await readNew(cache, `${i}`)
    await nextTurn()
    const next = [await readNew(cache, 'a'), await readNew(cache, 'b')]
    assert.ok(!next.includes(short.buffer))
  })
})
