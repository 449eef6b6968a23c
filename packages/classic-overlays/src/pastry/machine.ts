import {
  type Cancel,
  type Environment,
  type Inspection,
  type Key,
  type LookupOptions,
  type Outcome,
  type OverlayMachine,
  type PeerEntry,
  type PeerHandle,
  type Pointer,
  type Publication,
  Requests,
  WordSearch,
} from '@onehop/overlay'
import { Acquaintance } from './acquaintance.ts'
import { Forwarding } from './forwarding.ts'
import { closestHolders } from './holders.ts'
import { inspect } from './inspection.ts'
import { Joining } from './joining.ts'
import { Journeys } from './journeys.ts'
import {
  DIAL_ROUND_TRIPS,
  MAX_PENDING_REQUESTS,
  MAX_POINTERS_PER_KEY,
  MAX_ROUND_TRIP_TIMES,
} from './limits.ts'
import { Liveness } from './liveness.ts'
import { Lookup } from './lookup.ts'
import type { PastryMessage, Reply, Route } from './messages.ts'
import { Moves } from './moves.ts'
import { tellLeaves, tellRows } from './newcomers.ts'
import { idFromBytes } from './node-id.ts'
import type { PastryOptions } from './options.ts'
import { Publisher } from './publisher.ts'
import { Scribe } from './scribe.ts'
import { PastryState } from './state.ts'
import { Store } from './store.ts'
import { Upkeep } from './upkeep.ts'

/** One Pastry node: routing, the DHT on it, and Scribe. Made by {@link pastry}. */
export class PastryMachine implements OverlayMachine<PastryMessage> {
  readonly guarantee = 'exact'
  readonly state: PastryState
  readonly store: Store
  readonly scribe: Scribe
  readonly requests: Requests<PastryMessage, Reply>
  private readonly journeys: Journeys
  private readonly acquaintance: Acquaintance
  private readonly liveness: Liveness
  private readonly forwarding: Forwarding
  private readonly joining: Joining
  private readonly moves: Moves
  private readonly publisher: Publisher
  private readonly upkeep: Upkeep
  private readonly lookups = new Set<Lookup>()
  private cancelTick: Cancel | undefined

  constructor(environment: Environment<PastryMessage>, options: PastryOptions) {
    const state = new PastryState(environment, options)
    this.state = state
    this.requests = new Requests(environment, state.handles, {
      defaultTimeoutMs: options.defaultTimeoutMs,
      minimumTimeoutMs: options.minimumTimeoutMs,
      dialRoundTrips: DIAL_ROUND_TRIPS,
      mostPending: MAX_PENDING_REQUESTS,
      mostTimes: MAX_ROUND_TRIP_TIMES,
    })
    const { requests } = this
    this.journeys = new Journeys(state)
    this.acquaintance = new Acquaintance(state, requests)
    this.liveness = new Liveness(state, requests, this.acquaintance)
    this.store = new Store(state, requests)
    this.moves = new Moves(state, requests, this.store)
    this.scribe = new Scribe({ state, requests, forwarding: () => this.forwarding })
    this.forwarding = new Forwarding(state, requests, {
      onArrived: (message, from) => this.onArrived(message, from),
      onPassing: (message, from) => this.onPassing(message, from),
      onSilence: peer => this.liveness.suspect(peer),
    })
    const { journeys, acquaintance, forwarding, liveness } = this
    this.joining = new Joining({
      state,
      requests,
      journeys,
      forwarding,
      acquaintance,
      pull: done => this.moves.pull(done),
      onEntered: () => this.onEntered(),
    })
    this.publisher = new Publisher({ state, forwarding, journeys })
    this.upkeep = new Upkeep({ state, acquaintance, liveness, forwarding, journeys })
    state.onLeafChange = () => this.moves.onLeafChange()
    this.store.onOwnArrival = answer => journeys.onArrival(environment.self, answer)
  }

  /** Requests that wait for an answer. */
  get pendingRequests(): number {
    return this.requests.size + this.journeys.size
  }

  get pendingProbes(): number {
    return this.acquaintance.pendingProbes
  }

  get publicationCount(): number {
    return this.publisher.size
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    if (this.state.phase === 'left') return
    if (this.cancelTick === undefined) this.scheduleTick()
    this.joining.join(introducers, done)
  }

  leave(): void {
    const { state } = this
    if (state.phase === 'left') return
    for (const lookup of [...this.lookups]) lookup.cancel()
    if (state.isInNetwork) this.sayFarewell()
    this.scribe.stop()
    state.phase = 'left'
    this.cancelTick?.()
    this.joining.stop()
    this.moves.stop()
    this.publisher.stop()
    this.journeys.clear()
    this.requests.clear()
    this.store.pointers.clear()
    state.clear()
  }

  receive(from: PeerHandle, message: PastryMessage): void {
    const { state } = this
    if (state.phase === 'left') return
    state.handles.enter(from)
    try {
      state.heard(from)
      this.dispatch(from, message)
    } finally {
      state.handles.exit()
    }
  }

  onUnreachable(peer: PeerHandle): void {
    if (this.state.phase === 'left') return
    this.state.handles.while(peer, () => {
      this.liveness.suspect(peer)
      this.requests.onUnreachable(peer)
    })
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    this.publisher.assertPublishable(publication)
    this.joining.whenReady(() => this.publisher.publish(publication, done))
  }

