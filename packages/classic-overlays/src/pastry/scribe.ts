import type { Cancel, Key, PeerHandle, Requests } from '@onehop/overlay'
import { assert, BoundedSet, bytesKey } from '@onehop/primitives'
import type { Forwarding } from './forwarding.ts'
import {
  MAX_PAYLOAD_BYTES,
  MAX_REMEMBERED_MULTICASTS,
  MAX_ROUTE_HOPS,
  MISSED_BEATS,
  MULTICAST_ID_BYTES,
} from './limits.ts'
import type { Beat, Deliver, Multicast, PastryMessage, Reply, Subscribe } from './messages.ts'
import { idFromBytes } from './node-id.ts'
import { type Group, type Listener, ScribeGroups } from './scribe-groups.ts'
import type { PastryState } from './state.ts'

/** What Scribe needs of the machine. */
export interface ScribeParts {
  readonly state: PastryState
  readonly requests: Requests<PastryMessage, Reply>
  readonly forwarding: () => Forwarding
}

/**
 * Application-level multicast on Pastry's routing (Castro, Druschel, Kermarrec, Rowstron: "Scribe", 2002). The ways of
 * all subscriptions to a group's key make a tree, whose root is the node closest to the key.
 */
export class Scribe {
  readonly groups: ScribeGroups
  private readonly parts: ScribeParts
  private readonly seen = new BoundedSet<string>(MAX_REMEMBERED_MULTICASTS)
  private beatAtMs = 0

  constructor(parts: ScribeParts) {
    this.parts = parts
    this.groups = new ScribeGroups(parts.state.handles)
  }

  /**
   * Takes part in a group. @returns takes no part any more.
   * @throws {AssertionError} in too many groups.
   */
  subscribe(key: Key, listener: Listener): Cancel {
    const group = this.groups.open(key, this.parts.state.now())
    assert(group !== undefined, 'too many groups')
    group.listeners.add(listener)
    if (!isInTree(group)) this.enterTree(group)
    return () => {
      group.listeners.delete(listener)
      this.leaveIfUseless(group)
    }
  }

  /**
   * Sends to all subscribers of a group; whether they get it, nobody says.
   * @throws {AssertionError} for a payload that is too long.
   */
  multicast(key: Key, payload: Uint8Array): void {
    assert(payload.length <= MAX_PAYLOAD_BYTES, `a multicast has at most ${MAX_PAYLOAD_BYTES} bytes`)
    const { state, forwarding } = this.parts
    const random = () => Math.floor(state.environment.random() * 256)
    const id = Uint8Array.from({ length: MULTICAST_ID_BYTES }, random)
    const route = { request: 0, hops: 0, detours: 0, attempt: 0, origin: state.own, number: 0 }
    forwarding().start({ type: 'route', errand: 'multicast', key, id, payload, ...route })
  }

  /** A subscription passes: whoever sent it becomes our child, and we ask on for ourselves unless we are in the tree. */
  onPassing(message: Subscribe, from: PeerHandle): Subscribe | undefined {
    const { state } = this.parts
    if (from === state.environment.self) return message
    const isKnown = this.groups.find(message.key) !== undefined
    const group = this.groups.open(message.key, state.now())
    if (group === undefined) return undefined
    const isChild = group.parent !== from && this.groups.addChild(group, from)
    if (!isChild) {
      this.leaveIfUseless(group)
      return undefined
    }
    this.beat(group, from)
    if (isKnown && (isInTree(group) || this.isEntering(group))) return undefined
    group.heardMs = state.now()
    return { ...message, origin: state.own }
  }

  /** A subscription ends here: we are the root. */
  onSubscribe(message: Subscribe): void {
    const group = this.groups.find(message.key)
    if (group === undefined) return
    group.isRoot = true
    group.depth = 0
    this.groups.setParent(group, undefined)
  }

  /** A multicast has come to the root. */
  onMulticast({ key, id, payload }: Multicast): void {
    const group = this.groups.find(key)
    if (group !== undefined) this.spread(group, { type: 'deliver', key, id, hops: 0, payload }, undefined)
  }

  onDeliver(from: PeerHandle, message: Deliver): void {
    const group = this.groups.find(message.key)
    if (group === undefined || group.parent !== from || message.hops >= MAX_ROUTE_HOPS) return
    this.spread(group, message, from)
  }

