import assert from 'node:assert/strict'
import { type BlockHash, type BlockHeader, serializeBlock } from '@onehop/ledger'
import {
  Chain,
  MAX_ANNOUNCED_HEADERS_PER_SOURCE,
  MAX_BRANCH_DEPTH_BLOCKS,
  MAX_HEADERS_PER_CALL,
  MAX_UNPROVEN_HEADERS,
  MemoryStorage,
} from '../src/index.ts'
import { headersOn, lazyHeaderOn } from './support/headers.ts'
import { GENESIS, makeBlock, makeBranch, openOptions, tipOf } from './support/regtest.ts'

const HEIGHT = MAX_BRANCH_DEPTH_BLOCKS + 5

describe('headers of peers', () => {
  let chain: Chain
  let storage: MemoryStorage

  beforeEach(async () => {
    storage = await MemoryStorage.open()
    chain = await Chain.open({ ...openOptions, storage })
    for (const block of makeBranch(GENESIS, HEIGHT)) await accept(serializeBlock(block))
  })

  afterEach(() => chain.close())

  async function accept(bytes: Uint8Array): Promise<void> {
    assert.deepEqual(await chain.acceptBlock(bytes), { ok: true })
  }

  function announce(header: BlockHeader, source = 'a'): string {
    const verdict = chain.acceptAnnouncedHeader(header, source)
    return verdict.ok ? 'OK' : `${verdict.blame}: ${verdict.code}`
  }

  /** All are kept that a peer would send when asked. */
  function send(headers: readonly BlockHeader[], source: string): void {
    const intake = chain.openHeaderIntake(source)
    for (let i = 0; i < headers.length; i += MAX_HEADERS_PER_CALL)
      assert.ok(intake.take(headers.slice(i, i + MAX_HEADERS_PER_CALL), false).ok)
  }

  /** Resolves when what is under way is done. */
  function settled(): Promise<unknown> {
    return chain.snapshotCoins()
  }

  const knows = (hash: BlockHash) => chain.headerTree.get(hash) !== undefined

  it('that are announced are refused without blame far below the tip', () => {
    assert.equal(announce(headersOn(GENESIS, 1)[0]!), 'nobody: too-little-chainwork')
    assert.equal(announce(headersOn(linkAt(5), 1)[0]!), 'OK')
  })

  it('that are announced without proof of work are refused with blame wherever they are', () => {
    assert.equal(announce(lazyHeaderOn(GENESIS)), 'sender: high-hash')
    assert.equal(announce(lazyHeaderOn(tipOf(chain))), 'sender: high-hash')
  })

  it('that are announced without blocks are counted for each peer, until the blocks come', async () => {
    const headers = headersOn(tipOf(chain), MAX_ANNOUNCED_HEADERS_PER_SOURCE - 1)
    for (const header of headers) assert.equal(announce(header), 'OK')
    const rival = makeBlock(tipOf(chain))
    const [first, second] = headersOn(headers.at(-1)!, 2)
    assert.equal(announce(rival.header), 'OK')
    assert.equal(announce(first!), 'nobody: too-many-headers')
    assert.equal(announce(first!, 'b'), 'OK')
    await accept(serializeBlock(rival))
    assert.equal(announce(second!), 'OK')
  })

  describe('beyond what is kept in all', () => {
    const HALF = MAX_UNPROVEN_HEADERS / 2

    it('make those go whose peer sent most, out of the store, too', async () => {
      const heavy = headersOn(tipOf(chain), HALF + 1, 2)
      const light = headersOn(tipOf(chain), HALF - 1, 3)
      send(heavy, 'heavy')
      send(light, 'light')
      await settled()
      assert.ok(knows(heavy[0]!.hash) && knows(light[0]!.hash))
      assert.equal(chain.headerTree.best.hash, heavy.at(-1)!.hash)

      send(headersOn(light.at(-1)!, 1, 3), 'other')
      await settled()
      assert.ok(heavy.every(({ hash }) => !knows(hash)))
      assert.ok(light.every(({ hash }) => knows(hash)))
      assert.equal(chain.headerTree.best.height, HEIGHT + HALF)
      assert.equal(chain.headerTree.leaves().length, 1)

      await chain.close()
      chain = await Chain.open({ ...openOptions, storage })
      assert.ok(!knows(heavy[0]!.hash) && knows(light.at(-1)!.hash))
      assert.equal(chain.tip.height, HEIGHT)
    })

    it('leave those on which a block that is here builds', async () => {
      const [first, second, third] = makeBranch(tipOf(chain), 3)
      send([first!.header, second!.header, third!.header], 'heavy')
      send(headersOn(third!.header, HALF + 1, 2), 'heavy')
      await accept(serializeBlock(second!))
      send(headersOn(tipOf(chain), HALF, 3), 'light')
      await settled()
      assert.deepEqual(
        [first!, second!, third!].map(({ hash }) => knows(hash)),
        [true, true, false],
      )
      await accept(serializeBlock(first!))
      assert.equal(chain.tip.height, HEIGHT + 2)
      await accept(serializeBlock(third!))
      assert.equal(chain.tip.height, HEIGHT + 3)
    })
  })

  function linkAt(height: number) {
    const node = chain.nodeAtHeight(height)!
    return { hash: node.hash, time: node.header.time }
  }
})
