import { Costs, type Outcome, type PeerHandle, type RequestSilence } from '@onehop/overlay'
import {
  JOIN_PATIENCE_MS,
  JOIN_RETRY_MS,
  MAX_FORMER_PARENTS,
  MAX_HOSTS,
  MAX_INTRODUCERS,
  ROUNDS_TO_SELF_PROMOTION,
  STRIKES_TO_LEAVE,
} from './limits.ts'
import type { HostEntry } from './messages.ts'
import { Seek } from './seek.ts'
import type { FastTrackState } from './state.ts'

/** A join that is under way. */
interface Joining {
  readonly costs: Costs
  readonly done: (outcome: Outcome) => void
  readonly untilMs: number
  /** Somebody was there, if only to turn this node away. */
  wasAnswered: boolean
}

/** What an ordinary node's session tells the rest of the machine. */
export interface SessionEvents {
  /** There is a new supernode. */
  onParent(): void
  onLost(): void
  /** A first join has failed. */
  onJoinFailed(): void
  /** This node is to be a supernode, for there is none. */
  onAlone(): void
}

/** An ordinary node and its supernode: looks for one, keeps in touch, and finds another when it is gone. */
export class Session {
  private readonly state: FastTrackState
  private readonly events: SessionEvents
  private readonly introducers: PeerHandle[] = []
  private readonly former: PeerHandle[] = []
  /** Left, and not told so yet: it keeps the pointers until the next one has them. */
  private leaving: PeerHandle | undefined
  private held: PeerHandle | undefined
  private seek: Seek | undefined
  private joining: Joining | undefined
  private rounds = 0
  private strikes = 0
  private pingedMs = 0
  private soughtMs = 0

  constructor(state: FastTrackState, events: SessionEvents) {
    this.state = state
    this.events = events
  }

  get parent(): PeerHandle | undefined {
    return this.held
  }

  get formerParents(): readonly PeerHandle[] {
    return this.former
  }

  /** It was in the network and has lost its supernode. */
  get isOrphan(): boolean {
    return this.state.phase === 'in' && !this.state.answersForItself && this.held === undefined
  }

  /** Peers to come back through. */
  get knownIntroducers(): readonly PeerHandle[] {
    return this.introducers
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    const { state } = this
    for (const peer of introducers) this.remember(peer)
    this.endJoin({})
    const costs = new Costs(state.now())
    costs.attempts = Math.max(1, introducers.length)
    costs.messages = costs.attempts
    this.joining = { costs, done, untilMs: state.now() + JOIN_PATIENCE_MS, wasAnswered: false }
    this.look(introducers)
  }

  /** Looks for a supernode: a first one, another one, or one for a part of the network that was lost. */
  look(first: readonly PeerHandle[] = this.introducers, except?: PeerHandle): void {
    const { state } = this
    this.seek?.stop()
    this.soughtMs = state.now()
    const choice = { first, except, mayElect: state.phase === 'in' && this.held === undefined }
    this.seek = new Seek(state, choice, {
      onAccepted: peer => this.onAccepted(peer),
      onExhausted: (answered, silence) => this.onExhausted(answered, silence),
      onElected: () => this.onAlone(),
    })
    this.seek.start()
  }

  /** The parent asks this node to go to another supernode. */
  onRedirect(from: PeerHandle, hosts: readonly HostEntry[]): void {
    const { state } = this
    const [host] = hosts
    if (from !== this.held || host === undefined || this.seek !== undefined) return
    state.cache.learn(host)
    state.handles.with(host.peer.id, peer => this.look([peer], this.held))
  }

  /** The parent is gone, or takes leave. */
  onBye(from: PeerHandle, hosts: readonly HostEntry[]): void {
    if (from !== this.held) return
    this.state.cache.learnAll(hosts)
    this.lose()
  }

  /** The parent does not answer. */
  onSilent(peer: PeerHandle): void {
    this.state.cache.lose(peer)
    if (peer === this.held) this.lose()
  }

  /** A supernode did not answer a question. Of the parent it is seen at once whether it is there at all. */
  onQuiet(peer: PeerHandle): void {
    if (peer !== this.held) this.state.cache.lose(peer)
    else {
      this.strike(peer)
      this.ping(peer)
    }
  }

  /** The parent withholds, or says nothing: after a few times this node leaves it. */
  strike(peer: PeerHandle): void {
    if (peer !== this.held) return
    this.strikes++
    if (this.strikes < STRIKES_TO_LEAVE) return
    this.state.cache.distrust(peer)
    this.leaveParent()
  }

  /** The parent has been found good. */
  absolve(peer: PeerHandle): void {
    if (peer === this.held) this.strikes = 0
  }

  /** What this node has is registered where it is now. */
  onSettled(): void {
    if (this.leaving === undefined) return
    this.state.send(this.leaving, { type: 'bye', hosts: [] })
    this.state.handles.drop(this.leaving)
    this.leaving = undefined
  }

