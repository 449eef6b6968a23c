import assert from 'node:assert/strict'
import { BoundedMap, BoundedSet, randomBelow, SeededRandom, shuffled, TokenBucket } from '../src/index.ts'

describe('bounded collections', () => {
  it('drop the entry that was touched longest ago', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1)
    map.set('b', 2)
    map.touch('a')
    assert.equal(map.set('c', 3), 'b')
    assert.deepEqual([...map.keys()], ['a', 'c'])
  })

  it('remember only the newest members of a set', () => {
    const set = new BoundedSet<number>(3)
    for (let i = 0; i < 5; i++) assert.equal(set.add(i), true)
    assert.equal(set.add(4), false)
    assert.deepEqual([set.has(1), set.has(2), set.size], [false, true, 3])
  })
})

describe('the token bucket', () => {
  it('lets a burst through, then the rate, and no more', () => {
    const bucket = new TokenBucket(10, 5, 0)
    assert.equal(bucket.take(5, 0), true)
    assert.equal(bucket.take(1, 0), false)
    assert.equal(bucket.take(1, 100), true)
    assert.equal(bucket.take(6, 10_000), false)
    assert.equal(bucket.take(5, 10_000), true)
  })
})

describe('seeded randomness', () => {
  it('gives the same numbers for the same seed, on every machine', () => {
    const random = new SeededRandom(42)
    const first = [random.nextUint32(), random.nextUint32(), random.nextUint32()]
    const again = new SeededRandom(42)
    assert.deepEqual(first, [again.nextUint32(), again.nextUint32(), again.nextUint32()])
    assert.deepEqual(first, [1424808046, 3778525926, 3676079305])
  })

  it('stays below the bound and keeps all elements when it shuffles', () => {
    const random = new SeededRandom(7)
    for (let i = 0; i < 1000; i++) assert.ok(randomBelow(random.next, 3) < 3)
    assert.deepEqual(
      shuffled(random.next, [1, 2, 3, 4, 5]).sort((a, b) => a - b),
      [1, 2, 3, 4, 5],
    )
  })
})
