import type { PeerHandle } from '@onehop/overlay'
import { type RandomSource, randomBelow } from '@onehop/primitives'
import {
  COLD_TARGET_INTERVAL_MS,
  MAX_WARM_CONTACTS,
  MAX_WARM_MEMBERS,
  PROXIMITY_FLOOR_MS,
  SAMPLED_TARGETS,
  UNKNOWN_RTT_MS,
} from './limits.ts'
import type { KelipsState } from './state.ts'
import { WarmPeers } from './warm-peers.ts'

/**
 * To whom gossip goes: peers to whom there is a connection, the nearer the likelier (Kelips §2: spatially weighted
 * gossip); now and then one to whom there is none, so that connections rotate and no part of the network is left out;
 * and strangers where there are too few connections. Draws from samples, for tables are large and rounds many.
 */
export class Targets {
  private readonly state: KelipsState
  private readonly warmMembers = new WarmPeers(MAX_WARM_MEMBERS)
  private readonly warmContacts = new WarmPeers(MAX_WARM_CONTACTS)
  private readonly random: RandomSource
  private nextColdMs: number

  constructor(state: KelipsState) {
    this.state = state
    this.random = () => state.environment.random()
    this.nextColdMs = state.now() + COLD_TARGET_INTERVAL_MS * this.random()
  }

  /** The peer has said something. */
  note(peer: PeerHandle): void {
    const { roster, partition, environment } = this.state
    if (!roster.has(peer)) return
    if (partition.isOwn(environment.hash32(peer))) this.warmMembers.note(peer)
    else this.warmContacts.note(peer)
  }

  /** The peer is in the tables no longer. */
  forget(peer: PeerHandle): void {
    this.warmMembers.forget(peer)
    this.warmContacts.forget(peer)
  }

  /** Members of the own group for a round. */
  members(count: number): PeerHandle[] {
    const { roster } = this.state
    return this.draw(count, this.warmMembers, 0, roster.viewSize)
  }

  /** Contacts for a round. */
  contacts(count: number): PeerHandle[] {
    const { roster } = this.state
    return this.draw(count, this.warmContacts, roster.viewSize, roster.size)
  }

  /** Members to whom there is a connection. */
  warmMembersOnly(count: number): PeerHandle[] {
    return this.nearest(this.candidates(this.warmMembers, 0, this.state.roster.viewSize, count), count)
  }

  /** From the rows `from` to `to` of the tables. */
  private draw(count: number, warm: WarmPeers, from: number, to: number): PeerHandle[] {
    if (from === to) return []
    const drawn = this.nearest(this.candidates(warm, from, to, count), count)
    if (drawn.length < count || this.isColdDue()) {
      const cold = this.coldOne(from, to)
      if (cold !== undefined && !drawn.includes(cold)) {
        if (drawn.length === count) drawn.pop()
        drawn.push(cold)
      }
    }
    return drawn
  }

  private isColdDue(): boolean {
    if (this.state.now() < this.nextColdMs) return false
    this.nextColdMs = this.state.now() + COLD_TARGET_INTERVAL_MS
    return true
  }

  /** One to whom there is no connection, if it is found at once. */
  private coldOne(from: number, to: number): PeerHandle | undefined {
    const { roster, environment } = this.state
    for (let tries = 0; tries < SAMPLED_TARGETS; tries++) {
      const peer = roster.at(from + randomBelow(this.random, to - from))
      if (!roster.isSuspect(peer) && !environment.isConnected(peer)) return peer
    }
    return undefined
  }

  private candidates(warm: WarmPeers, from: number, to: number, count: number): PeerHandle[] {
    const { roster } = this.state
    const found: PeerHandle[] = []
    const consider = (peer: PeerHandle | undefined) => {
      if (peer !== undefined && !found.includes(peer) && this.isWarm(peer, from, to)) found.push(peer)
    }
    const wanted = count + SAMPLED_TARGETS
    if (to - from <= wanted) for (let row = from; row < to; row++) consider(roster.at(row))
    else
      for (let tries = 0; tries < wanted; tries++) {
        consider(warm.draw(this.random))
        if (found.length < count) consider(roster.at(from + randomBelow(this.random, to - from)))
      }
    return found
  }

  private isWarm(peer: PeerHandle, from: number, to: number): boolean {
    const { roster, environment } = this.state
    const row = roster.slotOf(peer)
    return row >= from && row < to && !roster.isSuspect(peer) && environment.isConnected(peer)
  }

  /** Draws without repetition, the nearer the likelier. */
  private nearest(candidates: PeerHandle[], count: number): PeerHandle[] {
    const weights = candidates.map(peer => this.weightOf(peer))
    let total = weights.reduce((sum, weight) => sum + weight, 0)
    const drawn: PeerHandle[] = []
    while (drawn.length < count && candidates.length > 0) {
      let mark = this.random() * total
      let at = 0
      while (at < candidates.length - 1 && mark >= weights[at]!) mark -= weights[at++]!
      drawn.push(...candidates.splice(at, 1))
      total -= weights.splice(at, 1)[0]!
    }
    return drawn
  }

  private weightOf(peer: PeerHandle): number {
    return 1 / ((this.state.roster.rttMsOf(peer) ?? UNKNOWN_RTT_MS) + PROXIMITY_FLOOR_MS)
  }
}
