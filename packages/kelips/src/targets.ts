import type { PeerHandle } from '@onehop/overlay'
import { type RandomSource, randomBelow } from '@onehop/primitives'
import {
  COLD_CONTACT_INTERVAL_MS,
  COLD_TARGET_INTERVAL_MS,
  LEAST_COLD_CONTACT_MS,
  MAX_WARM_CONTACTS,
  MAX_WARM_MEMBERS,
  PROXIMITY_FLOOR_MS,
  REACHED_GROUP_MS,
  SAMPLED_TARGETS,
  UNKNOWN_RTT_MS,
} from './limits.ts'
import type { KelipsState } from './state.ts'
import { WarmPeers } from './warm-peers.ts'

/** So much of the most connections to contacts that there have been is forgotten at each look. */
const MOST_WARM_DECAY = 0.125

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
  private nextColdMemberMs: number
  private nextColdContactMs: number
  private coldContactMs = LEAST_COLD_CONTACT_MS
  private mostWarmContacts = 0

  constructor(state: KelipsState) {
    this.state = state
    this.random = () => state.environment.random()
    this.nextColdMemberMs = state.now() + COLD_TARGET_INTERVAL_MS * this.random()
    this.nextColdContactMs = state.now() + COLD_TARGET_INTERVAL_MS * (1 + this.random())
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
    const { viewSize, size } = roster
    if (size === viewSize) return []
    this.noteConnected(viewSize, size)
    const drawn = this.warmContacts.inTurn(count, peer => this.isWarm(peer, viewSize, size))
    return this.withColdOne(drawn, count, viewSize, size)
  }

  /** Some to whom there is a connection may never have said anything. */
  private noteConnected(from: number, to: number): void {
    for (let tries = 0; tries < SAMPLED_TARGETS; tries++) {
      const peer = this.state.roster.at(from + randomBelow(this.random, to - from))
      if (this.isWarm(peer, from, to)) this.warmContacts.note(peer)
    }
  }

  /** Members to whom there is a connection. */
  warmMembersOnly(count: number): PeerHandle[] {
    return this.nearest(this.candidates(this.warmMembers, 0, this.state.roster.viewSize, count), count)
  }

  /** From the rows `from` to `to` of the tables. */
  private draw(count: number, warm: WarmPeers, from: number, to: number): PeerHandle[] {
    if (from === to) return []
    const drawn = this.nearest(this.candidates(warm, from, to, count), count)
    return this.withColdOne(drawn, count, from, to)
  }

  private withColdOne(drawn: PeerHandle[], count: number, from: number, to: number): PeerHandle[] {
    if (drawn.length < count || this.isColdDue(from)) {
      const cold = this.coldOne(from, to)
      if (cold !== undefined && !drawn.includes(cold)) {
        if (drawn.length === count) drawn.pop()
        drawn.push(cold)
      }
    }
    return drawn
  }

  private isColdDue(from: number): boolean {
    const nowMs = this.state.now()
    if (nowMs < (from === 0 ? this.nextColdMemberMs : this.nextColdContactMs)) return false
    if (from === 0) this.nextColdMemberMs = nowMs + COLD_TARGET_INTERVAL_MS
    else this.nextColdContactMs = nowMs + this.coldContactIntervalMs()
    return true
  }

  /** Connections to contacts are opened often while they become more, and rarely when one closes for each. */
  private coldContactIntervalMs(): number {
    const { viewSize, size } = this.state.roster
    const warm = this.warmContacts.count(peer => this.isWarm(peer, viewSize, size))
    const isMore = warm > this.mostWarmContacts
    this.mostWarmContacts = isMore ? warm : this.mostWarmContacts - MOST_WARM_DECAY
    this.coldContactMs = isMore
      ? LEAST_COLD_CONTACT_MS
      : Math.min(COLD_CONTACT_INTERVAL_MS, this.coldContactMs * 2)
    return this.coldContactMs
  }

  /** One to whom there is no connection: of some that are drawn, whom we would miss, and of whom we heard long ago. */
  private coldOne(from: number, to: number): PeerHandle | undefined {
    const { roster, environment } = this.state
    let best: PeerHandle | undefined
    let bestHeardMs = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < SAMPLED_TARGETS; tries++) {
      const peer = roster.at(from + randomBelow(this.random, to - from))
      if (roster.isSuspect(peer) || environment.isConnected(peer)) continue
      const heardMs = roster.heardMsOf(peer) + (from > 0 && this.isReached(peer) ? REACHED_GROUP_MS : 0)
      if (heardMs >= bestHeardMs) continue
      best = peer
      bestHeardMs = heardMs
    }
    return best
  }

  /** Whether there is a connection to somebody of its group. */
  private isReached(peer: PeerHandle): boolean {
    const { roster, environment } = this.state
    const bucket = roster.groupOf(peer)
    const isConnected = (other: PeerHandle) => environment.isConnected(other)
    return roster.inGroup(bucket).some(isConnected) || roster.inGroup(bucket ^ 1).some(isConnected)
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
