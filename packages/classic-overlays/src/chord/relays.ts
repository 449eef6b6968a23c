import type { Cancel, Costs, PeerHandle } from '@onehop/overlay'
import { isBetween } from './identifiers.ts'
import { CLOSER_PEERS, MAX_RELAYS, MAX_RELAYS_PER_PEER, MAX_ROUTE_HOPS, ROUTE_TIMEOUTS } from './limits.ts'
import type { Route, Routed } from './messages.ts'
import type { RingEntry, RingPeer } from './ring-entry.ts'
import type { Routing } from './routing.ts'
import type { ChordState } from './state.ts'
import type { Finding, Quest } from './walk.ts'

interface Relay {
  readonly peer: PeerHandle
  readonly answered: (routed: Routed | undefined) => void
  readonly cancelTimer: Cancel
}

/** Where a route ended. */
type Ending = Pick<Routed, 'hops' | 'entries'>

/** What is handed on: the route's message without its number. */
type Leg = Omit<Route, 'type' | 'request'>

/**
 * Recursive lookups: each node hands the question to the closest node before the point, which confirms that it has it;
 * the answer takes the same way back. A next hop that stays silent is gone round. Each hop must lead on, and there are
 * not more than {@link MAX_ROUTE_HOPS}, so that no route runs in circles.
 */
export class Relays {
  private readonly state: ChordState
  private readonly routing: Routing
  private readonly relays = new Map<number, Relay>()
  private readonly ofPeer = new Map<PeerHandle, number>()

  constructor(state: ChordState, routing: Routing) {
    this.state = state
    this.routing = routing
  }

  get size(): number {
    return this.relays.size
  }

  /** @param done told where the route ended; undefined: nobody answered, or what nobody believes. */
  find(quest: Quest, costs: Costs, done: (finding: Finding | undefined) => void): void {
    const { target, why, limit } = quest
    const { isDone, entries, index } = this.routing.resolve(target, false, limit)
    if (isDone) {
      done({ entries, by: this.state.positionOf(index)!.ownEntry, hops: 0 })
      return
    }
    this.forward({ why, target, limit, hops: 1 }, costs, routed => {
      const isRight = routed !== undefined && this.isRight(quest, routed.entries)
      done(isRight ? { entries: routed.entries, hops: routed.hops } : undefined)
    })
  }

  onRoute(from: PeerHandle, route: Route): void {
    const { environment } = this.state
    const { request, why, target, limit, hops } = route
    const answer = ({ hops: taken, entries: told }: Ending) =>
      environment.send(from, { type: 'routed', request, why, hops: taken, entries: told })
    const ofPeer = this.ofPeer.get(from) ?? 0
    environment.send(from, { type: 'accepted', request, why })
    const { isDone, entries } = this.routing.resolve(target, false, limit)
    if (isDone) answer({ hops, entries })
    else if (hops >= MAX_ROUTE_HOPS || this.relays.size >= MAX_RELAYS || ofPeer >= MAX_RELAYS_PER_PEER)
      answer({ hops, entries: [] })
    else this.relay(from, { why, target, limit, hops: hops + 1 }, answer)
  }

  /** @returns false when nobody waits for it. */
  onRouted(from: PeerHandle, routed: Routed): void {
    const relay = this.relays.get(routed.request)
    if (relay?.peer === from) this.close(routed.request, routed)
  }

  clear(): void {
    for (const [number, { cancelTimer, peer }] of this.relays) {
      cancelTimer()
      this.relays.delete(number)
      this.state.dropPeer(peer)
    }
    this.ofPeer.clear()
  }

  private relay(from: PeerHandle, leg: Leg, answer: (ending: Ending) => void): void {
    this.state.holdPeer(from)
    this.ofPeer.set(from, (this.ofPeer.get(from) ?? 0) + 1)
    this.forward(leg, undefined, routed => {
      const left = (this.ofPeer.get(from) ?? 1) - 1
      if (left > 0) this.ofPeer.set(from, left)
      else this.ofPeer.delete(from)
      answer(routed ?? { hops: leg.hops, entries: [] })
      this.state.dropPeer(from)
    })
  }

  /** Hands the question to the closest node before the point that takes it. */
  private forward(leg: Leg, costs: Costs | undefined, answered: Relay['answered']): void {
    const { self } = this.state.environment
    const candidates = this.routing.closer(leg.target, CLOSER_PEERS).filter(({ peer }) => peer !== self)
    const rows = candidates.map(({ entry }) => this.state.hold(entry))
    const end = (routed: Routed | undefined) => {
      for (const row of rows) this.state.drop(row)
      answered(routed)
    }
    this.tryNext(rows, 0, leg, costs, end)
  }

  private tryNext(
    rows: readonly RingPeer[],
    i: number,
    leg: Leg,
    costs: Costs | undefined,
    end: Relay['answered'],
  ): void {
    const row = rows[i]
    if (row === undefined) {
      end(undefined)
      return
    }
    if (costs !== undefined) {
      costs.messages++
      costs.attempts++
    }
    let number = -1
    const build = (request: number): Route => {
      number = request
      return { type: 'route', request, ...leg }
    }
    const close = this.state.ask(row.peer, 'accepted', build, {
      onReply: () => this.state.noteAnswer(row.identifier),
      onSilence: () => {
        if (costs !== undefined) costs.timeouts++
        this.state.noteSilence(row)
        if (this.forget(number)) this.tryNext(rows, i + 1, leg, costs, end)
      },
    })
    this.wait(number, row.peer, routed => {
      close()
      end(routed)
    })
  }

  private wait(number: number, peer: PeerHandle, answered: Relay['answered']): void {
    const { environment, options } = this.state
    const lifetimeMs = ROUTE_TIMEOUTS * options.defaultTimeoutMs
    const cancelTimer = environment.setTimer(lifetimeMs, () => this.close(number, undefined))
    this.state.holdPeer(peer)
    this.relays.set(number, { peer, answered, cancelTimer })
  }

  private forget(number: number): boolean {
    const relay = this.relays.get(number)
    if (relay === undefined) return false
    this.relays.delete(number)
    relay.cancelTimer()
    this.state.dropPeer(relay.peer)
    return true
  }

  private close(number: number, routed: Routed | undefined): void {
    const relay = this.relays.get(number)
    if (relay === undefined || !this.forget(number)) return
    if (this.state.phase !== 'left') relay.answered(routed)
  }

  private isRight({ target }: Quest, entries: readonly RingEntry[]): boolean {
    const { space } = this.state
    const places = entries.map(entry => entry.identifierIn(space))
    const [owner] = places
    if (owner === undefined) return false
    const inOrder = places.every((place, i) => i === 0 || isBetween(places[i - 1]!, place, owner))
    return inOrder && this.state.isPlausibleOwner(target, owner)
  }
}
