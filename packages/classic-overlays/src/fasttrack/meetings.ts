import { Costs, type Outcome, type PeerHandle } from '@onehop/overlay'
import type { Children } from './children.ts'
import { PONG_HOSTS } from './limits.ts'
import type { Links } from './links.ts'
import type { Check, FastTrackMessage, Hello, HostEntry, Ping, Redirect } from './messages.ts'
import type { Promotion } from './promotion.ts'
import type { Session } from './session.ts'
import type { FastTrackState } from './state.ts'

/** What meetings need of their machine. */
export interface MeetingsParts {
  readonly state: FastTrackState
  readonly children: Children
  readonly links: Links
  readonly session: Session
  readonly promotion: Promotion
}

/** Nodes that ask who this one is, want to be its children, or bring word of others. */
export class Meetings {
  private readonly state: FastTrackState
  private readonly children: Children
  private readonly links: Links
  private readonly session: Session
  private readonly promotion: Promotion

  constructor({ state, children, links, session, promotion }: MeetingsParts) {
    this.state = state
    this.children = children
    this.links = links
    this.session = session
    this.promotion = promotion
  }

  onPing(from: PeerHandle, { request, sender }: Ping): void {
    const { state, children } = this
    this.children.hear(from)
    state.environment.learnAddresses(from, sender.addresses)
    const isSupernode = state.isSupernode
    const isOrphan = this.session.isOrphan
    const isKnown = children.get(from) !== undefined || this.links.get(from) !== undefined
    if (isSupernode && !isKnown) children.onStranger()
    state.send(from, {
      type: 'pong',
      request,
      sender: state.self,
      isSupernode,
      isKnown,
      isOrphan,
      children: children.size,
      room: isSupernode ? children.room : isOrphan && state.capacity > 0 ? 1 : 0,
      hosts: this.pongHosts(),
    })
  }

  /** The own supernode, or the own deputies, and some others. */
  private pongHosts(): readonly HostEntry[] {
    const { cache } = this.state
    const { parent } = this.session
    const own = parent !== undefined && cache.has(parent) ? [cache.host(parent)] : this.children.deputies
    return [...own, ...cache.sample(PONG_HOSTS)]
  }

  /** An orphan to whom others come, for it has the least hash, becomes a supernode; an ordinary node names some. */
  onHello(from: PeerHandle, hello: Hello): void {
    const { state } = this
    if (this.session.isOrphan && state.capacity > 0) this.promotion.promoteSelf()
    if (state.isSupernode) this.children.onHello(from, hello)
    else
      state.send(from, {
        type: 'welcome',
        request: hello.request,
        accepted: false,
        hosts: this.pongHosts(),
      })
  }

  /** A neighbour wants to know whether its child can be dialled. */
  onCheck(from: PeerHandle, { request, peer: entry }: Check): void {
    const { state } = this
    const neighbour = this.links.get(from)
    if (neighbour === undefined || !neighbour.bucket.take(1, state.now())) return
    const asker = neighbour.peer
    const answer = (accepted: boolean) => {
      if (this.links.get(asker) === neighbour) state.send(asker, { type: 'checked', request, accepted })
    }
    state.handles.with(entry.id, peer => {
      state.environment.learnAddresses(peer, entry.addresses)
      state.ask(peer, number => ({ type: 'ping', request: number, sender: state.self }), {
        onReply: () => answer(true),
        onSilence: () => answer(false),
      })
    })
  }

  /** From the parent: go there. From a child: there are others whom you may not know. */
  onRedirect(from: PeerHandle, { hosts }: Redirect): void {
    const { state } = this
    this.session.onRedirect(from, hosts)
    const child = this.children.get(from)
    if (!state.isSupernode || child === undefined || !child.bucket.take(1, state.now())) return
    state.cache.learnAll(hosts)
    for (const { peer: entry } of hosts.slice(0, 1))
      state.handles.with(entry.id, peer => this.links.probe(state.cache.has(peer) ? [peer] : []))
  }

  onPong(peer: PeerHandle, reply: FastTrackMessage): void {
    const { state } = this
    if (reply.type !== 'pong') return
    const entry = { id: state.environment.idOf(peer), addresses: reply.sender.addresses }
    state.cache.meet(peer, { entry, isSupernode: reply.isSupernode, children: reply.children })
    state.cache.learnAll(reply.hosts)
  }

  /** Makes the own network known to the one of the introducers. */
  merge(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    const { state } = this
    const costs = new Costs(state.now())
    let left = introducers.length
    let isDone = false
    const end = (failure?: 'timed out' | 'unreachable') => {
      left--
      if (isDone || (failure !== undefined && left > 0)) return
      isDone = true
      done(costs.outcome(state.now(), { failure }))
    }
    if (left === 0) done(costs.outcome(state.now(), {}))
    for (const peer of introducers) {
      costs.messages++
      costs.attempts++
      state.ask(peer, request => ({ type: 'ping', request, sender: state.self }), {
        onReply: reply => {
          this.onPong(peer, reply)
          if (reply.type === 'pong') this.bridge(peer, reply.isSupernode, reply.hosts)
          end()
        },
        onSilence: silence => end(silence),
      })
    }
  }

  /** Supernodes link; an ordinary node tells its own. */
  private bridge(peer: PeerHandle, isSupernode: boolean, hosts: readonly HostEntry[]): void {
    const { state } = this
    const { parent } = this.session
    const others = isSupernode && state.cache.has(peer) ? [state.cache.host(peer)] : hosts
    const supernodes = others.filter(host => host.isSupernode).slice(0, 1)
    for (const host of supernodes) {
      if (parent !== undefined) state.send(parent, { type: 'redirect', hosts: [host] })
      if (state.isSupernode) state.handles.with(host.peer.id, other => this.links.open(other))
    }
  }
}
