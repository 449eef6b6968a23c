import { Costs, type PeerHandle } from '@onehop/overlay'
import { isInRange } from './groups.ts'
import { type HashRange, type PrefixHolders, rangeOf } from './holders.ts'
import {
  CONFIRMATIONS_TO_MERGE,
  CONFIRMATIONS_TO_SPLIT,
  CONFIRMATIONS_TO_WIDEN,
  GRACE_ROUNDS,
  MAX_PULL_SOURCES,
  MERGE_CHANCE,
  MIN_HOLDERS,
  ROUNDS_PER_REVIEW,
} from './limits.ts'
import { commonBits, covers, prefixOf } from './partition.ts'
import { betterDepth } from './population.ts'
import type { Pulling } from './pulling.ts'
import type { KelipsState } from './state.ts'

const SPLIT = 1
const MERGE = -1
const WIDEN = -2

/**
 * k tunes itself: every node chooses its own depth, from estimates of how large the network is, and brings its tables
 * there. Nobody has to agree with it: peers go by the depth that its record says.
 *
 * To split is to say the larger depth at once, and to go on holding the wider range for a while. To merge is to pull
 * the sibling's members and filetuples first and to say the smaller depth then. Where a neighbouring prefix is all but
 * empty its keys are taken over at once: so there is somebody for every key, in networks of any size.
 */
export class SelfTuning {
  /** Called when the node holds a wider range than before: the network has shrunk, and holders may have gone with it. */
  onWider: () => void = () => {}
  /** Called when the tables have new gaps. */
  onReshape: () => void = () => {}
  private readonly state: KelipsState
  private readonly pulling: Pulling
  private rounds = 0
  private change = 0
  private confirmations = 0
  private graceUntilMs = 0
  private isPulling = false

  constructor(state: KelipsState, pulling: Pulling) {
    this.state = state
    this.pulling = pulling
  }

  /** A round has passed. */
  tick(): void {
    const { prefixes, phase, settled, lifetimes, roster } = this.state
    if (this.rounds++ % ROUNDS_PER_REVIEW !== 0) return
    lifetimes.update(roster.size)
    roster.staleMs = lifetimes.staleMs
    if (prefixes === undefined || phase !== 'joined' || !settled || this.isPulling) return
    this.state.population?.tick()
    this.state.countSilentMembers()
    this.endGrace(prefixes)
    this.review(prefixes)
  }

  private get ownHash(): number {
    return this.state.environment.hash32(this.state.environment.self)
  }

  private review(prefixes: PrefixHolders): void {
    const { saidDepth } = prefixes
    const inhabited = this.inhabitedDepth(saidDepth)
    const wanted = inhabited < saidDepth ? inhabited : this.betterDepth(saidDepth)
    const change = Math.sign(wanted - saidDepth) - (inhabited < saidDepth ? 1 : 0)
    this.confirmations = change === this.change ? this.confirmations + 1 : 1
    this.change = change
    if (change === WIDEN && this.confirmations >= CONFIRMATIONS_TO_WIDEN) this.widen(prefixes, wanted)
    else if (change === MERGE && this.isMergeDue()) this.merge(prefixes)
    else if (change === SPLIT && this.confirmations >= CONFIRMATIONS_TO_SPLIT) this.split(prefixes, wanted)
  }

  /** Not all nodes of a network pull at once what they will hold. */
  private isMergeDue(): boolean {
    return this.confirmations >= CONFIRMATIONS_TO_MERGE && this.state.environment.random() < MERGE_CHANCE
  }

  /** What suits the network, unless the own group says otherwise: hashes are not spread evenly. */
  private betterDepth(depth: number): number {
    const { population, options } = this.state
    const own = this.state.ownCensus()
    if (population === undefined || own === undefined) return depth
    const census = population.estimate(own)
    let better = depth
    for (;;) {
      const next = betterDepth(better, census, options)
      if (next <= better || !this.isLarge(next)) break
      better = next
    }
    if (better > depth) return better
    const isThin = depth > 0 && this.isThin(depth)
    return isThin ? depth - 1 : Math.min(depth, betterDepth(depth, census, options))
  }