  withdraw(key: Key, done: (outcome: Outcome) => void, target?: Uint8Array): void {
    this.joining.whenReady(() => this.publisher.withdraw(key, target, done))
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    const { state, requests, journeys, forwarding, store } = this
    const lookup = new Lookup({ state, requests, journeys, forwarding, store }, key, options, outcome => {
      this.lookups.delete(lookup)
      done(outcome)
    })
    this.lookups.add(lookup)
    this.joining.whenReady(() => lookup.start())
    return () => lookup.cancel()
  }

  search(words: readonly string[], options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    const now = () => this.state.now()
    const parts = { lookup: this.lookup.bind(this), now, pointersPerWord: MAX_POINTERS_PER_KEY }
    const search = new WordSearch(parts, words, options, done)
    search.start()
    return () => search.cancel()
  }

  closest(key: Key, limit: number): readonly PeerHandle[] {
    const { ownId } = this.state
    const closest = closestHolders(idFromBytes(key), ownId, [...this.state.all()], limit + 1)
    return closest.flatMap(holder => (holder === 'self' ? [] : [holder.peer])).slice(0, limit)
  }

  inspect(): Inspection {
    return inspect(this.state, this.store, this.publisher, this.scribe)
  }

  /** Takes over a publication that its holders have already, as if it had been published some time ago. */
  adopt(publication: Publication): Pointer {
    this.publisher.assertPublishable(publication)
    return this.publisher.adopt(publication)
  }

  /** Who the node would hand a message for the key to; undefined: it is the closest that it knows. */
  nextTo(key: Key): PeerHandle | undefined {
    return this.forwarding.nextTo(idFromBytes(key))?.peer
  }

  /** Takes a peer into the tables as if it had answered. */
  meet(peer: PeerHandle, entry: PeerEntry, rttMs: number): void {
    this.state.admit(peer, entry, rttMs)
  }

  /** This node as others know it. */
  get entry(): PeerEntry {
    return this.state.own
  }

  /** Goes on as a member of a settled network, whose tables have been filled in by somebody who knows it whole. */
  settle(): void {
    this.state.phase = 'member'
    this.onEntered()
    if (this.cancelTick === undefined) this.scheduleTick()
  }

  private onEntered(): void {
    this.moves.onEntered()
    this.store.onEntered()
  }

  private sayFarewell(): void {
    this.store.replace(this.publisher.withdrawAll())
    this.moves.handOver()
    for (const { peer } of [...this.state.leafSet.members])
      this.state.environment.send(peer, { type: 'farewell' })
  }

  /** A routed message is about to be passed on. */
  private onPassing(message: Route, from: PeerHandle): Route | undefined {
    if (message.errand === 'subscribe') return this.scribe.onPassing(message, from)
    if (message.errand === 'join' && from !== this.state.environment.self)
      return tellRows(this.state, message)
    return message
  }

  private onArrived(message: Route, from: PeerHandle): void {
    switch (message.errand) {
      case 'get':
        this.store.onGet(message)
        break
      case 'put':
        this.store.onPut(message, from)
        break
      case 'join':
      case 'near':
        tellLeaves(this.state, message)
        break
      case 'subscribe':
        this.scribe.onSubscribe(message)
        break
      case 'multicast':
        this.scribe.onMulticast(message)
    }
  }

  private dispatch(from: PeerHandle, message: PastryMessage): void {
    switch (message.type) {
      case 'route':
        this.forwarding.onRoute(from, message)
        break
      case 'found':
      case 'stored':
      case 'leaves':
        if (Journeys.isNumber(message.request)) this.journeys.onArrival(from, message)
        else this.requests.onReply(from, message.request, message)
        break
      case 'rows':
        this.joining.onRows(message)
        break
      case 'hello':
        this.acquaintance.onHello(from, message)
        break
      case 'exchange':
        this.acquaintance.onExchange(from, message)
        break
      case 'ping':
        this.acquaintance.onPing(from, message)
        break
      case 'row-ask':
        this.acquaintance.onRowAsk(from, message)
        break
      case 'farewell':
        this.liveness.onFarewell(from)
        break
      default:
        this.dispatchContent(from, message)
    }
  }

  private dispatchContent(
    from: PeerHandle,
    message: Exclude<PastryMessage, { type: 'route' | 'found' | 'stored' | 'leaves' | 'rows' }>,
  ): void {
    switch (message.type) {
      case 'pull':
        this.moves.onPull(from, message)
        break
      case 'hold':
        this.store.onHold(from, message)
        break
      case 'fetch':
        this.store.onFetch(from, message)
        break
      case 'deliver':
        this.scribe.onDeliver(from, message)
        break
      case 'beat':
        this.scribe.onBeat(from, message)
        break
      case 'prune':
        this.scribe.onPrune(from, message.key)
        break
      case 'ack':
      case 'pong':
      case 'row':
      case 'share':
      case 'held':
      case 'beaten':
        this.requests.onReply(from, message.request, message)
    }
  }

  private scheduleTick(): void {
    const { environment, options } = this.state
    const { keepAliveMs, exchangeMs, rejoinMs, heartbeatMs } = options
    const periodMs = Math.min(keepAliveMs, exchangeMs, rejoinMs, heartbeatMs)
    const jitter = 0.9 + 0.2 * environment.random()
    this.cancelTick = environment.setTimer(Math.ceil(periodMs * jitter), () => {
      this.scheduleTick()
      this.onTick()
    })
  }

  private onTick(): void {
    this.joining.tick()
    if (!this.state.isInNetwork) return
    this.upkeep.tick()
    this.moves.tick()
    this.publisher.tick()
    this.scribe.tick()
  }
}
