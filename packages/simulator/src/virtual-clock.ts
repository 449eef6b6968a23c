import type { Cancel } from '@onehop/overlay'
import { AssertionError, assert } from '@onehop/primitives'
import { EventLists, EventPool, type EventSink, NONE } from './event-pool.ts'
import { MAX_EVENTS_PER_MS, MAX_VIRTUAL_MS } from './limits.ts'

/** Near: one slot a millisecond. Middle: one slot for all of the near ones. Far: one slot for all of the middle ones. */
const NEAR_BITS = 12
const MIDDLE_BITS = 10
const NEAR_SLOTS = 1 << NEAR_BITS
const MIDDLE_SLOTS = 1 << MIDDLE_BITS
const FAR_SHIFT = NEAR_BITS + MIDDLE_BITS
const FAR_SLOTS = 1 << (31 - FAR_SHIFT)

/** Runs plain callbacks. */
const CALLBACKS: EventSink = {
  onEvent: (_a, _b, _c, callback) => void (callback as () => void)(),
}

/**
 * Virtual time in whole milliseconds: events run in the order of their times, those of one millisecond in the order
 * in which they were set. Fractions of a millisecond are rounded up.
 *
 * A timing wheel of three levels. An event's level hangs on the highest part in which its time differs from now; a
 * slot is poured into the next lower level when its time begins, before anything can be set there directly. So every
 * list is in the order of setting by itself, and no sequence number is compared.
 */
export class VirtualClock {
  private readonly pool = new EventPool()
  private readonly near = new EventLists(NEAR_SLOTS, this.pool)
  private readonly middle = new EventLists(MIDDLE_SLOTS, this.pool)
  private readonly far = new EventLists(FAR_SLOTS, this.pool)
  private readonly startMs: number
  /** Milliseconds since the start. */
  private tick = 0
  private processed = 0
  private ranInTick = 0

  /** @param startMs Unix time in ms at which the simulation begins. */
  constructor(startMs: number) {
    assert(Number.isInteger(startMs), `a clock that starts at ${startMs} ms`)
    this.startMs = startMs
  }

  now(): number {
    return this.startMs + this.tick
  }

  /** Milliseconds since the start of the simulation: a small integer. */
  get elapsedMs(): number {
    return this.tick
  }

  /** Events that have run: timers and deliveries. */
  get events(): number {
    return this.processed
  }

  /** Events that wait, cancelled ones included. */
  get pending(): number {
    return this.near.size + this.middle.size + this.far.size
  }

  /** Hands an event to `sink` after `delayMs`. Needs no closure. */
  schedule(delayMs: number, sink: EventSink, a: number, b: number, c: number, payload: unknown): number {
    const isCountable = delayMs >= 0 && delayMs <= MAX_VIRTUAL_MS - this.tick
    if (!isCountable) throw new AssertionError(`a timer of ${delayMs} ms`)
    const { pool } = this
    const event = pool.take()
    pool.tick[event] = this.tick + Math.ceil(delayMs)
    pool.a[event] = a
    pool.b[event] = b
    pool.c[event] = c
    pool.sink[event] = sink
    pool.payload[event] = payload
    this.place(event)
    return event
  }

  /** Calls back after `delayMs`. A sink of one's own may refuse to: it is handed the callback as the payload. */
  setTimer(delayMs: number, callback: () => void, sink: EventSink = CALLBACKS): Cancel {
    const { pool } = this
    const event = this.schedule(delayMs, sink, 0, 0, 0, callback)
    const use = pool.uses[event]
    return () => {
      if (pool.uses[event] === use) pool.clear(event)
    }
  }

  /** Runs the next event; false when there is none. */
  step(): boolean {
    return this.runNext(MAX_VIRTUAL_MS)
  }

  /** Runs everything that is due within `durationMs`, and moves the time there. */
  runFor(durationMs: number): void {
    const endTick = this.endAfter(durationMs)
    while (this.runNext(endTick));
    this.enter(endTick)
  }

  /** Runs until the condition holds, checked after every event; false when `withinMs` passed before. */
  runUntil(condition: () => boolean, withinMs: number): boolean {
    const endTick = this.endAfter(withinMs)
    while (!condition()) {
      if (this.runNext(endTick)) continue
      this.enter(endTick)
      return condition()
    }
    return true
  }

  private endAfter(durationMs: number): number {
    assert(durationMs >= 0, `${durationMs} ms is no time to run`)
    return Math.min(MAX_VIRTUAL_MS, this.tick + Math.ceil(durationMs))
  }

  /** Runs one event that is due by then; false when there is none. */
  private runNext(endTick: number): boolean {
    const { pool } = this
    while (this.seek(endTick)) {
      const event = this.near.shift(this.tick & (NEAR_SLOTS - 1))
      const sink = pool.sink[event]
      const payload = pool.payload[event]
      const a = pool.a[event]!
      const b = pool.b[event]!
      const c = pool.c[event]!
      pool.giveBack(event)
      if (sink === undefined) continue
      this.processed++
      assert(++this.ranInTick <= MAX_EVENTS_PER_MS, 'too many events, and no time has passed')
      sink.onEvent(a, b, c, payload)
      return true
    }
    return false
  }

  /** Moves the time to the next event's, if that is not after `endTick`. */
  private seek(endTick: number): boolean {
    for (;;) {
      if (this.near.size > 0) {
        const tick = this.nextNear()
        if (tick > endTick) return false
        if (tick !== this.tick) this.ranInTick = 0
        this.tick = tick
        return true
      }
      const start = this.nextStart()
      if (start === NONE || start > endTick) return false
      this.enter(start)
    }
  }

  private nextNear(): number {
    let tick = this.tick
    while (this.near.isEmpty(tick & (NEAR_SLOTS - 1))) tick++
    return tick
  }

  /** When the next slot of the higher levels begins that holds anything. */
  private nextStart(): number {
    if (this.middle.size > 0) {
      let slot = this.tick >>> NEAR_BITS
      while (this.middle.isEmpty(slot & (MIDDLE_SLOTS - 1))) slot++
      return slot << NEAR_BITS
    }
    if (this.far.size === 0) return NONE
    let slot = this.tick >>> FAR_SHIFT
    while (this.far.isEmpty(slot)) slot++
    return slot << FAR_SHIFT
  }

  /** Moves the time to a tick before which nothing is due, and pours the slots that begin there. */
  private enter(tick: number): void {
    const changed = this.tick ^ tick
    if (changed === 0) return
    this.tick = tick
    this.ranInTick = 0
    if (changed >>> FAR_SHIFT !== 0) this.pour(this.far, tick >>> FAR_SHIFT)
    if (changed >>> NEAR_BITS !== 0) this.pour(this.middle, (tick >>> NEAR_BITS) & (MIDDLE_SLOTS - 1))
  }

  private pour(lists: EventLists, slot: number): void {
    for (let event = lists.shift(slot); event !== NONE; event = lists.shift(slot)) this.place(event)
  }

  private place(event: number): void {
    const tick = this.pool.tick[event]!
    const changed = this.tick ^ tick
    if (changed >>> NEAR_BITS === 0) this.near.append(tick & (NEAR_SLOTS - 1), event)
    else if (changed >>> FAR_SHIFT === 0) this.middle.append((tick >>> NEAR_BITS) & (MIDDLE_SLOTS - 1), event)
    else this.far.append(tick >>> FAR_SHIFT, event)
  }
}
