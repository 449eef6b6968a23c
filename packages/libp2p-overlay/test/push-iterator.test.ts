import assert from 'node:assert/strict'
import { PushIterator } from '../src/kelips/push-iterator.ts'

describe('an iterator that is fed from outside', () => {
  function fed() {
    const calls = { begun: 0, cancelled: 0 }
    const iterator = new PushIterator<number>(() => {
      calls.begun++
      return () => calls.cancelled++
    })
    return { iterator, calls }
  }

  it('begins with the first question, and hands out what was pushed in order', async () => {
    const { iterator, calls } = fed()
    assert.equal(calls.begun, 0)
    const first = iterator.next()
    const second = iterator.next()
    for (const value of [1, 2, 3]) iterator.push(value)
    iterator.end()
    assert.deepEqual([(await first).value, (await second).value], [1, 2])
    assert.deepEqual(await iterator.next(), { value: 3, done: false })
    assert.equal((await iterator.next()).done, true)
    assert.equal(calls.begun, 1)
  })

  it('hands out an error after what was pushed, once', async () => {
    const { iterator } = fed()
    const first = iterator.next()
    iterator.push(1)
    iterator.push(2)
    iterator.fail(new Error('broken'))
    assert.equal((await first).value, 1)
    assert.equal((await iterator.next()).value, 2)
    await assert.rejects(iterator.next(), /broken/)
    assert.equal((await iterator.next()).done, true)
  })

  it('gives an error to who waits, and the end to the others', async () => {
    const { iterator } = fed()
    const waiting = [iterator.next(), iterator.next()]
    iterator.fail(new Error('broken'))
    await assert.rejects(waiting[0]!, /broken/)
    assert.equal((await waiting[1]!).done, true)
  })

  it('cancels the work behind it when the consumer returns, even while it waits', async () => {
    const { iterator, calls } = fed()
    const waiting = iterator.next()
    await iterator.return()
    assert.equal((await waiting).done, true)
    assert.equal(calls.cancelled, 1)
    iterator.push(1)
    assert.equal((await iterator.next()).done, true)
  })

  it('does not begin when it is returned before', async () => {
    const { iterator, calls } = fed()
    await iterator.return()
    assert.equal((await iterator.next()).done, true)
    assert.equal(calls.begun, 0)
  })
})
