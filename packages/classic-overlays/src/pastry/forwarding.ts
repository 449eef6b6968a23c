import type { PeerHandle, RequestSilence, Requests } from '@onehop/overlay'
import { equalBytes, invalid } from '@onehop/primitives'
import type { Contact } from './contact.ts'
import { MAX_FIRST_HOP_TRIES, MAX_HOP_TRIES, MAX_ROUTE_HOPS } from './limits.ts'
import type { PastryMessage, Reply, Route } from './messages.ts'
import { targetOf } from './messages.ts'
import { holderHop, nextHop } from './next-hop.ts'
import { equalIds, type NodeId, nodeIdOf } from './node-id.ts'
import type { PastryState } from './state.ts'

/** What becomes of routed messages here. */
export interface ForwardingPorts {
  /** The message has come to the node that is closest to its target: us. */
  onArrived(message: Route, from: PeerHandle): void
  /** The message passes. @returns what is passed on; undefined: nothing. */
  onPassing(message: Route, from: PeerHandle): Route | undefined
  onSilence(peer: PeerHandle, silence: RequestSilence): void
}

/** Told of what the first hop costs whoever begins. */
export interface HopCosts {
  messages: number
  timeouts: number
}

/** Routes messages, hop by hop: each is acknowledged, and where none comes the message takes another way. */
export class Forwarding {
  private readonly state: PastryState
  private readonly requests: Requests<PastryMessage, Reply>
  private readonly ports: ForwardingPorts

  constructor(state: PastryState, requests: Requests<PastryMessage, Reply>, ports: ForwardingPorts) {
    this.state = state
    this.requests = requests
    this.ports = ports
  }

  /** Begins here. */
  start(message: Route, costs?: HopCosts): void {
    this.pass(message, this.state.environment.self, costs)
  }

  /** Begins with a certain next hop, which is asked again when it is silent. */
  startVia(peer: PeerHandle, message: Route, tries = 1): void {
    this.requests.send(peer, request => ({ ...message, request, hops: message.hops + 1 }), {
      onReply: () => {},
      onSilence: silence => {
        if (silence === 'timed out' && tries < MAX_FIRST_HOP_TRIES) this.startVia(peer, message, tries + 1)
      },
    })
  }

  onRoute(from: PeerHandle, message: Route): void {
    const { environment } = this.state
    if (!this.state.isInNetwork) return
    environment.send(from, { type: 'ack', request: message.request, errand: message.errand })
    const isFalse = message.hops <= 1 && !equalBytes(environment.idOf(from), message.origin.id)
    if (isFalse) this.state.blame(from, invalid('pastry-false-origin'))
    if (isFalse || message.hops >= MAX_ROUTE_HOPS) return
    this.pass(message, from)
  }

  /** Who would be the next hop to a place; undefined: we are closest. */
  nextTo(target: NodeId): Contact | undefined {
    return nextHop(this.state, target, contact => !contact.isSuspect, 0)
  }

  private pass(message: Route, from: PeerHandle, costs?: HopCosts): void {
    const passing = this.ports.onPassing(message, from)
    if (passing !== undefined) this.hand(passing, from, [], costs)
  }

  private hand(message: Route, from: PeerHandle, tried: Contact[], costs?: HopCosts): void {
    const next = this.choose(message, tried)
    if (next === undefined) {
      this.ports.onArrived(message, from)
      return
    }
    if (tried.length === MAX_HOP_TRIES) return
    if (costs !== undefined) costs.messages++
    const detours = message.detours + tried.length
    this.requests.send(next.peer, request => ({ ...message, request, detours, hops: message.hops + 1 }), {
      onReply: () => {},
      onSilence: silence => {
        if (costs !== undefined) costs.timeouts++
        this.ports.onSilence(next.peer, silence)
        tried.push(next)
        this.hand(message, from, tried, costs)
      },
    })
  }

  private choose(message: Route, tried: readonly Contact[]): Contact | undefined {
    const isAboutOrigin = message.errand === 'join' || message.errand === 'near'
    const origin = isAboutOrigin ? nodeIdOf(message.origin.id) : undefined
    const isUsable = (contact: Contact) =>
      !contact.isSuspect &&
      !tried.includes(contact) &&
      (origin === undefined || !equalIds(contact.id, origin))
    const target = targetOf(message)
    const isRepeated = message.attempt > 0 && (message.errand === 'get' || message.errand === 'put')
    const holder = isRepeated ? holderHop(this.state, target, isUsable) : undefined
    if (holder === 'self') return undefined
    return holder ?? nextHop(this.state, target, isUsable, message.attempt)
  }
}
