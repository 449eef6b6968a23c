import type { Cancel, PeerHandle } from '@onehop/overlay'
import { DIAL_ROUND_TRIPS, MAX_PENDING_REQUESTS } from './limits.ts'
import type { Reply, Request } from './messages.ts'
import type { KelipsState } from './state.ts'

/** Why no answer came. */
export type Silence = 'timed out' | 'unreachable'

/** What happens to a request. An answer may still come after the silence, until the request is closed. */
export interface RequestHandlers {
  onReply(reply: Reply): void
  onSilence(silence: Silence): void
}

interface Pending {
  readonly peer: PeerHandle
  readonly expected: Reply['type']
  readonly sentMs: number
  /** It needed a dial first. */
  readonly isCold: boolean
  /** Asks about another peer: neither its time nor its silence says anything of this one. */
  readonly isForOther: boolean
  readonly handlers: RequestHandlers
  cancelTimer: Cancel
  isSilent: boolean
}

const REPLY_TO = { pull: 'share', store: 'stored', find: 'found', ping: 'pong', locate: 'found' } as const

/** A late answer is taken for this many times the time allowed. */
const LINGER = 4
const RTT_FACTOR = 3
const REQUEST_NUMBERS = 0x1_0000_0000

/** Requests that wait for their answers: measures round-trip times and notices silence. */
export class Requests {
  /** Called for every request that stayed without an answer. */
  onSilence: (peer: PeerHandle, silence: Silence) => void = () => {}
  private readonly pending = new Map<number, Pending>()
  private readonly state: KelipsState
  private next: number

  constructor(state: KelipsState) {
    this.state = state
    this.next = Math.floor(state.environment.random() * REQUEST_NUMBERS)
  }

  get size(): number {
    return this.pending.size
  }

  /** Time that the peer has for an answer: 3 × its round-trip time, and a dial's where there is no connection. */
  timeoutMsOf(peer: PeerHandle): number {
    const { minimumTimeoutMs, defaultTimeoutMs } = this.state.options
    const rttMs = this.state.roster.rttMsOf(peer)
    const isWarm = this.state.environment.isConnected(peer)
    if (rttMs === undefined) return defaultTimeoutMs * (isWarm ? 1 : 1 + DIAL_ROUND_TRIPS)
    const usualMs = Math.max(minimumTimeoutMs, Math.ceil(RTT_FACTOR * rttMs))
    return isWarm ? usualMs : usualMs + Math.ceil(DIAL_ROUND_TRIPS * rttMs)
  }

  /** Sends a request. The returned function closes it: nothing is called any more. */
  send(
    peer: PeerHandle,
    build: (request: number) => Request,
    handlers: RequestHandlers,
    timeoutMs = this.timeoutMsOf(peer),
  ): Cancel {
    if (this.pending.size >= MAX_PENDING_REQUESTS) this.close(this.pending.keys().next().value as number)
    const number = this.next
    this.next = (this.next + 1) % REQUEST_NUMBERS
    const message = build(number)
    const { environment, handles } = this.state
    handles.hold(peer)
    const cancelTimer = environment.setTimer(timeoutMs, () => this.onTimeout(number, timeoutMs))
    this.pending.set(number, {
      peer,
      expected: REPLY_TO[message.type],
      sentMs: environment.now(),
      isCold: !environment.isConnected(peer),
      isForOther: message.type === 'ping' && message.target !== undefined,
      handlers,
      cancelTimer,
      isSilent: false,
    })
    environment.send(peer, message)
    return () => this.close(number)
  }

  /** An answer has come. Nobody asked for it: ignored, for it may be late. */
  onReply(from: PeerHandle, reply: Reply): void {
    const pending = this.pending.get(reply.request)
    if (pending === undefined || pending.peer !== from || pending.expected !== reply.type) return
    this.state.roster.heard(from, this.roundTripMs(pending))
    this.close(reply.request)
    pending.handlers.onReply(reply)
  }

  /** What an answer that comes now says of the peer's round-trip time. */
  private roundTripMs({ peer, sentMs, isCold, isForOther }: Pending): number | undefined {
    if (isForOther) return undefined
    const elapsedMs = this.state.now() - sentMs
    if (!isCold) return elapsedMs
    const isMeasured = this.state.roster.rttMsOf(peer) !== undefined
    return isMeasured ? undefined : elapsedMs / (1 + DIAL_ROUND_TRIPS)
  }

  onUnreachable(peer: PeerHandle): void {
    for (const [number, pending] of [...this.pending]) {
      if (pending.peer !== peer) continue
      this.state.handles.while(peer, () => {
        this.close(number)
        if (!pending.isSilent) this.fail(pending, 'unreachable')
      })
    }
  }

  /** Closes all. */
  clear(): void {
    for (const number of [...this.pending.keys()]) this.close(number)
  }

  private onTimeout(number: number, timeoutMs: number): void {
    const pending = this.pending.get(number)
    if (pending === undefined) return
    pending.isSilent = true
    pending.cancelTimer = this.state.environment.setTimer(timeoutMs * (LINGER - 1), () => this.close(number))
    this.fail(pending, 'timed out')
  }

  private fail(pending: Pending, silence: Silence): void {
    this.state.handles.while(pending.peer, peer => {
      if (!pending.isForOther || silence === 'unreachable') this.onSilence(peer, silence)
      pending.handlers.onSilence(silence)
    })
  }

  private close(number: number): void {
    const pending = this.pending.get(number)
    if (pending === undefined) return
    this.pending.delete(number)
    pending.cancelTimer()
    this.state.handles.drop(pending.peer)
  }
}
