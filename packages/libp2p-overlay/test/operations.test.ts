import assert from 'node:assert/strict'
import { failedOutcome, Operations } from '../src/operations.ts'

const DONE = failedOutcome('not found')

describe('operations as promises', () => {
  it('resolve with what the machine says, at once or later', async () => {
    const operations = new Operations()
    assert.equal(await operations.run(done => void done(DONE)), DONE)
    assert.equal(await operations.run(done => void setImmediate(() => done(DONE))), DONE)
  })

  it('reject with the reason of the signal, and cancel the work', async () => {
    const aborting = new AbortController()
    let cancelled = 0
    const running = new Operations().run(() => () => cancelled++, aborting.signal)
    aborting.abort(new Error('enough'))
    await assert.rejects(running, /enough/)
    assert.equal(cancelled, 1)
  })

  it('reject when the machine fails to begin, and an abort afterwards does no harm', async () => {
    const aborting = new AbortController()
    const failing = new Operations().run(() => {
      throw new Error('a bug')
    }, aborting.signal)
    await assert.rejects(failing, /a bug/)
    aborting.abort()
  })

  it('end as cancelled when the driver stops, and all that come later', async () => {
    const operations = new Operations()
    const running = operations.run(() => undefined)
    operations.stop()
    assert.equal((await running).failure, 'cancelled')
    assert.equal((await operations.run(done => void done(DONE))).failure, 'cancelled')
  })
})
