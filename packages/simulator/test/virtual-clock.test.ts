import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { VirtualClock } from '../src/index.ts'

/** What a clock is to do, as a list that is sorted every time: slow, and plainly right. */
class NaiveClock {
  private readonly waiting: { timeMs: number; order: number; callback: () => void }[] = []
  private order = 0
  private timeMs = 0

  now(): number {
    return this.timeMs
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer = { timeMs: this.timeMs + Math.ceil(delayMs), order: this.order++, callback }
    this.waiting.push(timer)
    return () => {
      const at = this.waiting.indexOf(timer)
      if (at >= 0) this.waiting.splice(at, 1)
    }
  }

  runFor(durationMs: number): void {
    const endMs = this.timeMs + durationMs
    for (;;) {
      this.waiting.sort((a, b) => a.timeMs - b.timeMs || a.order - b.order)
      if (this.waiting.length === 0 || this.waiting[0]!.timeMs > endMs) break
      const timer = this.waiting.shift()!
      this.timeMs = timer.timeMs
      timer.callback()
    }
    this.timeMs = endMs
  }
}

/** Delays of every level of the wheel, and its edges. */
const delay = fc.oneof(
  fc.nat(20),
  fc.nat(10_000),
  fc.nat(10_000_000),
  fc.nat(200_000_000),
  fc.constantFrom(4_095, 4_096, 4_097, 4_194_303, 4_194_304, 4_194_305, 0.25, 0.5),
)

/** Sets a timer (which sets another), cancels one that was set, or lets time pass. */
const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('set' as const), delay, next: fc.option(delay) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), at: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('run' as const), forMs: delay.map(Math.ceil) }) },
)

type Action = typeof action extends fc.Arbitrary<infer A> ? A : never

function played(clock: VirtualClock | NaiveClock, actions: readonly Action[]): string[] {
  const log: string[] = []
  const cancels: (() => void)[] = []
  actions.forEach((step, i) => {
    if (step.kind === 'run') clock.runFor(step.forMs)
    else if (step.kind === 'cancel') cancels[step.at]?.()
    else
      cancels.push(
        clock.setTimer(step.delay, () => {
          log.push(`${i} at ${clock.now()}`)
          if (step.next !== null) clock.setTimer(step.next, () => log.push(`${i} again at ${clock.now()}`))
        }),
      )
  })
  clock.runFor(1_000_000_000)
  log.push(`end at ${clock.now()}`)
  return log
}

describe('the timing wheel', () => {
  it('runs the same timers at the same times as a sorted list, whatever is set, cancelled and waited for', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), actions => {
        assert.deepEqual(played(new VirtualClock(0), actions), played(new NaiveClock(), actions))
      }),
      { numRuns: 500 },
    )
  })

  it('steps from event to event, however far apart they are', () => {
    const clock = new VirtualClock(500)
    const seen: number[] = []
    for (const delayMs of [2_000_000_000, 0, 4_095, 4_096, 5_000_000])
      clock.setTimer(delayMs, () => seen.push(clock.now() - 500))
    while (clock.step());
    assert.deepEqual(seen, [0, 4_095, 4_096, 5_000_000, 2_000_000_000])
    assert.equal(clock.pending, 0)
  })

  it('takes no cancellation of a timer that has run for one of the timer that took its place', () => {
    const clock = new VirtualClock(0)
    const cancelFirst = clock.setTimer(1, () => {})
    clock.runFor(1)
    let ran = false
    clock.setTimer(1, () => {
      ran = true
    })
    cancelFirst()
    clock.runFor(1)
    assert.ok(ran)
  })

  it('hands events without a closure to their sink, in order', () => {
    const clock = new VirtualClock(0)
    const seen: unknown[] = []
    const sink = { onEvent: (...event: unknown[]) => void seen.push(event) }
    clock.schedule(2, sink, 1, 2, 3, 'later')
    clock.schedule(1, sink, 4, 5, 6, 'sooner')
    clock.runFor(10)
    assert.deepEqual(seen, [
      [4, 5, 6, 'sooner'],
      [1, 2, 3, 'later'],
    ])
  })

  it('refuses times that it cannot count', () => {
    const clock = new VirtualClock(0)
    assert.throws(() => clock.setTimer(-1, () => {}), /a timer of -1 ms/)
    assert.throws(() => clock.setTimer(Number.NaN, () => {}), /a timer of NaN ms/)
    assert.throws(() => clock.setTimer(3_000_000_000, () => {}), /a timer of 3000000000 ms/)
    assert.throws(() => new VirtualClock(0.5), /a clock that starts at 0.5 ms/)
  })
})
