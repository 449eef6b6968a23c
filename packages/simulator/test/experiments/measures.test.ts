import assert from 'node:assert/strict'
import { SeededRandom } from '@onehop/primitives'
import { bestFixedK } from '@onehop/simulator'
import { drawExponential, drawHeavyTailed, naturalLogarithm, RankDraw } from '../../src/experiments/draws.ts'
import { LookupLog, type LookupSample } from '../../src/experiments/lookup-log.ts'
import { Samples } from '../../src/experiments/samples.ts'

function meanOf(draw: () => number, count = 20_000): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += draw()
  return sum / count
}

describe('draws', () => {
  it('take logarithms from sums and products', () => {
    for (const value of [1e-9, 0.001, 0.5, 0.999, 1, 2, 10, 12345.678])
      assert.ok(Math.abs(naturalLogarithm(value) - Math.log(value)) < 1e-12, `${value}`)
  })

  it('have the mean that was asked for', () => {
    const random = new SeededRandom(3)
    assert.ok(Math.abs(meanOf(() => drawExponential(random.next, 60)) - 60) < 2)
    assert.ok(Math.abs(meanOf(() => drawHeavyTailed(random.next, 60)) - 60) < 4)
  })

  it('prefer files as Zipf has it', () => {
    const random = new SeededRandom(5)
    const counts = new Array<number>(100).fill(0)
    const ranks = new RankDraw(100, 1)
    for (let i = 0; i < 50_000; i++) counts[ranks.draw(random.next)]!++
    assert.ok(Math.abs(counts[0]! / counts[9]! - 10) < 2, `${counts[0]} ${counts[9]}`)
    const even = new RankDraw(4, 0)
    const drawn = new Set(Array.from({ length: 100 }, () => even.draw(random.next)))
    assert.deepEqual([...drawn].sort(), [0, 1, 2, 3])
  })
})

describe('samples', () => {
  it('tell percentiles, also while more come', () => {
    const samples = new Samples()
    assert.equal(samples.percentile(0.5), undefined)
    for (let i = 1000; i >= 1; i--) samples.add(i)
    assert.equal(samples.percentile(0.5), 501)
    assert.equal(samples.percentile(0.99), 991)
    assert.equal(samples.percentile(1), 1000)
    samples.add(5000)
    assert.equal(samples.most(), 5000)
    assert.equal(samples.count, 1001)
  })
})

describe('the log of lookups', () => {
  const found: LookupSample = {
    startedMs: 0,
    elapsedMs: 100,
    isFound: true,
    hops: 1,
    answeredBy: 'first request',
    contact: 'warm',
    rttMs: 50,
    expiredPointers: 0,
    failure: undefined,
  }
  const failed: LookupSample = { ...found, isFound: false, elapsedMs: 10_000, failure: 'dead contacts' }

  it('counts hops, tries and causes', () => {
    const log = new LookupLog(0)
    log.add(found)
    log.add({ ...found, hops: 2, answeredBy: 'later try', contact: 'cold' })
    log.add(failed)
    log.add({ ...found, startedMs: -1 })
    const { total } = log
    assert.deepEqual([total.count, total.found, total.oneHop, total.firstTry], [3, 2, 1, 1])
    assert.equal(total.failures.get('dead contacts'), 1)
    assert.equal(total.warm.rtts.percentile(0), 2)
  })

  it('says how long after a disturbance lookups succeed again', () => {
    const log = new LookupLog(0)
    for (let second = 0; second < 120; second++) {
      const isBad = second >= 60 && second < 72
      log.add({ ...(isBad ? failed : found), startedMs: second * 1000 })
    }
    assert.equal(log.recoverySeconds(1), 15)
    assert.equal(log.recoverySeconds(1.5), 0)
    const broken = new LookupLog(0)
    for (let second = 0; second < 120; second++) broken.add({ ...failed, startedMs: second * 1000 })
    assert.equal(broken.recoverySeconds(1), undefined)
    assert.equal(log.recoverySeconds(10), undefined, 'no lookup has been seen since')
  })
})

describe('the best fixed k', () => {
  it('is the power of two nearest to the least sum of the tables', () => {
    assert.deepEqual(bestFixedK(2, 0, 2), { groups: 1, entries: 1 })
    assert.equal(bestFixedK(100_000, 0, 2).groups, 256)
    assert.equal(bestFixedK(100_000, 10_000_000, 2).groups, 2_048)
  })
})
