import {
  type Cancel,
  Costs,
  type Failure,
  internEntry,
  type Outcome,
  type PeerEntry,
  type PeerHandle,
  type Requests,
} from '@onehop/overlay'
import type { Acquaintance } from './acquaintance.ts'
import type { Forwarding } from './forwarding.ts'
import type { Arrival, Journeys } from './journeys.ts'
import {
  MAX_INTRODUCERS,
  MAX_JOIN_TRIES,
  MAX_MEMBERS_PER_MESSAGE,
  MAX_NEARBY_STEPS,
  MAX_WAITING_OPERATIONS,
  NEARBY_CANDIDATES,
} from './limits.ts'
import type { PastryMessage, Reply, Rows } from './messages.ts'
import type { PastryState } from './state.ts'

/** What a join needs of the machine. */
export interface JoiningParts {
  readonly state: PastryState
  readonly requests: Requests<PastryMessage, Reply>
  readonly journeys: Journeys
  readonly forwarding: Forwarding
  readonly acquaintance: Acquaintance
  /** Fetches the pointers that we are to hold from our neighbours. */
  readonly pull: (done: () => void) => void
  readonly onEntered: () => void
}

/** Time for an answer from somebody nearer than a peer of this round-trip time; a second where that is not known. */
function nearerThanMs(rttMs: number): number {
  return Math.ceil(Math.min(rttMs, 1_000))
}

type Done = (outcome: Outcome) => void

/**
 * Entering (Pastry §2.4): a nearby node is looked for, and the join is routed from there to the node closest to our id;
 * rows come from the nodes on the way, the leaf set from the last. Then we make ourselves known to all of them.
 */
export class Joining {
  private readonly parts: JoiningParts
  private readonly introducers: PeerHandle[] = []
  private readonly waiting: (() => void)[] = []
  private waitingDone: Done[] = []
  private costs: Costs
  private named: PeerEntry[] = []
  private journey = 0
  private tries = 0
  private hops = 0
  private cancelJourney: Cancel | undefined
  private cancelApproach: Cancel | undefined
  /** The nearest so far, while nearer ones are looked for. */
  private near: PeerHandle | undefined
  private retryAtMs = 0

  constructor(parts: JoiningParts) {
    this.parts = parts
    this.costs = new Costs(parts.state.now())
  }

  join(given: readonly PeerHandle[], done: Done): void {
    const { state } = this.parts
    const introducers = given.filter(introducer => introducer !== state.environment.self)
    this.remember(introducers)
    if (introducers.length === 0 && state.phase === 'new') this.becomeFirst()
    if (state.isInNetwork && introducers.length === 0) this.succeed(done)
    else if (state.phase === 'member') this.meet(introducers, done)
    else this.begin(done)
  }

  /** Runs at once, or when the join that is under way has ended. */
  whenReady(run: () => void): void {
    const { phase } = this.parts.state
    const isUnderWay = phase === 'joining' || phase === 'entering'
    if (isUnderWay && this.waiting.length < MAX_WAITING_OPERATIONS) this.waiting.push(run)
    else run()
  }

  /** A node on the way of our join tells of its rows. */
  onRows({ request, members }: Rows): void {
    const room = 2 * MAX_MEMBERS_PER_MESSAGE - this.named.length
    if (request === this.journey) this.named.push(...members.slice(0, Math.max(0, room)))
  }

  /** Tries again what has failed, and comes back after having lost everybody. */
  tick(): void {
    const { state } = this.parts
    if (state.now() < this.retryAtMs || this.introducers.length === 0) return
    this.retryAtMs = state.now() + state.options.rejoinMs
    if (state.phase === 'new') this.begin(() => {})
    else if (state.phase === 'member' && state.leafSet.members.length === 0)
      this.meet(this.introducers, () => {})
  }

  stop(): void {
    this.cancelJourney?.()
    this.cancelApproach?.()
    this.waiting.length = 0
    this.waitingDone = []
    this.standBy(undefined)
    for (const introducer of this.introducers.splice(0)) this.parts.state.handles.drop(introducer)
  }

  private remember(introducers: readonly PeerHandle[]): void {
    const { handles } = this.parts.state
    for (const introducer of introducers) {
      if (!this.introducers.includes(introducer)) this.introducers.unshift(handles.hold(introducer))
      else handles.letGo(introducer)
    }
    for (const dropped of this.introducers.splice(MAX_INTRODUCERS)) handles.drop(dropped)
  }

  private becomeFirst(): void {
    this.parts.state.phase = 'member'
    this.parts.onEntered()
  }

  private succeed(done: Done): void {
    const { state } = this.parts
    done(new Costs(state.now()).outcome(state.now(), {}))
  }

  private begin(done: Done): void {
    const { state } = this.parts
    this.waitingDone.push(done)
    if (state.phase !== 'new') return
    state.phase = 'joining'
    this.costs = new Costs(state.now())
    this.tries = 0
    this.attempt()
  }

  /** Asks all introducers; the first to answer is the nearest. */
  private attempt(): void {
    this.tries++
    this.named = []
    const asked = [...this.introducers]
    let silent = 0
    let isAnswered = false
    for (const introducer of asked)
      this.askRow(
        introducer,
        members => {
          if (isAnswered) return
          isAnswered = true
          this.approach(introducer, members, 0)
        },
        silence => {
          silent++
          if (silent === asked.length && !isAnswered) this.onAllSilent(silence)
        },
      )
    if (asked.length === 0) this.fail('no peers')
  }

