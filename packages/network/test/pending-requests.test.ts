import assert from 'node:assert/strict'
import { mock } from 'node:test'
import { REQUEST_PROGRESS_BYTES, REQUEST_TIMEOUT_MS } from '../src/limits.ts'
import { PendingRequests, RequestFailure } from '../src/pending-requests.ts'

function pendingRequests(): PendingRequests {
  return new PendingRequests({ receivedBytes: () => 0, onTimeout: () => {} })
}

const mempool = (id: number) => ({ type: 'mempool', id, hashes: [] }) as const

describe('requests to a peer', () => {
  it('end with their last answer, and know no further one', async () => {
    const requests = pendingRequests()
    let left = 2
    const done = requests.wait(1, 2, () => (--left > 0 ? 'more' : 'done'))
    assert.equal(requests.onAnswer(mempool(1)), 'more')
    assert.equal(requests.onAnswer(mempool(1)), 'done')
    await done
    assert.equal(requests.onAnswer(mempool(1)), 'unexpected')
    assert.equal(requests.onAnswer(mempool(2)), 'unexpected')
  })

  it('that wait no more take as many late answers as they lack', async () => {
    const requests = pendingRequests()
    const failed = requests.wait(1, 3, () => 'more')
    assert.equal(requests.onAnswer(mempool(1)), 'more')
    requests.failAll('a stream closed')
    await assert.rejects(failed, RequestFailure)
    assert.deepEqual(
      [1, 2, 3].map(() => requests.onAnswer(mempool(1))),
      ['late', 'late', 'unexpected'],
    )
  })

  it('to a busy peer fail, and have no answer any more', async () => {
    const requests = pendingRequests()
    const failed = requests.wait(1, 3, () => 'more')
    assert.equal(requests.onAnswer({ type: 'busy', id: 1 }), 'busy')
    await assert.rejects(failed, RequestFailure)
    assert.equal(requests.onAnswer(mempool(1)), 'unexpected')
  })

  it('fail when the peer is silent, and not while it is only slow', async () => {
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      let receivedBytes = 0
      let timeouts = 0
      const requests = new PendingRequests({
        receivedBytes: () => receivedBytes,
        onTimeout: () => timeouts++,
      })
      let failure: unknown
      requests
        .wait(1, 1, () => 'done')
        .catch((error: unknown) => {
          failure = error
        })
      for (let i = 0; i < 5; i++) {
        receivedBytes += REQUEST_PROGRESS_BYTES
        mock.timers.tick(REQUEST_TIMEOUT_MS)
      }
      assert.equal(timeouts, 0)
      receivedBytes += REQUEST_PROGRESS_BYTES - 1
      mock.timers.tick(REQUEST_TIMEOUT_MS)
      assert.equal(timeouts, 1)
      await Promise.resolve()
      assert.ok(failure instanceof RequestFailure)
      assert.equal(requests.onAnswer(mempool(1)), 'late')
    } finally {
      mock.timers.reset()
    }
  })
})
