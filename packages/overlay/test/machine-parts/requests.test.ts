import assert from 'node:assert/strict'
import fc from 'fast-check'
import { Handles, type RequestOptions, Requests } from '../../src/index.ts'
import { StrictEnvironment, testId } from './strict-environment.ts'

const OPTIONS: RequestOptions = {
  defaultTimeoutMs: 1_000,
  minimumTimeoutMs: 100,
  dialRoundTrips: 4,
  mostPending: 4,
  mostTimes: 3,
}

interface Question {
  readonly request: number
}

function scene(options: Partial<RequestOptions> = {}) {
  const environment = new StrictEnvironment<Question>()
  const handles = new Handles(environment as never)
  const requests = new Requests<Question, string>(environment, handles, { ...OPTIONS, ...options })
  const heard: string[] = []
  const ask = (n: number, then: () => void = () => {}, choice: { anybody?: boolean } = {}) =>
    handles.with(testId(n), peer =>
      requests.send(
        peer,
        request => ({ request }),
        {
          onReply: (reply, from) => {
            heard.push(`${reply} from ${environment.idOf(from)[2]}`)
            then()
          },
          onSilence: silence => {
            heard.push(`${n} ${silence}`)
            then()
          },
        },
        choice,
      ),
    )
  const answer = (n: number, index: number, reply = 'yes') =>
    handles.with(testId(n), from => requests.onReply(from, environment.sent[index]!.message.request, reply))
  const unreachable = (n: number) => handles.with(testId(n), peer => requests.onUnreachable(peer))
  const rttOf = (n: number) => handles.with(testId(n), peer => requests.roundTripMs(peer))
  const timeoutOf = (n: number) => handles.with(testId(n), peer => requests.timeoutMsOf(peer))
  return { environment, handles, requests, heard, ask, answer, unreachable, rttOf, timeoutOf }
}

