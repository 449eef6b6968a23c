import type { Cancel } from '@onehop/overlay'
import { assert } from '@onehop/primitives'
import { MAX_EVENTS_PER_RUN } from './limits.ts'

interface Timer {
  readonly timeMs: number
  /** Decides between timers of the same time: the one that was set first comes first. */
  readonly sequence: number
  callback: (() => void) | undefined
}

/** Virtual time: timers run in the order of their times, those of the same time in the order in which they were set. */
export class VirtualClock {
  private readonly heap: Timer[] = []
  private nextSequence = 0
  private timeMs: number
  private processed = 0

  /** @param startMs Unix time in ms at which the simulation begins. */
  constructor(startMs: number) {
    this.timeMs = startMs
  }

  now(): number {
    return this.timeMs
  }

  /** Timers that have run. */
  get events(): number {
    return this.processed
  }

  /** Timers that wait, cancelled ones included. */
  get pending(): number {
    return this.heap.length
  }

  setTimer(delayMs: number, callback: () => void): Cancel {
    assert(delayMs >= 0 && Number.isFinite(delayMs), `a timer of ${delayMs} ms`)
    const timer: Timer = { timeMs: this.timeMs + delayMs, sequence: this.nextSequence++, callback }
    this.push(timer)
    return () => {
      timer.callback = undefined
    }
  }

  /** Runs the next timer; false when there is none. */
  step(): boolean {
    for (let timer = this.pop(); timer !== undefined; timer = this.pop()) {
      if (timer.callback === undefined) continue
      this.timeMs = timer.timeMs
      this.processed++
      timer.callback()
      return true
    }
    return false
  }

  /** Runs everything that is due within `durationMs`, and moves the time there. */
  runFor(durationMs: number): void {
    const endMs = this.timeMs + durationMs
    this.runUntil(() => false, durationMs)
    this.timeMs = endMs
  }

  /** Runs until the condition holds, checked after every timer; false when `withinMs` passed before. */
  runUntil(condition: () => boolean, withinMs: number): boolean {
    const endMs = this.timeMs + withinMs
    for (let events = 0; events < MAX_EVENTS_PER_RUN; events++) {
      if (condition()) return true
      const next = this.peek()
      if (next === undefined || next.timeMs > endMs) {
        this.timeMs = endMs
        return condition()
      }
      this.step()
    }
    throw new Error(`the simulation has run ${MAX_EVENTS_PER_RUN} events without an end`)
  }

  private peek(): Timer | undefined {
    while (this.heap.length > 0 && this.heap[0]!.callback === undefined) this.pop()
    return this.heap[0]
  }

  private push(timer: Timer): void {
    const { heap } = this
    let at = heap.length
    heap.push(timer)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(timer, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = timer
  }

  private pop(): Timer | undefined {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined || heap.length === 0) return first
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.sequence < b.sequence)
}
