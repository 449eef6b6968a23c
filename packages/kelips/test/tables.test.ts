import assert from 'node:assert/strict'
import { type Pointer, pointerName } from '@onehop/overlay'
import { SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import { ByteBudget } from '../src/byte-budget.ts'
import { Filetuples } from '../src/filetuples.ts'
import {
  checkKelipsOptions,
  firstHash,
  groupOfHash,
  holderGroups,
  isInRange,
  KELIPS_DEFAULT,
  KELIPS_TESTNET,
  kelips,
  lastHash,
  MAX_POINTERS_PER_KEY,
  MAX_POINTERS_PER_KEY_AND_PROVIDER,
} from '../src/index.ts'
import { MAX_NEWS } from '../src/limits.ts'
import { NewsQueue } from '../src/news-queue.ts'

const random = new SeededRandom(9)

describe('Kelips groups', () => {
  it('are prefixes of the hash when their number is a power of two', () => {
    for (let i = 0; i < 1000; i++) {
      const hash = random.nextUint32()
      assert.equal(groupOfHash(hash, 4), hash >>> 30)
      assert.equal(groupOfHash(hash, 65_536), hash >>> 16)
    }
  })

  it('cut the hashes into ranges without gaps, whatever their number', () => {
    for (const groups of [1, 2, 3, 7, 317, 65_536]) {
      assert.equal(firstHash(0, groups), 0)
      assert.equal(lastHash(groups - 1, groups), 0xffff_ffff)
      for (let group = 0; group < groups; group += Math.ceil(groups / 50)) {
        assert.equal(groupOfHash(firstHash(group, groups), groups), group)
        assert.equal(groupOfHash(lastHash(group, groups), groups), group)
      }
    }
  })

  it('have ranges that wrap', () => {
    assert.ok(isInRange(5, 3, 9) && !isInRange(2, 3, 9))
    assert.ok(isInRange(2, 9, 3) && isInRange(9, 9, 3) && !isInRange(5, 9, 3))
  })

  it('help each other out in cyclic order until two nodes hold a key', () => {
    const holders = (home: number, counts: number[]) =>
      holderGroups(home, counts.length, 2, group => counts[group]!)
    assert.deepEqual(holders(1, [5, 5, 5, 5]), [1])
    assert.deepEqual(holders(1, [5, 1, 5, 5]), [1, 2])
    assert.deepEqual(holders(1, [5, 0, 0, 5]), [3])
    assert.deepEqual(holders(2, [1, 0, 0, 1]), [3, 0])
    assert.deepEqual(holders(3, [0, 0, 1, 0]), [2])
    assert.deepEqual(holders(0, [0, 0, 0, 0]), [])
  })
})

describe('Kelips options', () => {
  it('of the presets make sense', () => {
    assert.ok(checkKelipsOptions(KELIPS_TESTNET).ok)
    assert.ok(checkKelipsOptions(KELIPS_DEFAULT).ok)
  })

  it('that make none are refused in one sentence', () => {
    const detail = (change: object) => {
      const verdict = checkKelipsOptions({ ...KELIPS_TESTNET, ...change })
      return verdict.ok ? undefined : verdict.detail
    }
    assert.equal(detail({ groups: 0 }), "groups must be 'auto' or an integer from 1 to 65536, not 0")
    assert.equal(detail({ contactsPerGroup: 1 }), 'contactsPerGroup must be an integer from 2 to 16, not 1')
    assert.match(detail({ gossipIntervalMs: 1.5 }) ?? '', /gossipIntervalMs must be an integer/)
    assert.match(detail({ groups: undefined }) ?? '', /not undefined/)
    assert.equal(
      detail({ pointerRefreshMs: 30_000 }),
      'pointerRefreshMs (30000) must be less than pointerLifetimeMs (30000)',
    )
    assert.throws(() => kelips({ ...KELIPS_TESTNET, groups: 0 }), /groups must be/)
  })
})

describe('what is news', () => {
  const cost = () => 10

  it('is told so many times, what was told behind the others', () => {
    const news = new NewsQueue()
    for (const id of [1, 2, 3]) news.add(id, 2)
    assert.deepEqual(news.take(20, cost), [1, 2])
    assert.deepEqual(news.take(20, cost), [3, 1])
    assert.deepEqual(news.take(100, cost), [2, 3])
    assert.equal(news.size, 0)
  })

  it('keeps its place when it does not fit or is not for this receiver, and is forgotten when it is gone', () => {
    const news = new NewsQueue()
    for (const id of [1, 2, 3, 4]) news.add(id, 1)
    const costOf = (id: number) => [undefined, 0, 99, 10][id - 1]
    assert.deepEqual(news.take(50, costOf), [4])
    assert.equal(news.size, 2)
    assert.deepEqual(news.take(50, cost), [2, 3])
  })

  it('is bounded: the oldest makes room', () => {
    const news = new NewsQueue()
    for (let id = 0; id <= MAX_NEWS; id++) news.add(id, 1)
    assert.equal(news.size, MAX_NEWS)
    assert.deepEqual(news.take(10, cost), [1])
    news.delete(2)
    assert.deepEqual(news.take(10, cost), [3])
    news.clear()
    assert.equal(news.size, 0)
  })
})

describe('the byte budget', () => {
  it('is constant on average, and leaves a round its least share when others have overspent', () => {
    const budget = new ByteBudget(1000, 0)
    budget.spend(10_000)
    assert.equal(budget.available(0), 0)
    assert.equal(budget.mayOwe(0), false)
    assert.equal(budget.forRound(1000, 0), 300)
    assert.equal(budget.available(3000), 1000)
    assert.equal(budget.forRound(1000, 3000), 600)
    assert.equal(budget.available(60_000), 2000)
    assert.equal(budget.spent, 10_000)
  })
})

function pointer(change: Partial<Pointer> = {}): Pointer {
  return {
    version: 1,
    kind: 'content',
    key: random.bytes(32),
    provider: random.bytes(38),
    addresses: [],
    sequence: 10,
    expiresAt: 1000,
    signature: random.bytes(64),
    ...change,
  }
}

describe('filetuples', () => {
  it('keep the version with the highest sequence', () => {
    const table = new Filetuples()
    const first = pointer()
    assert.equal(table.put(first), 'new')
    assert.equal(table.put(first), 'known')
    assert.equal(table.put({ ...first, sequence: 9 }), 'stale')
    assert.equal(table.put({ ...first, sequence: 11 }), 'fresher')
    assert.equal(table.put({ ...first, sequence: 12, withdrawn: true }), 'new')
    assert.equal(table.size, 1)
    assert.deepEqual(table.find(first.key, 0, 10), [])
    assert.equal(table.put({ ...first, sequence: 13 }), 'new')
    assert.equal(table.find(first.key, 0, 10).length, 1)
  })

  it('never answer what has expired, and forget it', () => {
    const table = new Filetuples()
    const short = pointer({ expiresAt: 100 })
    table.put(short)
    assert.equal(table.find(short.key, 99, 10).length, 1)
    assert.deepEqual(table.find(short.key, 100, 10), [])
    assert.deepEqual(table.expire(100), [0])
    assert.equal(table.size, 0)
  })

  it('are limited by key, and by key and provider', () => {
    const table = new Filetuples()
    const key = random.bytes(32)
    const provider = random.bytes(38)
    for (let i = 0; i < MAX_POINTERS_PER_KEY_AND_PROVIDER; i++)
      assert.equal(table.put(pointer({ kind: 'word', key, provider, target: random.bytes(22) })), 'new')
    assert.equal(table.put(pointer({ kind: 'word', key, provider, target: random.bytes(22) })), 'full')
    for (let i = table.size; i < MAX_POINTERS_PER_KEY; i++) assert.equal(table.put(pointer({ key })), 'new')
    assert.equal(table.put(pointer({ key })), 'full')
    assert.equal(table.put(pointer()), 'new')
  })

  it('are shared page by page, in key order, within a range of hashes', () => {
    const table = new Filetuples()
    const inside = Array.from({ length: 50 }, () => pointer({ key: random.bytes(32).fill(0x10, 0, 1) }))
    for (const one of inside) table.put(one)
    for (let i = 0; i < 20; i++) table.put(pointer({ key: random.bytes(32).fill(0x90, 0, 1) }))
    const seen: string[] = []
    let after: Uint8Array | undefined
    for (let more = true; more; ) {
      const page = table.page({ low: 0, high: 0x7fff_ffff, after }, 70, () => 10)
      assert.ok(page.pointers.length <= 7)
      seen.push(...page.pointers.map(pointerName))
      after = page.pointers.at(-1)?.key
      more = page.more
    }
    assert.deepEqual([...seen].sort(), inside.map(pointerName).sort())
  })

  it('of one crowded key fit in a page', () => {
    const table = new Filetuples()
    const key = random.bytes(32)
    for (let i = 0; i < 20; i++) table.put(pointer({ key }))
    const { pointers, more } = table.page({ low: 0, high: 0xffff_ffff }, 55, () => 10)
    assert.equal(pointers.length, 5)
    assert.equal(more, false)
  })
})
