import {
  type Cancel,
  Costs,
  type Environment,
  type Inspection,
  type Key,
  type LookupOptions,
  type Outcome,
  type OverlayMachine,
  type PeerHandle,
  type Publication,
  WordSearch,
} from '@onehop/overlay'
import { Answers } from './answers.ts'
import { Custody } from './custody.ts'
import { Finder } from './finding.ts'
import { FingerFixing } from './finger-fixing.ts'
import type { IdentifierSpace } from './identifiers.ts'
import { inspect } from './inspection.ts'
import { Joining } from './joining.ts'
import { MAX_OPERATIONS, MAX_POINTERS_PER_KEY } from './limits.ts'
import { Lookup } from './lookup.ts'
import type { ChordMessage, ChordReply, ChordRequest } from './messages.ts'
import type { ChordOptions } from './options.ts'
import { type Owner, OwnerSearch } from './owner-search.ts'
import type { Position } from './position.ts'
import { Publisher } from './publisher.ts'
import { Relays } from './relays.ts'
import { differentPeers, Replication } from './replication.ts'
import { Routing } from './routing.ts'
import { Stabilising } from './stabilising.ts'
import { ChordState } from './state.ts'
import { Transfer } from './transfer.ts'

/** One Chord node with its virtual nodes. Made by {@link chord}. */
export class ChordMachine implements OverlayMachine<ChordMessage> {
  readonly guarantee = 'exact'
  readonly state: ChordState
  readonly routing: Routing
  readonly custody: Custody
  readonly relays: Relays
  private readonly finder: Finder
  private readonly fixing: FingerFixing
  private readonly transfer: Transfer
  private readonly replication: Replication
  private readonly publisher: Publisher
  private readonly joining: Joining
  private readonly answers: Answers
  private readonly stabilising = new Map<Position, Stabilising>()
  private readonly lookups = new Set<Lookup>()
  private cancelRound: Cancel | undefined
  private cancelLook: Cancel | undefined

  constructor(environment: Environment<ChordMessage>, options: ChordOptions, space: IdentifierSpace) {
    const state = new ChordState(environment, options, space)
    this.state = state
    this.routing = new Routing(state)
    this.relays = new Relays(state, this.routing)
    this.custody = new Custody(state)
    this.fixing = new FingerFixing(state, this.routing)
    this.transfer = new Transfer(state, this.custody)
    const parts = { state, routing: this.routing, custody: this.custody, transfer: this.transfer }
    this.finder = new Finder({ state, routing: this.routing, relays: this.relays })
    this.replication = new Replication(parts)
    this.publisher = new Publisher({ ...parts, finder: this.finder })
    for (const position of state.positions)
      this.stabilising.set(position, new Stabilising(state, this.routing, position))
    const stabilisingOf = (position: Position) => this.stabilising.get(position)!
    this.joining = new Joining({
      ...parts,
      replication: this.replication,
      fixing: this.fixing,
      stabilisingOf,
    })
    for (const [position, stabilising] of this.stabilising)
      stabilising.onLost = () => this.joining.recover(position)
    this.answers = new Answers(parts)
    state.answerLocally = message => this.answers.answer(message)
    state.receiveLocally = message => this.dispatch(environment.self, message)
  }

