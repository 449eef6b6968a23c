import {
  type Cancel,
  Costs,
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
} from '@onehop/overlay'
import { Answering } from './answering.ts'
import { Children } from './children.ts'
import { Deliveries } from './deliveries.ts'
import { Flooding } from './flooding.ts'
import { Inquiries } from './inquiries.ts'
import { inspect } from './inspection.ts'
import { FAREWELL_HOSTS, MAX_PUBLICATIONS, SPARE_LINKS } from './limits.ts'
import { Links } from './links.ts'
import { Meetings } from './meetings.ts'
import type { FastTrackMessage, FastTrackReply } from './messages.ts'
import type { FastTrackOptions } from './options.ts'
import { Promotion } from './promotion.ts'
import { Registrar } from './registrar.ts'
import { Session } from './session.ts'
import { FastTrackState } from './state.ts'

/** One FastTrack node, ordinary or a supernode. Made by {@link fasttrack}. */
export class FastTrackMachine implements OverlayMachine<FastTrackMessage> {
  readonly guarantee = 'best effort'
  readonly state: FastTrackState
  readonly children: Children
  readonly links: Links
  readonly flooding: Flooding
  readonly session: Session
  readonly registrar: Registrar
  readonly inquiries: Inquiries
  readonly deliveries: Deliveries
  private readonly answering: Answering
  private readonly promotion: Promotion
  private readonly meetings: Meetings
  private cancelTick: Cancel | undefined

  constructor(environment: Environment<FastTrackMessage>, options: FastTrackOptions) {
    const state = new FastTrackState(environment, options)
    this.state = state
    this.children = new Children(state)
    this.links = new Links({
      state,
      childCount: () => this.children.size,
      onPong: (peer, reply) => this.meetings.onPong(peer, reply),
    })
    this.flooding = new Flooding(state, this.children, this.links)
    this.session = new Session(state, {
      onParent: () => this.onParent(),
      onLost: () => this.registrar.onLost(),
      onJoinFailed: () => this.onJoinFailed(),
      onAlone: () => this.promotion.promoteSelf(),
    })
    this.registrar = new Registrar({
      state,
      parent: () => this.session.parent,
      onRefused: parent => this.session.onSilent(parent),
      formerParents: () => this.session.formerParents,
    })
    this.deliveries = new Deliveries(state, this.children, this.session)
    this.answering = new Answering(state, this.children, this.flooding)
    this.inquiries = new Inquiries({
      state,
      flooding: this.flooding,
      session: this.session,
      registrar: this.registrar,
      onOrigin: (pointer, supernode) => this.deliveries.noteOrigin(pointer, supernode),
    })
    this.promotion = new Promotion({
      state,
      children: this.children,
      links: this.links,
      flooding: this.flooding,
      session: this.session,
      onPromoted: () => this.onPromoted(),
    })
    this.meetings = new Meetings({
      state,
      children: this.children,
      links: this.links,
      session: this.session,
      promotion: this.promotion,
    })
    this.children.onFull = () => this.promotion.review()
    this.registrar.onSettled = () => this.session.onSettled()
  }

  /** What a supernode takes of one child. */
  get mostPublications(): number {
    return MAX_PUBLICATIONS
  }

  /** A supernode keeps its children and neighbours connected. */
  get connectionsWanted(): number {
    return this.state.isSupernode ? this.children.most + this.links.target + SPARE_LINKS : 0
  }

  /** Whether lookups find what there is: it has a supernode that knows what it has, or is one. */
  get isSettled(): boolean {
    const { state, session, registrar } = this
    return (
      state.phase === 'in' && (state.isSupernode || (session.parent !== undefined && registrar.size === 0))
    )
  }

  /** Without introducers: through the host cache, as Skype's clients; when that is empty, this node is the first. */
  join(peers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    const { state } = this
    const introducers = peers.filter(peer => peer !== state.environment.self)
    if (state.hasLeft) return
    if (this.cancelTick === undefined) this.schedule()
    if (introducers.length === 0 && state.cache.size === 0) {
      this.promotion.promoteSelf()
      done(new Costs(state.now()).outcome(state.now(), {}))
    } else if (state.phase === 'in') this.meetings.merge(introducers, done)
    else {
      state.phase = 'joining'
      this.session.join(introducers, done)
    }
  }

  leave(): void {
    const { state } = this
    if (state.hasLeft) return
    this.inquiries.cancelAll()
    const hosts = state.cache.sample(FAREWELL_HOSTS)
    for (const { peer } of [...this.children.all(), ...this.links.all()])
      state.send(peer, { type: 'bye', hosts: [...hosts, ...this.children.deputies] })
    this.session.leave()
    this.cancelTick?.()
    this.registrar.clear()
    this.answering.stop()
    this.flooding.clear()
    state.requests.clear()
    this.links.stop()
    this.children.clear()
    state.cache.clear()
    state.phase = 'left'
  }