  private onAllSilent(silence: 'timed out' | 'unreachable'): void {
    if (silence === 'timed out' && this.tries < MAX_JOIN_TRIES) this.attempt()
    else this.fail(silence)
  }

  /** Steps to a nearer node as long as one answers faster: first hops of a nearby node are short ones. */
  private approach(near: PeerHandle, members: readonly PeerEntry[], steps: number): void {
    const { state, requests } = this.parts
    const rttMs = requests.roundTripMs(near) ?? Number.POSITIVE_INFINITY
    const candidates = members.slice(0, NEARBY_CANDIDATES)
    if (steps === MAX_NEARBY_STEPS || candidates.length < 2) {
      this.route(near)
      return
    }
    const end = (peer: PeerHandle | undefined) => {
      if (this.cancelApproach !== cancelTimer) return
      this.cancelApproach = undefined
      cancelTimer()
      if (peer === undefined) this.route(near)
      else
        this.askRow(
          peer,
          row => this.approach(peer, row, steps + 1),
          () => this.tryAgain(),
        )
      this.standBy(undefined)
    }
    this.standBy(near)
    const cancelTimer = state.environment.setTimer(nearerThanMs(rttMs), () => end(undefined))
    this.cancelApproach = cancelTimer
    for (const entry of candidates) this.pingNear(entry, end)
  }

  private standBy(peer: PeerHandle | undefined): void {
    const { handles } = this.parts.state
    const before = this.near
    this.near = peer === undefined ? undefined : handles.hold(peer)
    if (before !== undefined) handles.drop(before)
  }

  private pingNear(entry: PeerEntry, end: (peer: PeerHandle) => void): void {
    const { state, requests } = this.parts
    state.handles.while(internEntry(state.environment, entry), peer => {
      if (peer === state.environment.self) return
      this.costs.messages++
      requests.send(peer, request => ({ type: 'ping', request, joining: true }), {
        onReply: () => end(peer),
        onSilence: () => {},
      })
    })
  }

  private askRow(
    peer: PeerHandle,
    onRow: (members: readonly PeerEntry[]) => void,
    onSilence: (silence: 'timed out' | 'unreachable') => void,
  ): void {
    this.costs.messages++
    this.costs.attempts++
    this.parts.requests.send(peer, request => ({ type: 'row-ask', request, joining: true, row: 0 }), {
      onReply: reply => onRow(reply.type === 'row' ? reply.members : []),
      onSilence: silence => {
        this.costs.timeouts++
        onSilence(silence)
      },
    })
  }

  private route(near: PeerHandle): void {
    const { state, journeys, forwarding } = this.parts
    const begin = (number: number) => {
      this.journey = number
      this.costs.messages++
      const route = { request: 0, hops: 0, detours: 0, attempt: this.tries - 1, origin: state.own, number }
      forwarding.startVia(near, { type: 'route', errand: 'join', row: 0, ...route })
    }
    this.cancelJourney = journeys.begin(
      begin,
      (arrival, from) => this.onArrival(arrival, from),
      () => this.tryAgain(),
    )
  }

  private tryAgain(): void {
    this.costs.timeouts++
    if (this.tries < MAX_JOIN_TRIES) this.attempt()
    else this.fail('timed out')
  }

  private onArrival(arrival: Arrival, from: PeerHandle): void {
    const { state, acquaintance } = this.parts
    if (arrival.type !== 'leaves' || !state.isSender(from, arrival.sender)) {
      this.tryAgain()
      return
    }
    this.hops = arrival.hops
    state.phase = 'entering'
    acquaintance.consider([arrival.sender, ...arrival.members])
    acquaintance.consider(this.named)
    this.named = []
    acquaintance.afterGreetings(() => this.onGreeted())
  }

  private onGreeted(): void {
    const { state } = this.parts
    if (state.leafSet.members.length > 0) this.parts.pull(() => this.enter())
    else {
      state.phase = 'joining'
      this.tryAgain()
    }
  }

  private enter(): void {
    this.parts.state.phase = 'member'
    this.parts.onEntered()
    this.end(undefined)
  }

  private fail(failure: Failure): void {
    const { state } = this.parts
    state.phase = 'new'
    this.retryAtMs = state.now() + state.options.rejoinMs
    this.end(failure)
  }

  private end(failure: Failure | undefined): void {
    const done = this.waitingDone.splice(0)
    const outcome = this.costs.outcome(this.parts.state.now(), { hops: this.hops, failure })
    for (const tell of done) tell(outcome)
    for (const run of this.waiting.splice(0)) run()
  }

  /** A member meets a part of the network that it has not met: whoever is closest to us there is told of us. */
  private meet(introducers: readonly PeerHandle[], done: Done): void {
    const { state, journeys, forwarding, acquaintance } = this.parts
    const costs = new Costs(state.now())
    let open = introducers.length
    let failure: Failure | undefined = 'timed out'
    const end = () => {
      open--
      if (open === 0) done(costs.outcome(state.now(), { failure }))
    }
    for (const introducer of [...introducers])
      journeys.begin(
        number => {
          costs.messages++
          const route = { request: 0, hops: 0, detours: 0, attempt: 0, origin: state.own, number }
          forwarding.startVia(introducer, { type: 'route', errand: 'near', ...route })
        },
        (arrival, from) => {
          failure = undefined
          if (arrival.type === 'leaves') acquaintance.onNamed(from, arrival.sender, arrival.members)
          acquaintance.afterGreetings(end)
        },
        end,
      )
  }
}
