import assert from 'node:assert/strict'
import { BandwidthLimit, RateMeter, waitForAll } from '@onehop/swarm'

const BLOCK = 16 * 1024

/** Takes the bytes if they may go now. */
function take(limit: BandwidthLimit, bytes: number, nowMs: number, user?: object): boolean {
  if (limit.waitMs(bytes, nowMs, user) > 0) return false
  limit.charge(bytes, user)
  return true
}

/** Takes blocks as soon as they may go. @returns the bytes taken. */
function takeFor(limit: BandwidthLimit, fromMs: number, spanMs: number, bytes = BLOCK): number {
  let taken = 0
  for (let nowMs = fromMs; nowMs < fromMs + spanMs; nowMs += 10)
    while (take(limit, bytes, nowMs)) taken += bytes
  return taken
}

describe('a bandwidth limit', () => {
  it('lets go what it says, over time', () => {
    for (const rate of [2_000, 100_000, 20_000_000]) {
      const limit = new BandwidthLimit(0, rate)
      takeFor(limit, 0, 1000)
      const taken = takeFor(limit, 1000, 60_000)
      assert.ok(Math.abs(taken - rate * 60) <= Math.max(BLOCK, rate / 50), `${taken} at ${rate}`)
    }
  })

  it('never lets go more than a second of it at once after a rest', () => {
    const limit = new BandwidthLimit(0, 1_000_000)
    assert.ok(takeFor(limit, 3_600_000, 1) <= 1_000_000)
  })

  it('lets go a request that is longer than its bucket, and waits for it afterwards', () => {
    const limit = new BandwidthLimit(0, 10_000)
    assert.ok(take(limit, 131_072, 60_000))
    assert.equal(take(limit, 1, 60_000), false)
    const waitMs = limit.waitMs(BLOCK, 60_000)
    assert.ok(waitMs >= 13_000)
    assert.equal(take(limit, BLOCK, 60_000 + waitMs - 1), false)
    assert.ok(take(limit, BLOCK, 60_000 + waitMs))
  })

  it('lets everything go without a rate, and at once when the rate is taken away', () => {
    const limit = new BandwidthLimit(0)
    assert.ok(take(limit, 1e12, 0))
    limit.setRate(100, 0)
    takeFor(limit, 0, 10)
    assert.ok(limit.waitMs(BLOCK, 10) > 0)
    limit.setRate(undefined, 10)
    assert.equal(limit.waitMs(BLOCK, 10), 0)
  })

  it('gives back what did not go', () => {
    const limit = new BandwidthLimit(0, 1000)
    assert.ok(take(limit, BLOCK, 0))
    limit.giveBack(BLOCK)
    assert.ok(take(limit, BLOCK, 0))
  })

  it('lets nothing go before the narrowest of several does', () => {
    const [wide, narrow] = [new BandwidthLimit(0, 1_000_000), new BandwidthLimit(0, 1000)]
    take(narrow, BLOCK, 0)
    assert.equal(waitForAll([wide, narrow], BLOCK, 0), narrow.waitMs(BLOCK, 0))
  })

  it('gives those who share it the same, whoever asks first', () => {
    for (const rate of [20_000, 1_000_000]) {
      const limit = new BandwidthLimit(0, rate)
      const users = [{ taken: 0 }, { taken: 0 }, { taken: 0 }]
      for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
        for (const user of users) while (take(limit, BLOCK, nowMs, user)) user.taken += BLOCK
      }
      for (const { taken } of users) assert.ok(Math.abs(taken / (20 * rate) - 1) < 0.1, `${taken} at ${rate}`)
    }
  })

  it('gives what others leave to who wants more', () => {
    const limit = new BandwidthLimit(0, 1_000_000)
    const [greedy, modest] = [{ taken: 0 }, { taken: 0 }]
    for (let nowMs = 0; nowMs < 60_000; nowMs += 100) {
      if (nowMs % 1000 === 0 && take(limit, BLOCK, nowMs, modest)) modest.taken += BLOCK
      while (take(limit, BLOCK, nowMs, greedy)) greedy.taken += BLOCK
    }
    assert.equal(modest.taken, 60 * BLOCK)
    assert.ok(greedy.taken > 0.97 * 60 * (1_000_000 - BLOCK), `${greedy.taken}`)
  })

  it('is divided by those who asked for a part within a second', () => {
    const limit = new BandwidthLimit(0, 1000)
    const [a, b] = [{}, {}]
    assert.equal(limit.usersAt(0), 1)
    limit.partOf(a, 0)
    assert.equal(limit.usersAt(500), 1)
    limit.partOf(b, 500)
    assert.equal(limit.usersAt(500), 2)
    assert.equal(limit.usersAt(1200), 1)
  })
})

describe('a rate', () => {
  it('is averaged over the span that is asked for', () => {
    const meter = new RateMeter(0)
    for (let nowMs = 0; nowMs < 20_000; nowMs += 100) meter.add(nowMs < 17_000 ? 100 : 300, nowMs)
    assert.equal(meter.bytesPerSecond(19_900, 3000), 3000)
    assert.ok(Math.abs(meter.bytesPerSecond(19_900, 20_000) - 1300) < 10)
    assert.equal(meter.totalBytes, 26_000)
  })

  it('is over the time that there was, in the beginning', () => {
    const meter = new RateMeter(1000)
    meter.add(500, 1500)
    assert.equal(meter.bytesPerSecond(2000, 20_000), 500)
  })

  it('is nothing after the span without bytes', () => {
    const meter = new RateMeter(0)
    meter.add(1000, 0)
    assert.equal(meter.bytesPerSecond(3000, 3000), 0)
    assert.equal(meter.lastAddedMs, 0)
  })
})
