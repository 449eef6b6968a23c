import type { Cancel, Outcome, PeerEntry, PeerHandle } from '@onehop/overlay'
import { Costs, internEntry } from '@onehop/overlay'
import { MAX_CONNECTING } from './limits.ts'
import type { GnutellaState } from './state.ts'

/** Peers that one join turns to at most, those included that others named. */
const MOST_TRIES = 48

/** Times that a peer is asked, spread over the time that it has for an answer: a message may be lost. */
const TRIES_PER_PEER = 3

/** Of the peers that a refusal names, so many are turned to at once. */
const TRIES_PER_REFUSAL = 3

/** A join that is under way: over when one of those tried is a neighbour, or all have failed. */
class Join {
  readonly costs: Costs
  readonly tried = new Set<PeerHandle>()
  pending = 0
  hasTimedOut = false
  isOver = false
  readonly done: (outcome: Outcome) => void

  constructor(nowMs: number, done: (outcome: Outcome) => void) {
    this.costs = new Costs(nowMs)
    this.done = done
  }
}

interface Attempt {
  readonly join: Join | undefined
  /** Times that the peer will be asked again. */
  triesLeft: number
  cancelTimer: Cancel
}

/** Attempts to become somebody's neighbour: for a join, or because a neighbour is wanted. */
export class Connecting {
  private readonly state: GnutellaState
  /** An attempt has failed. */
  private readonly onFailure: () => void
  private readonly attempts = new Map<PeerHandle, Attempt>()
  private readonly joins = new Set<Join>()

  constructor(state: GnutellaState, onFailure: () => void) {
    this.state = state
    this.onFailure = onFailure
  }

  get size(): number {
    return this.attempts.size
  }

  get isJoining(): boolean {
    return this.joins.size > 0
  }

  has(peer: PeerHandle): boolean {
    return this.attempts.has(peer)
  }

  /** Asks these peers for a neighbour's place; done when one of them, or one that they name, grants it. */
  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    const join = new Join(this.state.now(), done)
    this.joins.add(join)
    for (const peer of introducers) this.tryFor(join, peer)
    this.endIfFailed(join)
  }

  /** Asks one host for a neighbour's place, unless enough are being asked. */
  seek(entry: PeerEntry): void {
    if (this.attempts.size >= MAX_CONNECTING) return
    const { environment, handles } = this.state
    handles.while(internEntry(environment, entry), peer => this.attempt(peer, undefined))
  }

  /** The peer is a neighbour now. */
  onGranted(peer: PeerHandle): void {
    this.state.hosts.noteAlive(this.state.environment.idOf(peer))
    const attempt = this.close(peer)
    for (const join of [...this.joins])
      if (join === attempt?.join || join.tried.has(peer)) this.end(join, undefined)
  }

  /** The peer has no place, and names others. */
  onRefused(peer: PeerHandle, toTry: readonly PeerEntry[]): void {
    this.state.hosts.noteRefusal(this.state.environment.idOf(peer), true)
    const join = this.close(peer)?.join
    if (join !== undefined && !join.isOver) {
      const { environment, handles } = this.state
      for (const entry of toTry.slice(0, TRIES_PER_REFUSAL))
        handles.while(internEntry(environment, entry), other => this.tryFor(join, other))
    }
    this.afterFailure(join)
  }

  onUnreachable(peer: PeerHandle): void {
    if (this.attempts.has(peer)) this.fail(peer, false)
  }

  /** All joins that are under way are fulfilled: the node is in the network, whoever let it in. */
  endAll(): void {
    for (const join of [...this.joins]) this.end(join, undefined)
  }

  stop(): void {
    for (const { tried } of this.joins) for (const peer of tried) this.state.handles.drop(peer)
    this.joins.clear()
    for (const peer of [...this.attempts.keys()]) this.close(peer)
  }

  private tryFor(join: Join, peer: PeerHandle): void {
    if (peer === this.state.environment.self || join.tried.has(peer)) return
    if (join.tried.size >= MOST_TRIES) return
    this.state.handles.hold(peer)
    join.tried.add(peer)
    join.costs.attempts++
    if (this.state.neighbours.of(peer) !== undefined) this.end(join, undefined)
    else this.attempt(peer, join)
  }

  private attempt(peer: PeerHandle, join: Join | undefined): void {
    if (peer === this.state.environment.self || this.attempts.has(peer)) return
    const attempt = { join, triesLeft: TRIES_PER_PEER, cancelTimer: () => {} }
    this.attempts.set(this.state.handles.hold(peer), attempt)
    if (join !== undefined) join.pending++
    this.ask(peer, attempt)
  }

  private ask(peer: PeerHandle, attempt: Attempt): void {
    const { environment, options } = this.state
    const waitMs = Math.ceil(options.connectTimeoutMs / TRIES_PER_PEER)
    attempt.triesLeft--
    attempt.cancelTimer = environment.setTimer(waitMs, () => {
      if (attempt.triesLeft > 0) this.ask(peer, attempt)
      else this.fail(peer, true)
    })
    if (attempt.join !== undefined) attempt.join.costs.messages++
    environment.send(peer, { type: 'connect', peer: this.state.ownEntry() })
  }

  private fail(peer: PeerHandle, hasTimedOut: boolean): void {
    this.state.hosts.noteRefusal(this.state.environment.idOf(peer), false)
    const join = this.close(peer)?.join
    if (join !== undefined && hasTimedOut) {
      join.hasTimedOut = true
      join.costs.timeouts++
    }
    this.afterFailure(join)
  }

  private afterFailure(join: Join | undefined): void {
    if (join !== undefined) this.endIfFailed(join)
    this.onFailure()
  }

  private close(peer: PeerHandle): Attempt | undefined {
    const attempt = this.attempts.get(peer)
    if (attempt === undefined) return undefined
    this.attempts.delete(peer)
    attempt.cancelTimer()
    if (attempt.join !== undefined) attempt.join.pending--
    this.state.handles.drop(peer)
    return attempt
  }

  private endIfFailed(join: Join): void {
    if (!join.isOver && join.pending === 0)
      this.end(join, join.hasTimedOut ? ('timed out' as const) : ('unreachable' as const))
  }

  private end(join: Join, failure: Outcome['failure']): void {
    if (join.isOver) return
    join.isOver = true
    this.joins.delete(join)
    for (const peer of join.tried) this.state.handles.drop(peer)
    join.done(
      join.costs.outcome(this.state.now(), { acknowledgements: failure === undefined ? 1 : 0, failure }),
    )
  }
}
