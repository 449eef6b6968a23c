import { Costs, type Outcome, type PeerHandle } from '@onehop/overlay'
import { randomElement } from '@onehop/primitives'
import type { Gossip } from './gossip.ts'
import { firstHash, isInRange, lastHash } from './groups.ts'
import type { HashRange } from './holders.ts'
import type { Intake } from './intake.ts'
import {
  ANNOUNCEMENTS_IN_CROWD,
  FIRST_REFILL_ROUNDS,
  FIRST_SHARE_MEMBERS,
  MAX_ANNOUNCEMENTS,
  MAX_BUSY_SOURCES,
  MAX_DEPTH_AHEAD,
  MAX_INTRODUCERS,
  MAX_PULL_SOURCES,
  MOST_REFILL_ROUNDS,
  REFILL_MEMBERS,
  ROUNDS_PER_JOIN_TRY,
  VIEW_SOURCES,
} from './limits.ts'
import type { MemberEntry } from './member-record.ts'
import type { Share } from './messages.ts'
import { settledDepth } from './population.ts'
import type { Pulling, Wanted } from './pulling.ts'
import type { Silence } from './requests.ts'
import type { KelipsState } from './state.ts'

/** Part by which the tables must grow for another pull to be worth it. */
const WORTHWHILE_GAIN = 0.03

const MEMBERS_ONLY = { limit: FIRST_SHARE_MEMBERS, skip: 0, filetuples: false, low: 0, high: 0xffff_ffff }

/**
 * Entering: a first share from the introducers, which also tells the depth; then introductions; then everything that
 * this node is to have, page by page from members of its group, or of the group that has answered for it until now. A
 * source that has served enough names others, so that a crowd that comes through few introducers spreads by itself.
 */
export class Joining {
  private readonly state: KelipsState
  private readonly pulling: Pulling
  private readonly intake: Intake
  private readonly gossip: Gossip
  private readonly introducers: PeerHandle[] = []
  private readonly waiting: (() => void)[] = []
  private askedSources: PeerHandle[] = []
  private busySources = 0
  private isTrying = false
  private rounds = 0
  private refillRounds = 0
  private refills = 0
  private nextRefillRound = Number.POSITIVE_INFINITY

  constructor(state: KelipsState, pulling: Pulling, intake: Intake, gossip: Gossip) {
    this.state = state
    this.pulling = pulling
    this.intake = intake
    this.gossip = gossip
  }

  /** Enters; or, where the node has entered, gets to know a part of the network that these peers know. */
  join(introducers: readonly PeerHandle[], done: (outcome: Outcome) => void): void {
    const { state } = this
    if (state.phase === 'joining') {
      for (const peer of introducers) state.handles.hold(peer)
      this.whenReady(() => {
        this.join(introducers, done)
        for (const peer of introducers) state.handles.drop(peer)
      })
      return
    }
    const costs = new Costs(state.now())
    const others = introducers.filter(peer => peer !== state.environment.self)
    const finish = (failure?: Silence) => {
      state.phase = 'joined'
      this.refillSoon()
      done(costs.outcome(state.now(), { failure }))
      for (const ready of this.waiting.splice(0)) ready()
    }
    if (state.phase === 'new') state.phase = 'joining'
    for (const peer of others) this.remember(peer)
    if (others.length > 0) this.pullFromIntroducers(others, costs, finish)
    else {
      state.settled = true
      finish()
    }
  }

  /** Runs when the node has entered, or has failed to; at once if that is long past. */
  whenReady(ready: () => void): void {
    if (this.state.phase === 'joining' || this.state.phase === 'new') this.waiting.push(ready)
    else ready()
  }

  /** A round has passed: a node that could not complete its tables goes on. */
  tick(): void {
    this.rounds++
    if (!this.state.settled && this.rounds % ROUNDS_PER_JOIN_TRY === 0) this.tryAgain()
    if (this.state.settled && this.rounds >= this.nextRefillRound) {
      if (this.state.prefixes === undefined) this.refillAtOnce()
      else this.refill()
    }
  }

