import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SteadyClock } from '../src/index.ts'

function clock(wallMs: number) {
  const time = { wallMs, monotonicMs: 0 }
  const steady = new SteadyClock({ wallMs: () => time.wallMs, monotonicMs: () => time.monotonicMs })
  const pass = (elapsedMs: number) => {
    time.wallMs += elapsedMs
    time.monotonicMs += elapsedMs
  }
  return { time, steady, pass }
}

describe('the steady clock', () => {
  it('follows the wall clock', () => {
    const { steady, pass } = clock(1_000_000)
    pass(1_500)
    assert.equal(steady.now(), 1_001_500)
  })

  it('goes on at half speed when the wall clock is set back, until both meet', () => {
    const { time, steady, pass } = clock(1_000_000)
    time.wallMs -= 1_000
    pass(200)
    assert.equal(steady.now(), 1_000_100)
    pass(3_000)
    assert.equal(steady.now(), time.wallMs)
  })

  it('never runs backwards', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5_000), fc.integer({ min: -10_000, max: 10_000 }))), steps => {
        const { time, steady, pass } = clock(1_000_000)
        let last = steady.now()
        for (const [elapsedMs, jumpMs] of steps) {
          pass(elapsedMs)
          time.wallMs += jumpMs
          const now = steady.now()
          assert.ok(now >= last)
          last = now
        }
      }),
    )
  })
})
