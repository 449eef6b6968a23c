import assert from 'node:assert/strict'
import { TrafficMeter } from '../src/traffic-meter.ts'

describe('the traffic meter', () => {
  it('tells bytes a second over the last minute, and forgets what is older', () => {
    let now = 1_000_000
    const meter = new TrafficMeter(() => now)
    assert.equal(meter.bytesPerSecond(), 0)
    for (let second = 0; second < 600; second++) {
      meter.add(2_048)
      now += 1_000
    }
    assert.ok(Math.abs(meter.bytesPerSecond() - 2_048) < 100, `${meter.bytesPerSecond()}`)
    now += 30_000
    assert.ok(meter.bytesPerSecond() < 1_400)
    now += 60_000
    assert.equal(meter.bytesPerSecond(), 0)
  })

  it('tells the rate of a short life by its length', () => {
    let now = 4_999
    const meter = new TrafficMeter(() => now)
    meter.add(10_000)
    now += 10_000
    assert.equal(meter.bytesPerSecond(), 1_000)
  })
})
