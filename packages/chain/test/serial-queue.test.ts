import assert from 'node:assert/strict'
import { SerialQueue } from '../src/serial-queue.ts'

describe('a serial queue', () => {
  it('runs one job at a time, in order, also after one failed', async () => {
    const queue = new SerialQueue()
    const seen: string[] = []
    let open = () => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    const first = queue.run(async () => {
      seen.push('first begins')
      await gate
      seen.push('first ends')
      throw new Error('first')
    })
    const second = queue.run(async () => {
      seen.push('second')
      return 2
    })
    open()
    await assert.rejects(first, /first/)
    assert.equal(await second, 2)
    assert.deepEqual(seen, ['first begins', 'first ends', 'second'])
  })

  it('is idle when all jobs have ended', async () => {
    const queue = new SerialQueue()
    let ended = false
    void queue.run(async () => {
      await Promise.resolve()
      ended = true
    })
    await queue.idle()
    assert.equal(ended, true)
  })
})