  /** Whether the group that this node would be in at this depth, and its sibling, have enough members. */
  private isLarge(depth: number): boolean {
    const { minimumGroupMembers } = this.state.options
    return (
      this.membersAt(depth) >= minimumGroupMembers && this.knownBeside(depth).length >= minimumGroupMembers
    )
  }

  private isThin(depth: number): boolean {
    return this.membersAt(depth) * 2 < this.state.options.minimumGroupMembers
  }

  /** Known members of the own prefix of this depth, this node among them. */
  private membersAt(depth: number): number {
    const { environment } = this.state
    const isIn = (peer: PeerHandle) => covers(depth, this.ownHash, environment.hash32(peer))
    return this.state.roster.view().filter(isIn).length + 1
  }

  /** Known peers of the prefix that differs from the own one in its last bit, as far as the tables keep them. */
  private knownBeside(level: number): PeerHandle[] {
    const { roster, partition, environment } = this.state
    const span = partition.buckets / 2 ** level
    if (span < 2)
      return roster.view().filter(peer => commonBits(this.ownHash, environment.hash32(peer)) === level - 1)
    const sibling = prefixOf(this.ownHash, level) ^ 1
    const found: PeerHandle[] = []
    for (let bucket = sibling * span; bucket < (sibling + 1) * span; bucket++) {
      found.push(...roster.inGroup(bucket).filter(peer => !roster.isSuspect(peer)))
      if (found.length >= MIN_HOLDERS) break
    }
    return found
  }

  /** The largest depth at which every prefix beside the way to the own one has somebody who keeps its keys. */
  private inhabitedDepth(depth: number): number {
    for (let level = 1; level <= depth; level++)
      if (this.knownBeside(level).length < MIN_HOLDERS) return level - 1
    return depth
  }

  private split(prefixes: PrefixHolders, depth: number): void {
    const { options } = this.state
    this.say(prefixes, depth)
    this.graceUntilMs = this.state.now() + GRACE_ROUNDS * options.gossipIntervalMs
  }

  /** The wider range was held for long enough: those who ask for it know better by now, or are told. */
  private endGrace(prefixes: PrefixHolders): void {
    const { partition, filetuples } = this.state
    const { saidDepth } = prefixes
    if (partition.buckets >= 2 ** (saidDepth + 1) || this.state.now() < this.graceUntilMs) return
    this.state.setTableDepth(saidDepth)
    this.onReshape()
    prefixes.completeDepth = saidDepth
    filetuples.retain(hash32 => covers(saidDepth, this.ownHash, hash32))
  }

  private merge(prefixes: PrefixHolders): void {
    const depth = prefixes.saidDepth - 1
    const range = rangeOf(prefixOf(this.ownHash, depth + 1) ^ 1, depth + 1)
    this.state.setTableDepth(depth)
    this.graceUntilMs = 0
    this.pull(range, isComplete => {
      if (!isComplete) return
      prefixes.completeDepth = depth
      this.say(prefixes, depth)
      this.onWider()
    })
  }

  /** Keys that nobody else keeps are taken over at once, with what is left of them. */
  private widen(prefixes: PrefixHolders, depth: number): void {
    this.state.setTableDepth(depth)
    this.say(prefixes, depth)
    this.onWider()
    this.pull(rangeOf(prefixOf(this.ownHash, depth), depth), () => {
      prefixes.completeDepth = depth
    })
  }

  private say(prefixes: PrefixHolders, depth: number): void {
    prefixes.saidDepth = depth
    this.state.own.depth = depth
    this.confirmations = 0
  }

  /** From one member of the range after the other until one has given everything; complete where nobody is. */
  private pull(range: HashRange, done: (isComplete: boolean) => void): void {
    const { roster, environment, holders } = this.state
    const isThere = (peer: PeerHandle) =>
      !roster.isSuspect(peer) && isInRange(environment.hash32(peer), range.low, range.high)
    const sources = holders.sources().filter(isThere).slice(0, MAX_PULL_SOURCES)
    const costs = new Costs(this.state.now())
    const hadSources = sources.length > 0
    this.isPulling = true
    const next = () => {
      const source = sources.shift()
      if (source === undefined) finish(!hadSources)
      else
        this.pulling.drain(source, range, costs, drained => (drained === 'complete' ? finish(true) : next()))
    }
    const finish = (isComplete: boolean) => {
      this.isPulling = false
      done(isComplete)
    }
    next()
  }
}
