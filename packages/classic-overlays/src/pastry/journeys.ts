import type { Cancel, PeerHandle } from '@onehop/overlay'
import { assert } from '@onehop/primitives'
import { MAX_PENDING_REQUESTS } from './limits.ts'
import type { Found, Leaves, Stored } from './messages.ts'
import type { PastryState } from './state.ts'

/** What answers a routed request: from whom it comes nobody can know beforehand. */
export type Arrival = Found | Stored | Leaves

interface Journey {
  readonly onArrival: (arrival: Arrival, from: PeerHandle) => void
  readonly onSilence: () => void
  readonly cancelTimer: Cancel
}

/** Numbers of journeys are those from here to twice as much: answers of next hops have smaller ones. */
const FIRST_NUMBER = 0x1_0000_0000

/** Requests that are routed and wait for an answer from the other end. */
export class Journeys {
  private readonly state: PastryState
  private readonly pending = new Map<number, Journey>()
  private next: number

  constructor(state: PastryState) {
    this.state = state
    this.next = Math.floor(state.environment.random() * FIRST_NUMBER)
  }

  get size(): number {
    return this.pending.size
  }

  /** Whether the number is a journey's. */
  static isNumber(number: number): boolean {
    return number >= FIRST_NUMBER
  }

  /** @param begin sends the request with its number; an answer may come before it returns. */
  begin(
    begin: (number: number) => void,
    onArrival: Journey['onArrival'],
    onSilence: Journey['onSilence'],
  ): Cancel {
    if (this.pending.size >= MAX_PENDING_REQUESTS) this.fail(this.pending.keys().next().value as number)
    const number = FIRST_NUMBER + this.next
    this.next = (this.next + 1) % FIRST_NUMBER
    assert(!this.pending.has(number), 'the number of a journey is used twice')
    const { environment, options } = this.state
    const cancelTimer = environment.setTimer(options.routeTimeoutMs, () => this.fail(number))
    this.pending.set(number, { onArrival, onSilence, cancelTimer })
    begin(number)
    return () => void this.close(number)
  }

  /** An answer has come; nobody waits for one that is late. */
  onArrival(from: PeerHandle, arrival: Arrival): void {
    this.close(arrival.request)?.onArrival(arrival, from)
  }

  clear(): void {
    for (const number of [...this.pending.keys()]) this.close(number)
  }

  private fail(number: number): void {
    this.close(number)?.onSilence()
  }

  private close(number: number): Journey | undefined {
    const journey = this.pending.get(number)
    this.pending.delete(number)
    journey?.cancelTimer()
    return journey
  }
}
