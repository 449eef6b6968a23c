/** Whom an event is handed to when its time has come. */
export interface EventSink {
  onEvent(a: number, b: number, c: number, payload: unknown): void
}

/** No event: the end of a list. */
export const NONE = -1

const FIRST_CAPACITY = 1024

/**
 * Events in columns, named by their index, linked into lists by `next`. What has run is used again, so that nothing
 * is allocated for an event but what it carries.
 */
export class EventPool {
  next = new Int32Array(FIRST_CAPACITY)
  tick = new Int32Array(FIRST_CAPACITY)
  a = new Int32Array(FIRST_CAPACITY)
  b = new Int32Array(FIRST_CAPACITY)
  c = new Int32Array(FIRST_CAPACITY)
  /** Counts how often an index was used, so that a late cancellation does not hit a later event. */
  uses = new Int32Array(FIRST_CAPACITY)
  /** Undefined: cancelled, or free. */
  readonly sink: (EventSink | undefined)[] = []
  readonly payload: unknown[] = []
  private firstFree = NONE
  private used = 0

  /** An index for an event, whose columns the caller fills. */
  take(): number {
    const free = this.firstFree
    if (free !== NONE) {
      this.firstFree = this.next[free]!
      return free
    }
    if (this.used === this.next.length) this.grow()
    this.sink.push(undefined)
    this.payload.push(undefined)
    return this.used++
  }

  /** The event is over. */
  giveBack(event: number): void {
    this.clear(event)
    this.next[event] = this.firstFree
    this.firstFree = event
  }

  /** Takes what the event carries from it; it stays in its list. */
  clear(event: number): void {
    this.sink[event] = undefined
    this.payload[event] = undefined
    this.uses[event] = (this.uses[event]! + 1) | 0
  }

  private grow(): void {
    for (const column of ['next', 'tick', 'a', 'b', 'c', 'uses'] as const) {
      const larger = new Int32Array(this.used * 2)
      larger.set(this[column])
      this[column] = larger
    }
  }
}

/** Lists of events, first in, first out: one for every slot of a wheel. */
export class EventLists {
  private readonly heads: Int32Array
  private readonly tails: Int32Array
  private readonly pool: EventPool
  /** Events in all lists together. */
  size = 0

  constructor(slots: number, pool: EventPool) {
    this.heads = new Int32Array(slots).fill(NONE)
    this.tails = new Int32Array(slots).fill(NONE)
    this.pool = pool
  }

  isEmpty(slot: number): boolean {
    return this.heads[slot] === NONE
  }

  append(slot: number, event: number): void {
    const tail = this.tails[slot]!
    this.pool.next[event] = NONE
    if (tail === NONE) this.heads[slot] = event
    else this.pool.next[tail] = event
    this.tails[slot] = event
    this.size++
  }

  /** Removes the first event of a slot; {@link NONE} when there is none. */
  shift(slot: number): number {
    const head = this.heads[slot]!
    if (head === NONE) return NONE
    const next = this.pool.next[head]!
    this.heads[slot] = next
    if (next === NONE) this.tails[slot] = NONE
    this.size--
    return head
  }
}
