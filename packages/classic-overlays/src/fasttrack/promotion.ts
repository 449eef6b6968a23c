import type { PeerHandle } from '@onehop/overlay'
import { BoundedMap, bytesKey } from '@onehop/primitives'
import type { Child, Children } from './children.ts'
import type { Flooding } from './flooding.ts'
import { DRAIN_MS, FAREWELL_HOSTS, MAX_STANDINGS, PRESSED_MS, UNSUITABLE_MS } from './limits.ts'
import type { Links } from './links.ts'
import type { Invite } from './messages.ts'
import type { Session } from './session.ts'
import type { FastTrackState } from './state.ts'

/** What promotion and demotion need of their machine. */
export interface PromotionParts {
  readonly state: FastTrackState
  readonly children: Children
  readonly links: Links
  readonly flooding: Flooding
  readonly session: Session
  readonly onPromoted: () => void
}

/**
 * Who is a supernode. A full one makes the child with the highest level that it has seen itself a supernode, and sends
 * it half of the others, like a page of a B-tree that splits; an idle one becomes a child of another.
 */
export class Promotion {
  private readonly parts: PromotionParts
  private readonly unsuitable = new BoundedMap<string, number>(MAX_STANDINGS)
  private isInviting = false
  private isDemoting = false
  private invitedMs = Number.NEGATIVE_INFINITY
  private idleSinceMs: number | undefined
  private drainedMs = 0

  constructor(parts: PromotionParts) {
    this.parts = parts
  }

  /** This node is a supernode from now on. */
  promoteSelf(): void {
    const { state, session, onPromoted, links } = this.parts
    if (state.answersForItself) return
    state.role = 'supernode'
    state.isDraining = false
    state.phase = 'in'
    this.idleSinceMs = undefined
    session.onPromoted()
    onPromoted()
    links.refill()
  }

  /** The parent asks this node to be a supernode. */
  onInvite(from: PeerHandle, { request }: Invite): void {
    const { state, session, links } = this.parts
    const isAlready = state.answersForItself && links.get(from) !== undefined
    const accepted = isAlready || (from === session.parent && state.capacity > 0)
    state.send(from, { type: 'invited', request, accepted })
    if (!accepted || isAlready) return
    this.promoteSelf()
    links.add(from)
  }

  /** This supernode is full: looks for a child to share with. */
  review(): void {
    const { state, children } = this.parts
    const nowMs = state.now()
    const isRecent = nowMs - this.invitedMs < state.options.childPingMs
    if (!state.isSupernode || this.isInviting || isRecent || children.room > 0 || children.isClosing) return
    const best = children.byLevel().find(child => !this.isUnsuitable(child))
    if (best === undefined) return
    const isPressed = nowMs - children.turnedAwayMs < PRESSED_MS
    if (children.levelOf(best) < state.options.promotionLevel && !isPressed) return
    this.isInviting = true
    this.check(best)
  }

  tick(): void {
    const { state } = this.parts
    if (!state.isDraining) {
      this.review()
      this.reviewIdleness()
    } else if (state.now() >= this.drainedMs) this.becomeOrdinary()
  }

  /** A neighbour tries whether the child can be dialled: its own word is no proof. */
  private check(child: Child): void {
    const { state, links } = this.parts
    const neighbours = links.all()
    const checker = neighbours[Math.floor(state.environment.random() * neighbours.length)]
    if (checker === undefined) {
      this.invite(child)
      return
    }
    state.ask(checker.peer, request => ({ type: 'check', request, peer: child.entry }), {
      onReply: reply => {
        if (reply.type === 'checked' && !reply.accepted) this.refuse(child)
        else this.invite(child)
      },
      onSilence: () => this.invite(child),
    })
  }

  private invite(child: Child): void {
    const { state, children } = this.parts
    if (!state.isSupernode || children.get(child.peer) === undefined) {
      this.isInviting = false
      return
    }
    state.ask(child.peer, request => ({ type: 'invite', request }), {
      onReply: reply => {
        this.isInviting = false
        this.invitedMs = state.now()
        if (reply.type === 'invited' && reply.accepted && state.isSupernode) this.split(child)
        else this.refuse(child)
      },
      onSilence: () => this.refuse(child),
    })
  }

