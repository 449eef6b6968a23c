import { type PeerEntry, type PeerHandle, PointerTable } from '@onehop/overlay'
import { equalBytes, invalid, TokenBucket } from '@onehop/primitives'
import {
  CHILD_BURST,
  CHILD_QUERIES_PER_SECOND,
  MAX_HOSTS,
  MAX_POINTERS,
  MAX_POINTERS_PER_CHILD,
  MAX_POINTERS_PER_KEY,
} from './limits.ts'
import type { Hello, HostEntry, Register } from './messages.ts'
import { Reputations } from './reputation.ts'
import type { FastTrackState } from './state.ts'

/** An ordinary node in the care of this supernode. */
export interface Child {
  readonly peer: PeerHandle
  readonly entry: PeerEntry
  /** What it says that it could carry itself. */
  readonly capacity: number
  readonly sinceMs: number
  heardMs: number
  readonly bucket: TokenBucket
}

/** A supernode's children, and the index of what they have: a Napster server for so many. */
export class Children {
  readonly index = new PointerTable({
    inAll: MAX_POINTERS,
    perKey: MAX_POINTERS_PER_KEY,
    perProvider: MAX_POINTERS_PER_CHILD,
  })
  readonly reputations: Reputations
  /** Takes nobody: it asks to be an ordinary node. */
  isClosing = false
  /** When somebody was turned away last, for want of room. */
  turnedAwayMs = Number.NEGATIVE_INFINITY
  onFull: () => void = () => {}
  private readonly state: FastTrackState
  private readonly byPeer = new Map<PeerHandle, Child>()
  private told: readonly HostEntry[] = []

  constructor(state: FastTrackState) {
    this.state = state
    this.reputations = new Reputations(state.options)
    state.heldVersionOf = pointer => this.index.versionOf(pointer)
  }

  get size(): number {
    return this.byPeer.size
  }

  /** Children that fit. */
  get most(): number {
    const { childrenMost, capacity } = this.state.options
    return capacity === 0 ? childrenMost : Math.min(childrenMost, capacity)
  }

  get room(): number {
    return this.isClosing || this.state.isDraining ? 0 : Math.max(0, this.most - this.size)
  }

  /** Children with the highest levels, that all are told of. */
  get deputies(): readonly HostEntry[] {
    return this.told
  }

  get(peer: PeerHandle): Child | undefined {
    return this.byPeer.get(peer)
  }

  all(): Child[] {
    return [...this.byPeer.values()]
  }

  levelOf(child: Child): number {
    return this.reputations.levelOf(child.entry.id, this.state.now() - child.sinceMs)
  }

  /** Somebody wants to be a child. */
  onHello(from: PeerHandle, { request, sender, capacity }: Hello): void {
    const { state } = this
    const isTaken = this.byPeer.has(from) || this.room > 0
    if (isTaken) this.take(from, sender, capacity)
    else this.turnedAwayMs = state.now()
    const hosts = [...this.told, ...state.cache.sample(MAX_HOSTS - this.told.length)]
    state.send(from, { type: 'welcome', request, accepted: isTaken, hosts })
    if (this.room === 0 && !this.isClosing) this.onFull()
  }

  /** Somebody asks whether there is room. */
  onStranger(): void {
    if (this.room > 0 || this.isClosing || this.state.isDraining) return
    this.turnedAwayMs = this.state.now()
    this.onFull()
  }

  /** Pointers of a child. Whoever registers others' is to blame, child or not: nobody does that by mistake. */
  onRegister(from: PeerHandle, { request, pointers }: Register): void {
    const { state } = this
    const id = state.environment.idOf(from)
    if (pointers.some(({ provider }) => !equalBytes(provider, id))) {
      state.environment.penalise(from, invalid('foreign-pointer', 'only own pointers can be registered'))
      return
    }
    if (!this.byPeer.has(from)) {
      state.send(from, { type: 'registered', request, accepted: false })
      return
    }
    state.verify(pointers, from, valid => {
      if (!this.byPeer.has(from)) return
      for (const pointer of valid) this.index.put(pointer)
      state.send(from, { type: 'registered', request, accepted: true })
    })
  }

  /** It gives a sign of life. */
  hear(peer: PeerHandle): void {
    const child = this.byPeer.get(peer)
    if (child !== undefined) child.heardMs = this.state.now()
  }

  /** @param isLoss without a word. */
  remove(peer: PeerHandle, isLoss: boolean): void {
    const child = this.byPeer.get(peer)
    if (child === undefined) return
    this.byPeer.delete(peer)
    this.index.removeProvider(child.entry.id)
    this.reputations.onGone(child.entry.id, this.state.now() - child.sinceMs, isLoss)
    this.state.handles.drop(peer)
  }

  clear(): void {
    for (const peer of [...this.byPeer.keys()]) this.remove(peer, false)
    this.index.clear()
    this.told = []
    this.isClosing = false
  }

  tick(): void {
    const { state } = this
    const beforeMs = state.now() - state.options.silentAfterMs
    for (const { peer, heardMs } of this.all()) if (heardMs < beforeMs) this.remove(peer, true)
    this.index.expire(state.nowS())
    this.told = this.byLevel()
      .slice(0, state.options.deputies)
      .map(child => hostOf(child, state.now()))
  }

  /** Those that could become supernodes, the highest level first; of equal ones who is there for longer. */
  byLevel(): Child[] {
    const able = this.all().filter(({ capacity }) => capacity > 0)
    const levels = new Map(able.map(child => [child, this.levelOf(child)]))
    return able.sort((a, b) => levels.get(b)! - levels.get(a)! || a.sinceMs - b.sinceMs)
  }

  private take(from: PeerHandle, entry: PeerEntry, capacity: number): void {
    const nowMs = this.state.now()
    const known = this.byPeer.get(from)
    this.state.environment.learnAddresses(from, entry.addresses)
    if (known === undefined) this.state.handles.hold(from)
    const bucket = known?.bucket ?? new TokenBucket(CHILD_QUERIES_PER_SECOND, CHILD_BURST, nowMs)
    const sinceMs = known?.sinceMs ?? nowMs
    const id = this.state.environment.idOf(from)
    this.byPeer.set(from, {
      peer: from,
      entry: { id, addresses: entry.addresses },
      capacity,
      sinceMs,
      heardMs: nowMs,
      bucket,
    })
  }
}

function hostOf(child: Child, nowMs: number): HostEntry {
  const ageMs = Math.max(0, Math.floor(nowMs - child.heardMs))
  return { peer: child.entry, isSupernode: false, children: 0, ageMs }
}