describe('requests', () => {
  it('are answered once, by the peer that was asked and by no other', () => {
    const { ask, answer, heard, requests } = scene()
    ask(1)
    assert.equal(answer(2, 0), false)
    assert.equal(answer(1, 0), true)
    assert.equal(answer(1, 0), false)
    assert.deepEqual(heard, ['yes from 1'])
    assert.equal(requests.size, 0)
  })

  it('may be answered by anybody where that is meant, which measures nobody’s time', () => {
    const { environment, ask, answer, heard, rttOf } = scene()
    ask(1, undefined, { anybody: true })
    environment.advance(30)
    assert.equal(answer(2, 0), true)
    assert.deepEqual([heard, rttOf(1), rttOf(2)], [['yes from 2'], undefined, undefined])
    ask(1, undefined, { anybody: true })
    assert.equal(answer(1, 1), true)
    assert.equal(rttOf(1), undefined, 'it may have asked others first')
  })

  it('time out, or are told that the peer cannot be reached; a late answer is nobody’s', () => {
    const { environment, ask, answer, unreachable, heard } = scene()
    for (const n of [1, 2, 3]) environment.connect(testId(n))
    ask(1)
    environment.advance(999)
    ask(2)
    ask(2)
    ask(3)
    assert.deepEqual(heard, [])
    environment.advance(1)
    unreachable(2)
    assert.deepEqual(heard, ['1 timed out', '2 unreachable', '2 unreachable'])
    assert.equal(answer(1, 0), false)
    assert.equal(answer(3, 3), true)
  })

  it('learn round-trip times: a dial is taken off, and what is known is smoothed', () => {
    const { environment, ask, answer, rttOf, timeoutOf } = scene()
    assert.equal(timeoutOf(1), 5_000)
    ask(1)
    environment.advance(500)
    answer(1, 0)
    assert.equal(rttOf(1), 100)
    assert.equal(timeoutOf(1), 300 + 400)
    environment.connect(testId(1))
    assert.equal(timeoutOf(1), 300)
    ask(1)
    environment.advance(20)
    answer(1, 1)
    assert.equal(rttOf(1), 100 * (7 / 8) + 20 / 8)
  })

  it('learn from a late answer that a peer has become slower, from silence nothing', () => {
    const { environment, ask, answer, rttOf, heard } = scene()
    environment.connect(testId(1))
    ask(1)
    environment.advance(3)
    answer(1, 0)
    ask(1)
    environment.advance(390)
    assert.equal(rttOf(1), 3)
    assert.equal(answer(1, 1), false)
    assert.equal(rttOf(1), 390)
    ask(1)
    environment.advance(5_000)
    assert.equal(answer(1, 2), false)
    assert.equal(rttOf(1), 390, 'too late to be listened to')
    assert.deepEqual(heard, ['yes from 1', '1 timed out', '1 timed out'])
    assert.equal(environment.held, 1)
  })

  it('forget the time of a peer that cannot be reached, and remember only so many', () => {
    const { environment, ask, answer, unreachable, rttOf } = scene()
    for (const n of [1, 2, 3, 4]) {
      ask(n)
      environment.advance(10)
      answer(n, n - 1)
    }
    unreachable(3)
    assert.deepEqual([1, 2, 3, 4].map(rttOf), [undefined, 2, undefined, 2])
    assert.equal(environment.held, 2)
  })

  it('give way at the limit, the oldest first, which is told a moment later', () => {
    const { environment, ask, heard, requests } = scene()
    for (let n = 1; n <= 6; n++) ask(n)
    assert.equal(requests.size, OPTIONS.mostPending)
    assert.deepEqual(heard, [])
    environment.advance(0)
    assert.deepEqual(heard, ['1 timed out', '2 timed out'])
  })

  it('keep to the limit though whoever gives way asks again at once', () => {
    const { environment, ask, requests } = scene()
    let tries = 0
    const again = () => {
      assert.ok(requests.size <= OPTIONS.mostPending)
      if (tries++ < 50) ask(1 + (tries % 5), again)
    }
    for (let n = 1; n <= 5; n++) ask(n, again)
    environment.advance(100_000)
    assert.ok(tries > 50)
    assert.deepEqual([requests.size, environment.held, environment.timersWaiting], [0, 0, 0])
  })

  it('are not told anything once they are closed, given up ones neither', () => {
    const { environment, ask, heard, requests } = scene()
    const cancels = [1, 2, 3, 4, 5].map(n => ask(n))
    for (const cancel of cancels) cancel()
    for (const cancel of cancels) cancel()
    environment.advance(10_000)
    assert.deepEqual([heard, requests.size, environment.held], [[], 0, 0])
  })

  it('leave nothing behind when they are cleared', () => {
    const { environment, ask, answer, requests, heard } = scene()
    ask(1)
    answer(1, 0)
    for (let n = 2; n <= 7; n++) ask(n)
    requests.clear()
    assert.deepEqual([requests.size, environment.held, environment.timersWaiting], [0, 0, 0])
    assert.deepEqual(heard, ['yes from 1'])
  })

  it('end exactly once each, and let go of every handle, whatever happens in whatever order', () => {
    const step = fc.record({
      what: fc.constantFrom('ask', 'ask', 'answer', 'cancel', 'unreachable', 'wait', 'connect'),
      n: fc.integer({ min: 1, max: 5 }),
      index: fc.nat({ max: 40 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: 'max' }), steps => {
        const { environment, ask, answer, unreachable, requests } = scene()
        const ends: number[] = []
        const cancels: (() => void)[] = []
        for (const { what, n, index } of steps) {
          if (what === 'ask') {
            const number = cancels.length
            ends.push(0)
            cancels.push(ask(n, () => ends[number]!++))
          } else if (what === 'answer') {
            if (index < environment.sent.length) answer(n, index)
          } else if (what === 'cancel') cancels[index]?.()
          else if (what === 'unreachable') unreachable(n)
          else if (what === 'wait') environment.advance(index * 50)
          else environment.connect(testId(n), index % 2 === 0)
          assert.ok(requests.size <= OPTIONS.mostPending)
        }
        environment.advance(100_000)
        assert.ok(ends.every(count => count <= 1))
        requests.clear()
        assert.deepEqual([environment.held, environment.timersWaiting], [0, 0])
      }),
    )
  })
})
