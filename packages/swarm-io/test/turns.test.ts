import assert from 'node:assert/strict'
import { Turns } from '../src/turns.ts'

describe('turns', () => {
  it('let no more go on at once than the limit, first come first served, whatever becomes of them', async () => {
    const turns = new Turns(2)
    const ends: (() => void)[] = []
    const begun: number[] = []
    const action = (number: number) => async () => {
      begun.push(number)
      await new Promise<void>(resolve => ends.push(resolve))
      if (number === 0) throw new Error('failed')
      return number
    }
    const first = Array.from({ length: 4 }, (_, number) => turns.take(action(number)))
    assert.deepEqual(begun, [0, 1])
    ends[0]!()
    await assert.rejects(first[0]!, /failed/)
    // Who comes now does not take the place of who waits.
    const late = turns.take(action(4))
    while (begun.length < 3) await Promise.resolve()
    assert.deepEqual(begun, [0, 1, 2])
    for (let i = 1; i < 5; i++) {
      while (ends.length <= i) await Promise.resolve()
      ends[i]!()
    }
    assert.deepEqual(await Promise.all([first[1], first[2], first[3], late]), [1, 2, 3, 4])
  })
})