  receive(from: PeerHandle, message: FastTrackMessage): void {
    if (this.state.hasLeft) return
    const { handles } = this.state
    handles.enter(from)
    try {
      this.dispatch(from, message)
    } finally {
      handles.exit()
    }
  }

  onUnreachable(peer: PeerHandle): void {
    const { state } = this
    if (state.hasLeft) return
    state.handles.while(peer, () => {
      state.cache.lose(peer)
      this.children.remove(peer, true)
      if (this.links.get(peer) !== undefined) this.links.remove(peer)
      this.inquiries.onUnreachable(peer)
      state.requests.onUnreachable(peer)
      this.session.onSilent(peer)
    })
  }

  publish(publication: Publication, done: (outcome: Outcome) => void): void {
    const { state } = this
    state.own.assertPublishable(publication)
    if (state.phase === 'new') {
      state.own.put(publication)
      done(new Costs(state.now()).outcome(state.now(), { failure: 'no peers' }))
    } else this.registrar.publish(publication, done)
  }

  withdraw(key: Key, done: (outcome: Outcome) => void, target?: Uint8Array): void {
    this.registrar.withdraw(key, target, done)
  }

  lookup(key: Key, options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    return this.inquiries.lookup(key, options, done)
  }

  search(words: readonly string[], options: LookupOptions, done: (outcome: Outcome) => void): Cancel {
    return this.inquiries.search(words, options, done)
  }

  requestDelivery(pointer: Pointer, done: (outcome: Outcome) => void): void {
    this.deliveries.request(pointer, done)
  }

  /** This node has got what the pointer leads to: its provider's supernode is told, whose word counts. */
  noteDownload(pointer: Pointer): void {
    this.deliveries.noteDownload(pointer)
  }

  /** The host cache, to be kept over a restart. */
  hosts(): readonly PeerEntry[] {
    return this.state.cache.supernodes().map(peer => this.state.cache.host(peer).peer)
  }

  /** Takes up a host cache from before; `join([])` goes by it. */
  adoptHosts(hosts: readonly PeerEntry[]): void {
    for (const peer of hosts) this.state.cache.learn({ peer, isSupernode: true, children: 0, ageMs: 0 })
  }

  inspect(): Inspection {
    return inspect(this)
  }

  private dispatch(from: PeerHandle, message: FastTrackMessage): void {
    if ('request' in message && isReply(message)) {
      this.state.requests.onReply(from, message.request, message)
      return
    }
    if (message.type === 'found') this.inquiries.onFound(from, message)
    else if (this.state.phase === 'in') this.onMessage(from, message)
    else if (this.state.phase === 'joining' && message.type === 'ping') this.meetings.onPing(from, message)
  }

  private onMessage(from: PeerHandle, message: FastTrackMessage): void {
    switch (message.type) {
      case 'query':
        this.flooding.onQuery(from, message)
        break
      case 'hits':
        this.flooding.onHits(from, message)
        break
      case 'find':
        this.children.hear(from)
        this.answering.onFind(from, message)
        break
      case 'ping':
        this.meetings.onPing(from, message)
        break
      case 'hello':
        this.meetings.onHello(from, message)
        break
      case 'register':
        this.children.hear(from)
        this.children.onRegister(from, message)
        break
      default:
        this.onRareMessage(from, message)
    }
  }

  private onRareMessage(from: PeerHandle, message: FastTrackMessage): void {
    switch (message.type) {
      case 'link':
        this.links.onLink(from, message)
        break
      case 'invite':
        this.promotion.onInvite(from, message)
        break
      case 'check':
        this.meetings.onCheck(from, message)
        break
      case 'redirect':
        this.meetings.onRedirect(from, message)
        break
      case 'bye':
        this.children.remove(from, false)
        this.links.remove(from)
        this.session.onBye(from, message.hosts)
        break
      case 'push':
        this.deliveries.onPush(message)
        break
      case 'receipt':
        this.deliveries.onReceipt(from, message)
        break
    }
  }

  private onParent(): void {
    this.registrar.onParent()
    this.inquiries.onReady()
  }

  private onPromoted(): void {
    this.registrar.onPromoted()
    this.inquiries.onReady()
  }

  private onJoinFailed(): void {
    this.registrar.failAll('no peers')
    this.inquiries.onReady()
  }

  private schedule(): void {
    const { environment, options } = this.state
    const jitter = 0.9 + 0.2 * environment.random()
    this.cancelTick = environment.setTimer(Math.ceil(options.tickMs * jitter), () => {
      this.schedule()
      this.tick()
    })
  }

  private tick(): void {
    const { state } = this
    if (state.isSupernode) {
      this.children.tick()
      this.links.tick()
      this.promotion.tick()
    }
    if (!state.answersForItself) this.session.tick()
    this.registrar.tick()
    this.inquiries.tick()
  }
}

const REPLIES = new Set(['welcome', 'registered', 'pong', 'linked', 'invited', 'checked', 'giv'])

function isReply(message: FastTrackMessage): message is FastTrackReply {
  return REPLIES.has(message.type)
}
