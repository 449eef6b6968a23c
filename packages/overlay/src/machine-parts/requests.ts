import { assert, BoundedMap } from '@onehop/primitives'
import type { Cancel, Environment, PeerHandle } from '../contract.ts'
import type { Handles } from './handles.ts'

/** Why no answer came. */
export type RequestSilence = 'timed out' | 'unreachable'

/** What becomes of a request. */
export interface RequestHandlers<Reply> {
  /** @param from who answered: the peer asked, unless anybody may. */
  onReply(reply: Reply, from: PeerHandle): void
  onSilence(silence: RequestSilence): void
}

/** How long answers may take, and how many may be waited for. */
export interface RequestOptions {
  /** While nothing is known of a peer's round-trip time, over an open connection. */
  readonly defaultTimeoutMs: number
  readonly minimumTimeoutMs: number
  /** A dial takes so many round trips more (see the simulator's `LIVE_CONNECTIONS`). */
  readonly dialRoundTrips: number
  /** Requests under way at most: for one more the oldest is given up, and told at the next tick that it timed out. */
  readonly mostPending: number
  /** Peers whose round-trip time is remembered. */
  readonly mostTimes: number
}

interface Pending<Reply> {
  readonly peer: PeerHandle
  readonly isForAnybody: boolean
  readonly sentMs: number
  readonly isCold: boolean
  readonly handlers: RequestHandlers<Reply>
  cancelTimer: Cancel
}

const RTT_FACTOR = 3
/** A late answer is listened to for this many times the time allowed. */
const LINGER = 4
/** Of the old estimate in the new one: RFC 6298's smoothing. */
const SMOOTHING = 7 / 8
const REQUEST_NUMBERS = 0x1_0000_0000

/** Requests that wait for their answers, by number: measures round-trip times and notices silence. */
export class Requests<Message, Reply> {
  private readonly environment: Environment<Message>
  private readonly handles: Handles
  private readonly options: RequestOptions
  private readonly pending = new Map<number, Pending<Reply>>()
  /** Those that had to make room, until they are told. */
  private readonly givenUp = new Map<number, Pending<Reply>>()
  /** Timed out: an answer is of use only for its time. */
  private readonly late = new Map<number, Pending<Reply>>()
  private readonly rttMs: BoundedMap<PeerHandle, number>
  private next: number

  constructor(environment: Environment<Message>, handles: Handles, options: RequestOptions) {
    this.environment = environment
    this.handles = handles
    this.options = options
    this.rttMs = new BoundedMap(options.mostTimes)
    this.next = Math.floor(environment.random() * REQUEST_NUMBERS)
  }

  get size(): number {
    return this.pending.size
  }

  /** Smoothed; undefined when the peer has never answered over an open connection. */
  roundTripMs(peer: PeerHandle): number | undefined {
    return this.rttMs.get(peer)
  }

  /** Time that the peer has for an answer: 3 × its round-trip time, and a dial's where there is no connection. */
  timeoutMsOf(peer: PeerHandle): number {
    const { minimumTimeoutMs, defaultTimeoutMs, dialRoundTrips } = this.options
    const rttMs = this.rttMs.get(peer)
    const coldRoundTrips = this.environment.isConnected(peer) ? 0 : dialRoundTrips
    if (rttMs === undefined) return defaultTimeoutMs * (1 + coldRoundTrips)
    return Math.max(minimumTimeoutMs, Math.ceil(RTT_FACTOR * rttMs)) + Math.ceil(coldRoundTrips * rttMs)
  }

  /**
   * Sends a request to a peer.
   * @param build makes the message that carries the request's number.
   * @returns closes it: nothing is called any more.
   */
  send(
    peer: PeerHandle,
    build: (request: number) => Message,
    handlers: RequestHandlers<Reply>,
    choice: {
      readonly timeoutMs?: number /** Others may answer in the peer's place. */
      readonly anybody?: boolean
    } = {},
  ): Cancel {
    if (this.pending.size >= this.options.mostPending) this.giveUpOldest()
    const number = this.next
    this.next = (this.next + 1) % REQUEST_NUMBERS
    assert(!this.pending.has(number), 'a request number is used twice')
    this.handles.hold(peer)
    const timeoutMs = choice.timeoutMs ?? this.timeoutMsOf(peer)
    this.pending.set(number, {
      peer,
      isForAnybody: choice.anybody === true,
      sentMs: this.environment.now(),
      isCold: !this.environment.isConnected(peer),
      handlers,
      cancelTimer: this.environment.setTimer(timeoutMs, () => this.onTimeout(number, timeoutMs)),
    })
    this.environment.send(peer, build(number))
    return () => this.close(number)
  }

