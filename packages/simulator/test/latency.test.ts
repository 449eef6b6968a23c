import assert from 'node:assert/strict'
import { SeededRandom } from '@onehop/primitives'
import { describe, it } from 'mocha'
import {
  assertPercentiles,
  constantLatency,
  distributedLatency,
  geographicLatency,
  KING_LIKE_ROUND_TRIP_MS,
  type LatencyModel,
  uniformLatency,
  withJitter,
} from '../src/index.ts'

const random = new SeededRandom(3)
const NODES = 120

function roundTrips(model: LatencyModel): number[] {
  const times: number[] = []
  for (let a = 0; a < NODES; a++)
    for (let b = 0; b < a; b++)
      times.push(model.oneWayMs(a, b, random.next) + model.oneWayMs(b, a, random.next))
  return times.sort((x, y) => x - y)
}

function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.floor((sorted.length * percent) / 100)]!
}

describe('latency models', () => {
  it('give a pair the same time every time, unless each message draws its own', () => {
    const king = distributedLatency(KING_LIKE_ROUND_TRIP_MS, 7)
    assert.equal(king.oneWayMs(3, 9, random.next), king.oneWayMs(9, 3, random.next))
    assert.equal(king.fixedMs(3, 9), king.oneWayMs(3, 9, random.next))
    assert.notEqual(king.fixedMs(3, 9), distributedLatency(KING_LIKE_ROUND_TRIP_MS, 8).fixedMs(3, 9))
    assert.equal(constantLatency(5).fixedMs(1, 2), 5)
    assert.equal(uniformLatency(5, 9).fixedMs(1, 2), undefined)
    const jittery = withJitter(constantLatency(5), 4)
    const drawn = Array.from({ length: 50 }, () => jittery.oneWayMs(1, 2, random.next))
    assert.ok(drawn.every(ms => ms >= 5 && ms < 9) && new Set(drawn).size > 40)
    assert.equal(jittery.fixedMs(1, 2), 5)
  })

  it('reproduce a distribution that is given as data', () => {
    const times = roundTrips(distributedLatency(KING_LIKE_ROUND_TRIP_MS, 1))
    for (const [percent, value] of KING_LIKE_ROUND_TRIP_MS.slice(1, -1))
      assert.ok(Math.abs(percentile(times, percent) / value - 1) < 0.1, `at ${percent} %`)
    const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length
    assert.ok(mean > 170 && mean < 190, `a mean of ${mean} ms`)
  })

  it('place nodes on a sphere: neighbours are near, the antipodes 150 ms and two lines away, detours are not shorter', () => {
    const model = geographicLatency({ seed: 5, lastMileMs: 10 })
    const times = roundTrips(model)
    assert.ok(times[0]! < 40 && times.at(-1)! > 290, `from ${times[0]} to ${times.at(-1)} ms`)
    assert.ok(times.at(-1)! <= 2 * (151 + 20), `${times.at(-1)} ms`)
    assert.ok(Math.abs(percentile(times, 50) - 2 * (75 + 12)) < 15, `a median of ${percentile(times, 50)} ms`)
    for (let node = 2; node < NODES; node++)
      assert.ok(model.fixedMs(0, 1)! <= model.fixedMs(0, node)! + model.fixedMs(node, 1)!)
  })

  it('refuse distributions that are none', () => {
    for (const bad of [
      [],
      [[0, 1]],
      [
        [0, 5],
        [100, 4],
      ],
      [
        [5, 1],
        [100, 2],
      ],
      [
        [0, -1],
        [100, 2],
      ],
    ] as const)
      assert.throws(() => assertPercentiles(bad as never), /percentiles must|no negative/)
  })

  it('have numbers that are the same on every engine', () => {
    const sphere = geographicLatency({ seed: 1 })
    const king = distributedLatency(KING_LIKE_ROUND_TRIP_MS, 1)
    const sum = (model: LatencyModel) => {
      let total = 0
      for (let node = 1; node < 100; node++) total += model.fixedMs(0, node)!
      return total
    }
    assert.deepEqual([sum(sphere), sum(king)], [8498.116415538127, 7777.605479971041])
  })
})