  /** The tables have gaps that gossip would fill slowly: the node has just entered, or divides the hashes anew. */
  refillSoon(): void {
    this.refillRounds = FIRST_REFILL_ROUNDS
    this.refills = 0
    this.nextRefillRound = this.rounds + this.refillRounds
  }

  /** With a fixed k: members once more from another member, and again, less and less often, for as long as that brings many. */
  private refillAtOnce(): void {
    const { roster, environment } = this.state
    this.nextRefillRound = Number.POSITIVE_INFINITY
    const sources = this.state.holders.sources().filter(peer => environment.isConnected(peer))
    const source = randomElement(() => environment.random(), sources)
    if (source === undefined || roster.size <= MAX_ANNOUNCEMENTS) return
    const before = roster.size
    const costs = new Costs(this.state.now())
    this.pulling.ask(source, MEMBERS_ONLY, costs, share => {
      if (typeof share === 'string') return
      this.intake.members([share.sender, ...share.members], source)
      if (roster.size - before < before * WORTHWHILE_GAIN) return
      this.refillRounds *= 2
      this.nextRefillRound = this.rounds + this.refillRounds
    })
  }

  /**
   * Members once more: at the first, second, fourth, … time as many as another member names; at the others those of the
   * own group from one of them, and of one other group after the other from one of those, more and more slowly. What
   * one source or gossip leaves out, another tells, and who is asked is this node's choice, and not that of those who
   * say most.
   */
  private refill(): void {
    const { roster, ownGroup, groupCount } = this.state
    this.nextRefillRound = this.rounds + this.refillRounds
    if (roster.size <= MAX_ANNOUNCEMENTS) return
    const rangeOfGroup = (group: number) => ({
      low: firstHash(group, groupCount),
      high: lastHash(group, groupCount),
    })
    const isLarge = (this.refills & (this.refills - 1)) === 0
    this.refills++
    this.refillFrom(rangeOfGroup(ownGroup), isLarge ? MEMBERS_ONLY : undefined)
    const group = (ownGroup + this.refills) % groupCount
    if (group === ownGroup) this.refillRounds = Math.min(this.refillRounds * 2, MOST_REFILL_ROUNDS)
    else this.refillFrom(rangeOfGroup(group))
  }

  /** From a peer of these hashes to whom there is a connection, or where there is none from another. */
  private refillFrom(
    range: HashRange,
    wanted: Wanted = { ...MEMBERS_ONLY, ...range, limit: REFILL_MEMBERS },
  ): void {
    const { roster, environment } = this.state
    const isThere = (peer: PeerHandle) => isInRange(environment.hash32(peer), range.low, range.high)
    const useful = roster.peers().filter(peer => !roster.isSuspect(peer) && environment.isConnected(peer))
    const random = () => environment.random()
    const source = randomElement(random, useful.filter(isThere)) ?? randomElement(random, useful)
    if (source === undefined) return
    this.pulling.ask(source, wanted, new Costs(this.state.now()), share => {
      if (typeof share !== 'string') this.intake.members([share.sender, ...share.members], source)
    })
  }

  /** Completes a join that failed, and looks for an introducer when nobody is left. */
  tryAgain(): void {
    const { state } = this
    if (state.phase !== 'joined' || this.isTrying) return
    const costs = new Costs(state.now())
    const finish = () => {
      this.isTrying = false
    }
    this.isTrying = true
    if (state.roster.size === 0 && this.introducers.length > 0)
      this.pullFromIntroducers([...this.introducers], costs, finish)
    else if (!state.settled) this.fill(costs, finish)
    else this.isTrying = false
  }

  /** Nothing is called any more. */
  stop(): void {
    this.waiting.length = 0
    for (const peer of this.introducers.splice(0)) this.state.handles.drop(peer)
  }

  private remember(peer: PeerHandle): void {
    const isKnown = this.introducers.includes(peer)
    if (isKnown) return
    if (this.introducers.length >= MAX_INTRODUCERS)
      this.state.handles.drop(this.introducers.shift() as PeerHandle)
    this.introducers.push(this.state.handles.hold(peer))
  }