  /** An answer has come. @returns false when nobody waits for it: it is late, or nobody asked. */
  onReply(from: PeerHandle, request: number, reply: Reply): boolean {
    this.onLateReply(from, request)
    const pending = this.pending.get(request)
    if (pending === undefined || !(pending.isForAnybody || pending.peer === from)) return false
    if (pending.peer === from && !pending.isForAnybody) this.measure(pending)
    this.handles.hold(from)
    this.close(request)
    pending.handlers.onReply(reply, from)
    this.handles.drop(from)
    return true
  }

  /** The driver could not deliver to this peer. */
  onUnreachable(peer: PeerHandle): void {
    this.forget(peer)
    for (const [number, pending] of [...this.pending])
      if (pending.peer === peer && this.pending.get(number) === pending) this.fail(number, 'unreachable')
  }

  /** Closes all, without a word, and forgets all times. */
  clear(): void {
    for (const number of [...this.pending.keys(), ...this.givenUp.keys()]) this.close(number)
    for (const number of [...this.late.keys()]) this.forgetLate(number)
    for (const peer of [...this.rttMs.keys()]) this.forget(peer)
  }

  private measure(answered: Pending<Reply>): void {
    const { peer } = answered
    const known = this.rttMs.get(peer)
    const sampleMs = this.roundTripOf(answered)
    if (known === undefined) this.remember(peer, sampleMs)
    else if (!answered.isCold) this.rttMs.set(peer, known * SMOOTHING + sampleMs * (1 - SMOOTHING))
  }

  /** What an answer that comes now says of the peer's round-trip time. */
  private roundTripOf({ sentMs, isCold }: Pending<Reply>): number {
    const elapsedMs = this.environment.now() - sentMs
    return isCold ? elapsedMs / (1 + this.options.dialRoundTrips) : elapsedMs
  }

  private remember(peer: PeerHandle, rttMs: number): void {
    this.handles.hold(peer)
    const evicted = this.rttMs.set(peer, rttMs)
    if (evicted !== undefined) this.handles.drop(evicted)
  }

  private forget(peer: PeerHandle): void {
    if (this.rttMs.delete(peer)) this.handles.drop(peer)
  }

  /** An answer may still tell that the peer is slower than it was: without that, all later requests would fail, too. */
  private onTimeout(number: number, timeoutMs: number): void {
    const pending = this.pending.get(number)
    const isWorthWaiting = pending?.isForAnybody === false && this.rttMs.has(pending.peer)
    if (isWorthWaiting && this.late.size < this.options.mostPending) {
      this.handles.hold(pending.peer)
      const cancelTimer = this.environment.setTimer(timeoutMs * (LINGER - 1), () => this.forgetLate(number))
      this.late.set(number, { ...pending, cancelTimer })
    }
    this.fail(number, 'timed out')
  }

  private onLateReply(from: PeerHandle, request: number): void {
    const late = this.late.get(request)
    if (late?.peer !== from) return
    const known = this.rttMs.get(from)
    if (known !== undefined) this.rttMs.set(from, Math.max(known, this.roundTripOf(late)))
    this.forgetLate(request)
  }

  private forgetLate(number: number): void {
    const late = this.late.get(number)
    if (late === undefined) return
    this.late.delete(number)
    late.cancelTimer()
    this.handles.drop(late.peer)
  }

  private fail(number: number, silence: RequestSilence): void {
    const pending = this.pending.get(number) ?? this.givenUp.get(number)
    if (pending === undefined) return
    this.handles.while(pending.peer, () => {
      this.close(number)
      pending.handlers.onSilence(silence)
    })
  }

  /** Its sender is told at the next tick: one that sends anew at once would drive out one after the other. */
  private giveUpOldest(): void {
    const [number, pending] = this.pending.entries().next().value as [number, Pending<Reply>]
    this.pending.delete(number)
    this.givenUp.set(number, pending)
    pending.cancelTimer()
    pending.cancelTimer = this.environment.setTimer(0, () => this.fail(number, 'timed out'))
  }

  private close(number: number): void {
    const pending = this.pending.get(number) ?? this.givenUp.get(number)
    if (pending === undefined) return
    this.pending.delete(number)
    this.givenUp.delete(number)
    pending.cancelTimer()
    this.handles.drop(pending.peer)
  }
}