  /** This node is a supernode from now on. */
  onPromoted(): void {
    this.seek?.stop()
    this.seek = undefined
    const parent = this.held
    this.setParent(undefined)
    if (parent !== undefined) this.state.send(parent, { type: 'bye', hosts: [] })
    this.onSettled()
    this.endJoin({})
  }

  /** A supernode becomes this one's child. */
  adopt(parent: PeerHandle): void {
    this.onAccepted(parent)
  }

  tick(): void {
    const { state } = this
    const nowMs = state.now()
    const { childPingMs } = state.options
    const rejoinMs = Math.min(
      state.options.rejoinMs,
      this.joining === undefined ? Number.POSITIVE_INFINITY : JOIN_RETRY_MS,
    )
    if (this.held !== undefined && nowMs - this.pingedMs >= childPingMs) this.ping(this.held)
    if (this.held === undefined && this.seek === undefined && nowMs - this.soughtMs >= rejoinMs) this.look()
    if (this.joining !== undefined && nowMs > this.joining.untilMs) this.failJoin('timed out')
  }

  /** Says goodbye, and lets everything go. */
  leave(): void {
    const { state } = this
    this.seek?.stop()
    this.joining = undefined
    if (this.held !== undefined) state.send(this.held, { type: 'bye', hosts: [] })
    this.setParent(undefined)
    this.onSettled()
    for (const peer of [...this.introducers, ...this.former]) state.handles.drop(peer)
    this.introducers.length = 0
    this.former.length = 0
  }

  endJoin(result: { readonly failure?: RequestSilence }): void {
    const { joining } = this
    this.joining = undefined
    joining?.done(joining.costs.outcome(this.state.now(), result))
  }

  private onAccepted(peer: PeerHandle): void {
    const { state } = this
    this.seek = undefined
    this.rounds = 0
    this.strikes = 0
    if (peer === this.held) {
      this.endJoin({})
      return
    }
    this.onSettled()
    const old = this.held
    if (old !== undefined) this.leaving = state.handles.hold(old)
    state.phase = 'in'
    this.setParent(peer)
    this.pingedMs = state.now()
    this.events.onParent()
    this.endJoin({})
  }

  /** Nobody has room, or nobody is there. It is tried again, by the tick. */
  private onExhausted(answered: boolean, silence: RequestSilence): void {
    const { state } = this
    this.seek = undefined
    if (this.joining !== undefined) {
      this.joining.wasAnswered ||= answered
      if (!this.joining.wasAnswered) this.failJoin(silence)
    }
    if (state.phase !== 'in' || this.held !== undefined) {
      if (this.held !== undefined) this.endJoin(answered ? {} : { failure: silence })
      return
    }
    this.rounds++
    if (this.rounds >= ROUNDS_TO_SELF_PROMOTION && state.capacity > 0) this.onAlone()
  }

  private onAlone(): void {
    this.seek = undefined
    this.rounds = 0
    this.events.onAlone()
  }

  private failJoin(failure: RequestSilence): void {
    if (this.state.phase === 'joining') this.state.phase = 'new'
    this.events.onJoinFailed()
    this.endJoin({ failure })
  }

  private lose(): void {
    this.setParent(undefined)
    this.events.onLost()
    this.look([])
  }

  private leaveParent(): void {
    const parent = this.held
    if (parent === undefined || this.seek !== undefined) return
    this.strikes = 0
    this.look([], parent)
  }

  private ping(parent: PeerHandle): void {
    const { state } = this
    this.pingedMs = state.now()
    state.ask(parent, request => ({ type: 'ping', request, sender: state.self }), {
      onReply: reply => {
        if (reply.type !== 'pong' || parent !== this.held) return
        state.cache.meet(parent, {
          entry: { id: state.environment.idOf(parent), addresses: reply.sender.addresses },
          isSupernode: reply.isSupernode,
          children: reply.children,
        })
        state.cache.learnAll(reply.hosts)
        if (!reply.isSupernode || !reply.isKnown) this.lose()
      },
      onSilence: () => this.onSilent(parent),
    })
  }

  private setParent(peer: PeerHandle | undefined): void {
    const { handles } = this.state
    if (peer !== undefined) handles.hold(peer)
    if (this.held !== undefined) {
      this.former.push(handles.hold(this.held))
      if (this.former.length > MAX_FORMER_PARENTS) handles.drop(this.former.shift()!)
      handles.drop(this.held)
    }
    this.held = peer
  }

  private remember(peer: PeerHandle): void {
    if (this.introducers.includes(peer)) return
    this.introducers.push(this.state.handles.hold(peer))
    if (this.introducers.length > MAX_INTRODUCERS) this.state.handles.drop(this.introducers.shift()!)
  }

  /** What a leaving node, or a supernode, tells others to go on with. */
  hosts(): readonly HostEntry[] {
    return this.state.cache.sample(MAX_HOSTS)
  }
}