  private refuse(child: Child): void {
    this.isInviting = false
    this.unsuitable.set(bytesKey(child.entry.id), this.parts.state.now() + UNSUITABLE_MS)
  }

  private isUnsuitable({ entry }: Child): boolean {
    return (this.unsuitable.get(bytesKey(entry.id)) ?? 0) > this.parts.state.now()
  }

  /** Half of the children are sent to the new supernode. Those that it does not take, or cannot be reached by, stay. */
  private split(child: Child): void {
    const { state, children, links } = this.parts
    const { peer, entry } = child
    state.handles.while(peer, () => {
      children.remove(peer, false)
      state.cache.meet(peer, { entry, isSupernode: true, children: 0 })
      links.add(peer)
      this.unsuitable.set(bytesKey(entry.id), state.now() + UNSUITABLE_MS)
      const host = { peer: entry, isSupernode: true, children: 0, ageMs: 0 }
      const others = children.all()
      for (let i = 0; i < others.length; i += 2)
        state.send(others[i]!.peer, { type: 'redirect', hosts: [host] })
    })
  }

  private reviewIdleness(): void {
    const { state, children, links } = this.parts
    const { childrenLeast, demoteAfterMs } = state.options
    const isIdle = state.isSupernode && children.size < childrenLeast && links.size > 0
    if (!isIdle) this.idleSinceMs = undefined
    else this.idleSinceMs ??= state.now() + demoteAfterMs * (state.environment.random() - 0.5)
    if (this.idleSinceMs === undefined || this.isDemoting) return
    if (state.now() - this.idleSinceMs < demoteAfterMs) return
    this.idleSinceMs = undefined
    const heir = this.heir()
    if (heir !== undefined) this.demote(heir)
  }

  /** The neighbour with the most children that has room for one more; all others together must have room for all of ours. */
  private heir(): PeerHandle | undefined {
    const { state, children, links } = this.parts
    const { cache, options } = state
    const room = (peer: PeerHandle) => Math.max(0, options.childrenMost - cache.childrenOf(peer))
    const all = cache.supernodes().reduce((sum, peer) => sum + room(peer), 0)
    if (all < 2 * children.size + 2) return undefined
    const able = links.all().filter(({ peer }) => room(peer) > 0 && !cache.isDistrusted(peer))
    able.sort((a, b) => cache.childrenOf(b.peer) - cache.childrenOf(a.peer))
    return able[0]?.peer
  }

  private demote(heir: PeerHandle): void {
    const { state, children } = this.parts
    const { capacity } = state
    this.isDemoting = true
    children.isClosing = true
    const end = () => {
      this.isDemoting = false
      children.isClosing = false
    }
    state.ask(heir, request => ({ type: 'hello', request, sender: state.self, capacity }), {
      onReply: reply => {
        end()
        if (reply.type !== 'welcome' || !state.isSupernode) return
        state.cache.learnAll(reply.hosts)
        if (reply.accepted) state.handles.while(heir, () => this.drain(heir))
      },
      onSilence: end,
    })
  }

  /** Children look for others, and what this node has is registered; until then it goes on answering. */
  private drain(heir: PeerHandle): void {
    const { state, children, session } = this.parts
    const hosts = state.cache.sample(FAREWELL_HOSTS)
    for (const { peer } of children.all()) state.send(peer, { type: 'bye', hosts })
    state.isDraining = true
    this.drainedMs = state.now() + DRAIN_MS
    session.adopt(heir)
  }

  private becomeOrdinary(): void {
    const { state, children, links, flooding, session } = this.parts
    for (const { peer } of links.all())
      if (peer !== session.parent) state.send(peer, { type: 'bye', hosts: [] })
    state.role = 'ordinary'
    state.isDraining = false
    children.clear()
    links.clear()
    flooding.endAll()
  }
}
