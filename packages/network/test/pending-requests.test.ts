import assert from 'node:assert/strict'
import { PendingRequests, RequestFailure } from '../src/pending-requests.ts'

const mempool = (id: number) => ({ type: 'mempool', id, hashes: [] }) as const

describe('requests to a peer', () => {
  it('end with their last answer, and know no further one', async () => {
    const requests = new PendingRequests(() => {})
    let left = 2
    const done = requests.wait(1, 2, () => (--left > 0 ? 'more' : 'done'))
    assert.equal(requests.onAnswer(mempool(1)), 'more')
    assert.equal(requests.onAnswer(mempool(1)), 'done')
    await done
    assert.equal(requests.onAnswer(mempool(1)), 'unexpected')
    assert.equal(requests.onAnswer(mempool(2)), 'unexpected')
  })

  it('that wait no more take as many late answers as they lack', async () => {
    const requests = new PendingRequests(() => {})
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
    const requests = new PendingRequests(() => {})
    const failed = requests.wait(1, 3, () => 'more')
    assert.equal(requests.onAnswer({ type: 'busy', id: 1 }), 'busy')
    await assert.rejects(failed, RequestFailure)
    assert.equal(requests.onAnswer(mempool(1)), 'unexpected')
  })
})