  get publicationCount(): number {
    return this.publisher.own.size
  }

  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    if (this.state.phase === 'left') return
    this.start()
    this.joining.join(introducers, done)
  }

  leave(): void {
    const { state } = this
    if (state.phase === 'left') return
    for (const lookup of [...this.lookups]) lookup.cancel()
    this.publisher.leave()
    for (const position of state.members) this.sayFarewell(position)
    state.phase = 'left'
    this.cancelRound?.()
    this.cancelLook?.()
    this.joining.stop()
    this.relays.clear()
    state.requests.clear()
    for (const position of state.positions) position.clear()
    this.custody.clear()
    state.dropAll()
  }

  receive(from: PeerHandle, message: ChordMessage): void {
    if (this.state.phase === 'left') return
    const { handles } = this.state
    handles.enter(from)
    try {
      this.dispatch(from, message)
    } finally {
      handles.exit()
    }
  }

  onUnreachable(peer: PeerHandle): void {
    if (this.state.phase === 'left') return
    this.state.handles.while(peer, () => this.state.requests.onUnreachable(peer))
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    this.publisher.own.assertPublishable(publication)
    this.joining.whenReady(() => this.publisher.publish(publication, done))
  }

  withdraw(key: Key, done: (outcome: Outcome) => void, target?: Uint8Array): void {
    this.joining.whenReady(() => this.publisher.withdraw(key, target, done))
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    if (this.lookups.size >= MAX_OPERATIONS) {
      const now = this.state.now()
      done(new Costs(now).outcome(now, { failure: 'timed out' }))
      return () => {}
    }
    const parts = { state: this.state, routing: this.routing, finder: this.finder, custody: this.custody }
    const lookup = new Lookup(parts, key, options, outcome => {
      this.lookups.delete(lookup)
      done(outcome)
    })
    this.lookups.add(lookup)
    this.joining.whenReady(() => lookup.start())
    return () => lookup.cancel()
  }

  search(words: readonly string[], options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    const search = new WordSearch(
      { lookup: this.lookup.bind(this), now: () => this.state.now(), pointersPerWord: MAX_POINTERS_PER_KEY },
      words,
      options,
      done,
    )
    search.start()
    return () => search.cancel()
  }

  closest(key: Key, limit: number): readonly PeerHandle[] {
    const { state, routing } = this
    const { isDone, entries } = routing.resolve(state.space.ofKey(key), false, limit)
    if (!isDone) return []
    const peers = entries.map(entry => ({ peer: state.environment.intern(entry.id) }))
    return differentPeers(peers, limit).map(({ peer }) => peer)
  }

  /** Finds the node that owns a key, and asks nobody for pointers. */
  findOwner(key: Key, costs: Costs, done: (owner: Owner) => void): Cancel {
    const target = this.state.space.ofKey(key)
    const search = new OwnerSearch({ state: this.state, finder: this.finder, costs }, target, done)
    search.start()
    return () => search.cancel()
  }

  inspect(): Inspection {
    return inspect(this.state, this.custody, this.publisher)
  }

  /** Begins its rounds: called by {@link join}, and by who sets tables up without one. */
  start(): void {
    if (this.cancelRound !== undefined) return
    this.scheduleRound()
    this.scheduleLook()
  }

  private dispatch(from: PeerHandle, message: ChordMessage): void {
    switch (message.type) {
      case 'find':
      case 'neighbours':
      case 'ping':
      case 'get':
      case 'compare':
      case 'pull':
        this.reply(from, message)
        break
      case 'store':
        this.answers.onStore(from, message)
        break
      case 'notify':
        this.stabilisingAt(message.index)?.onNotify(from, message)
        break
      case 'hint':
        for (const entry of message.entries) this.stabilisingAt(message.index)?.onHint(entry, message.hops)
        break
      case 'leaving':
        this.onLeaving(from, message.index)
        break
      case 'route':
        this.relays.onRoute(from, message)
        break
      case 'routed':
        this.relays.onRouted(from, message)
        break
      default:
        this.onReply(from, message)
    }
  }

  private reply(from: PeerHandle, message: ChordRequest): void {
    const answer = this.answers.answer(message)
    if (answer !== undefined) this.state.environment.send(from, answer)
  }

  private onReply(from: PeerHandle, reply: ChordReply): void {
    this.state.requests.onReply(from, reply.request, reply)
  }

  private stabilisingAt(index: number): Stabilising | undefined {
    const position = this.state.positionOf(index)
    return position === undefined ? undefined : this.stabilising.get(position)
  }

  private onLeaving(from: PeerHandle, index: number): void {
    const place = this.state.entryOf(from, index).identifierIn(this.state.space)
    for (const position of this.state.members) this.stabilising.get(position)!.onLeaving(place)
  }

  /** The neighbours close the gap at once, so that the successor takes what it is not known to hold. */
  private sayFarewell(position: Position): void {
    const { environment } = this.state
    const { predecessor, head, identifier, index } = position
    const neighbours = differentPeers(
      [predecessor, head].filter(row => row !== undefined),
      2,
    )
    for (const { peer } of neighbours)
      if (peer !== environment.self) environment.send(peer, { type: 'leaving', index })
    const isCopied = this.replication.isCopied(position)
    if (head === undefined || head.peer === environment.self || predecessor === undefined || isCopied) return
    const range = { after: predecessor.identifier, upTo: identifier }
    this.transfer.handOver(head.peer, [...this.custody.inRange(range)], 'join')
  }

  private scheduleRound(): void {
    const { environment, options } = this.state
    const jitter = 0.9 + 0.2 * environment.random()
    this.cancelRound = environment.setTimer(Math.ceil(options.stabiliseMs * jitter), () => {
      this.scheduleRound()
      this.onRound()
    })
  }

  private onRound(): void {
    const { state } = this
    this.custody.expire()
    state.tuneSuccessors()
    for (const position of state.members) {
      this.stabilising.get(position)!.round()
      this.fixing.round(position)
      this.replication.round(position)
    }
    this.replication.rehome()
    this.joining.enterRest()
    this.publisher.round()
  }

  private scheduleLook(): void {
    const { environment, options } = this.state
    const jitter = 0.75 + 0.5 * environment.random()
    this.cancelLook = environment.setTimer(Math.ceil(options.rejoinIntervalMs * jitter), () => {
      this.scheduleLook()
      this.joining.lookAround()
    })
  }
}
