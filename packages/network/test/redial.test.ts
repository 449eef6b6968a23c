import assert from 'node:assert/strict'
import { FIRST_REDIAL_MS, LAST_REDIAL_MS } from '../src/index.ts'
import { Redial } from '../src/redial.ts'

describe('redialling', () => {
  it('waits twice as long after each failure, up to a limit', () => {
    const redial = new Redial()
    const waits: number[] = []
    let nowMs = 0
    for (let i = 0; i < 10; i++) {
      redial.failed(nowMs, 0)
      let waited = 0
      while (!redial.isDue(nowMs + waited)) waited += FIRST_REDIAL_MS
      waits.push(waited)
      nowMs += waited
    }
    assert.deepEqual(waits.slice(0, 3), [FIRST_REDIAL_MS, 2 * FIRST_REDIAL_MS, 4 * FIRST_REDIAL_MS])
    assert.equal(waits.at(-1), LAST_REDIAL_MS)
  })

  it('is due at once after a success', () => {
    const redial = new Redial()
    redial.failed(0, 0.5)
    redial.succeeded()
    assert.equal(redial.isDue(0), true)
  })

  it('is not due while the peer is shunned', () => {
    const redial = new Redial()
    redial.shun(0, 5_000)
    assert.equal(redial.isDue(4_999), false)
    assert.equal(redial.isDue(5_000), true)
  })
})