  private pullFromIntroducers(
    introducers: readonly PeerHandle[],
    costs: Costs,
    finish: (failure?: Silence) => void,
  ): void {
    let outstanding = introducers.length
    let isIn = false
    let worst: Silence = 'unreachable'
    const enter = () => {
      if (isIn) return
      isIn = true
      this.announce()
      this.pullMembers(costs, () => this.fill(costs, finish))
    }
    const fail = (silence: Silence) => {
      outstanding--
      if (silence === 'timed out') worst = silence
      if (outstanding === 0 && !isIn) finish(worst)
    }
    for (const peer of introducers) {
      this.pulling.ask(peer, MEMBERS_ONLY, costs, share => {
        if (typeof share === 'string') fail(share)
        else this.onFirstShare(peer, share, enter)
      })
    }
  }

  private onFirstShare(from: PeerHandle, share: Share, done: () => void): void {
    const entries = [share.sender, ...share.members]
    if (this.state.roster.size === 0) this.state.takeDepth(this.depthAfter(share, usualDepth(entries)))
    this.intake.members(entries, from, done)
  }

  /** Where a network grows fast, its nodes' depths lag behind its size: a joiner need not follow all the way. */
  private depthAfter({ census }: Share, usual: number): number {
    if (census === undefined) return usual
    const suitable = settledDepth(census, this.state.options)
    return Math.max(usual, Math.min(suitable, usual + MAX_DEPTH_AHEAD))
  }

  /** Members of the own group come first: they have what this node lacks, and pass on that it is there. */
  private announce(): void {
    const { roster, partition, environment } = this.state
    const peers = [...roster.peers()]
    const isOwn = (peer: PeerHandle) => partition.isOwn(environment.hash32(peer))
    const inside = peers.filter(isOwn)
    const outside = peers.filter(peer => !isOwn(peer))
    const count = this.state.prefixes === undefined ? MAX_ANNOUNCEMENTS : ANNOUNCEMENTS_IN_CROWD
    this.gossip.announce([...inside, ...outside].slice(0, count))
  }

  /** In a large network contacts are taken from several members, so that no single one chooses them all. */
  private pullMembers(costs: Costs, done: () => void): void {
    const { roster, holders } = this.state
    const sources = roster.size <= MAX_ANNOUNCEMENTS ? [] : holders.sources().slice(0, VIEW_SOURCES)
    let outstanding = sources.length
    if (outstanding === 0) done()
    const next = () => {
      outstanding--
      if (outstanding === 0) done()
    }
    for (const source of sources) {
      this.pulling.ask(source, MEMBERS_ONLY, costs, share => {
        if (typeof share !== 'string') this.intake.members([share.sender, ...share.members], source)
        next()
      })
    }
  }

  /** From one source after the other, until one that is settled itself has given everything. */
  private fill(costs: Costs, finish: () => void): void {
    this.askedSources = []
    this.busySources = 0
    this.fillFromNext(costs, finish)
  }

  private fillFromNext(costs: Costs, finish: () => void): void {
    const { state, askedSources } = this
    const isExhausted = askedSources.length - this.busySources >= MAX_PULL_SOURCES
    const source = isExhausted || this.busySources >= MAX_BUSY_SOURCES ? undefined : this.nextSource()
    if (source === undefined) {
      if (this.busySources === 0) state.settled = true
      finish()
      return
    }
    askedSources.push(source)
    this.pulling.drain(source, state.holders.range, costs, drained => {
      if (drained === 'busy') this.busySources++
      if (drained === 'complete') {
        state.settled = true
        finish()
      } else this.fillFromNext(costs, finish)
    })
  }

  private nextSource(): PeerHandle | undefined {
    const { roster, holders } = this.state
    const isUseful = (peer: PeerHandle) => !roster.isSuspect(peer) && !this.askedSources.includes(peer)
    return holders.sources().find(isUseful)
  }
}

/** The median: one liar among honest members does not decide. */
function usualDepth(entries: readonly MemberEntry[]): number {
  const depths = entries.map(({ record }) => record.depth).sort((a, b) => a - b)
  return depths[depths.length >> 1] ?? 0
}
