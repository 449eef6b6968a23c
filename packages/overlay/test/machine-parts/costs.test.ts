import assert from 'node:assert/strict'
import { Costs, mergedOutcome, type Outcome, sideBySide } from '../../src/index.ts'

const OUTCOME: Outcome = {
  pointers: [],
  hops: 1,
  messages: 2,
  attempts: 1,
  elapsedMs: 30,
  acknowledgements: 3,
}

describe('what an operation costs', () => {
  it('is told with the time since it began, and without fields that say nothing', () => {
    const costs = new Costs(1_000)
    costs.messages = 2
    costs.attempts = 1
    assert.deepEqual(costs.outcome(1_030, { hops: 1, acknowledgements: 3 }), OUTCOME)
    costs.timeouts = 1
    const failed = costs.outcome(1_030, { failure: 'timed out', answeredBy: undefined })
    assert.deepEqual(failed, { ...OUTCOME, hops: 0, acknowledgements: 0, timeouts: 1, failure: 'timed out' })
  })

  it('adds up when several go side by side, which fail together with the first that fails', () => {
    const slow: Outcome = {
      ...OUTCOME,
      hops: 3,
      elapsedMs: 90,
      acknowledgements: 0,
      timeouts: 1,
      failure: 'not acknowledged',
    }
    assert.deepEqual(mergedOutcome([OUTCOME, slow, { ...slow, failure: 'timed out' }]), {
      pointers: [],
      hops: 3,
      messages: 6,
      attempts: 3,
      elapsedMs: 90,
      acknowledgements: 0,
      timeouts: 2,
      failure: 'not acknowledged',
    })
    const told: Outcome[] = []
    sideBySide(
      [OUTCOME, slow],
      (outcome, done) => done(outcome),
      outcome => told.push(outcome),
    )
    assert.deepEqual(told, [mergedOutcome([OUTCOME, slow])])
    assert.deepEqual(mergedOutcome([]), {
      ...{ pointers: [], hops: 0, messages: 0, attempts: 0, elapsedMs: 0, acknowledgements: 0 },
    })
  })
})