  /** The parent says that the tree stands. */
  onBeat(from: PeerHandle, { request, key, hops }: Beat): void {
    const { environment } = this.parts.state
    const group = this.groups.find(key)
    const wanted = group !== undefined && this.accepts(group, from, hops)
    environment.send(from, { type: 'beaten', request, wanted })
  }

  onPrune(from: PeerHandle, key: Key): void {
    const group = this.groups.find(key)
    if (group === undefined) return
    this.groups.removeChild(group, from)
    this.leaveIfUseless(group)
  }

  tick(): void {
    const { state } = this.parts
    if (this.groups.size === 0 || state.now() < this.beatAtMs) return
    this.beatAtMs = state.now() + state.options.heartbeatMs
    for (const group of this.groups.all()) this.renew(group)
  }

  stop(): void {
    for (const group of this.groups.all()) this.prune(group)
    this.groups.clear()
  }

  private enterTree(group: Group): void {
    const { state, forwarding } = this.parts
    group.heardMs = state.now()
    const route = { request: 0, hops: 0, detours: 0, attempt: 0, origin: state.own, number: 0 }
    if (state.isInNetwork)
      forwarding().start({ type: 'route', errand: 'subscribe', key: group.key, ...route })
  }

  /** Whether our own subscription is on its way. */
  private isEntering({ heardMs }: Group): boolean {
    return this.parts.state.now() - heardMs < this.parts.state.options.routeTimeoutMs
  }

  /** Whether we are, or become, a child of this parent. One whose distance from the root grows on and on is in a circle. */
  private accepts(group: Group, parent: PeerHandle, parentDepth: number): boolean {
    const isSilent = this.isParentLost(group)
    const isWanted = !group.isRoot && (group.parent === parent || group.parent === undefined || isSilent)
    if (!isWanted || parentDepth >= MAX_ROUTE_HOPS || group.children.has(parent)) return false
    this.groups.setParent(group, parent)
    group.depth = parentDepth + 1
    group.heardMs = this.parts.state.now()
    return true
  }

  private isParentLost({ heardMs }: Group): boolean {
    return this.parts.state.now() - heardMs > MISSED_BEATS * this.parts.state.options.heartbeatMs
  }

  /** To those who listen here, and to the children; once. */
  private spread(group: Group, message: Deliver, from: PeerHandle | undefined): void {
    if (!this.seen.add(bytesKey(message.id))) return
    const { environment } = this.parts.state
    const passed = { ...message, hops: message.hops + 1 }
    for (const child of [...group.children.keys()]) if (child !== from) environment.send(child, passed)
    for (const listener of [...group.listeners]) listener(message.payload)
  }

  private renew(group: Group): void {
    if (this.leaveIfUseless(group)) return
    for (const child of [...group.children.keys()]) this.beat(group, child)
    const isClosest = this.parts.forwarding().nextTo(idFromBytes(group.key)) === undefined
    if (group.isRoot && !isClosest) group.isRoot = false
    else if (group.isRoot || (group.parent !== undefined && !this.isParentLost(group))) return
    this.groups.setParent(group, undefined)
    this.enterTree(group)
  }

  private beat(group: Group, child: PeerHandle): void {
    const { key, depth } = group
    this.parts.requests.send(child, request => ({ type: 'beat', request, hops: depth, key }), {
      onReply: reply => {
        const isWanted = reply.type === 'beaten' && reply.wanted
        if (isWanted && group.children.has(child)) group.children.set(child, 0)
        else this.groups.removeChild(group, child)
      },
      onSilence: () => {
        const missed = (group.children.get(child) ?? 0) + 1
        if (missed >= MISSED_BEATS) this.groups.removeChild(group, child)
        else if (group.children.has(child)) group.children.set(child, missed)
      },
    })
  }

  /** Nobody listens here, and nobody gets anything through us. */
  private leaveIfUseless(group: Group): boolean {
    if (group.listeners.size > 0 || group.children.size > 0) return false
    this.prune(group)
    this.groups.close(group)
    return true
  }

  private prune({ parent, key }: Group): void {
    if (parent !== undefined) this.parts.state.environment.send(parent, { type: 'prune', key })
  }
}

function isInTree({ isRoot, parent }: Group): boolean {
  return isRoot || parent !== undefined
}
